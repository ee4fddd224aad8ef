"""What commands print: one JSON object on stdout with `--json`, else lines for people; and how they fail.

Post text is hostile in a terminal too: `plain` takes out control characters and escape sequences.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, IntEnum
from pathlib import Path
from typing import Any, NoReturn

FINE, FAILED, WRONG_USE, INTERRUPTED = 0, 1, 2, 130
"""Exit codes: fine, the thing asked about failed, wrong use or config, stopped by Ctrl-C."""


class CommandError(Exception):
    """A command that cannot do what was asked; the text is for the person who typed it."""

    def __init__(self, message: str, code: int = FAILED) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Output:
    """Where a command's answer goes. With `as_json` only `answer`'s data is printed, as one object."""

    as_json: bool = False

    def answer(self, data: Mapping[str, Any], text: str) -> None:
        """Print the answer: `data` as JSON, or `text`."""
        if self.as_json:
            sys.stdout.write(to_json(data) + "\n")
        else:
            sys.stdout.write(plain(text) + "\n")

    def say(self, text: str) -> None:
        """A line on the way, for people only."""
        if not self.as_json:
            sys.stdout.write(plain(text) + "\n")

    def complain(self, text: str) -> None:
        """Something that went wrong but does not end the command; on stderr."""
        sys.stderr.write(plain(text) + "\n")


def amount(count: int, one: str, many: str = "") -> str:
    """A number with its noun.

    >>> amount(1, "source"), amount(0, "source"), amount(2, "entry", "entries")
    ('1 source', '0 sources', '2 entries')
    """
    return f"{count} {one if count == 1 else many or one + 's'}"


def fail(message: str, code: int = FAILED) -> NoReturn:
    """End the command with a message for the person who typed it."""
    raise CommandError(message, code)


def to_json(data: Any) -> str:
    """One line of JSON; times as ISO 8601 with Z, durations in seconds, levels by name."""
    return json.dumps(data, default=_encode, ensure_ascii=False, allow_nan=False)


def show_time(when: datetime | None) -> str | None:
    """ISO 8601 in UTC with a `Z`, to the second."""
    return None if when is None else when.strftime("%Y-%m-%dT%H:%M:%SZ")


def _encode(value: Any) -> Any:
    if isinstance(value, datetime):
        return show_time(value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, IntEnum):
        return value.name.lower()
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    raise TypeError(f"{type(value).__name__} has no place in JSON")


_CONTROL = {c: "\N{REPLACEMENT CHARACTER}" for c in (*range(32), *range(127, 160)) if chr(c) not in "\n\t"}
_UNSEEN = dict.fromkeys([0x061C, 0x200B, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2060, 0x2070), 0xFEFF])
_HARMLESS = _CONTROL | _UNSEEN


def plain(text: str) -> str:
    """Text without control characters, direction marks and lone surrogates, safe on a terminal or a page."""
    return text.translate(_HARMLESS).encode("utf-8", "replace").decode("utf-8")
