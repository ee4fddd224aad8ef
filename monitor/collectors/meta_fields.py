"""Fields of Meta's answers, read with care: whatever makes no sense is None."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_NUMBER = re.compile(r"[0-9]{1,30}(?:_[0-9]{1,30})?")
_LONGEST = 2_000  # characters of an address or a name
_MOST = 2**53


def is_number(value: object) -> bool:
    """Whether this is an id as Meta writes them, fit for a path: digits, perhaps two groups of them."""
    return isinstance(value, str) and _NUMBER.fullmatch(value) is not None


def number_of(value: object) -> str:
    """An id. Raises ValueError."""
    if not is_number(value):
        raise ValueError("an item without its number")
    return str(value)


def words_of(value: object) -> str:
    """A text, empty where there is none. Raises ValueError for what is no text."""
    if value is not None and not isinstance(value, str):
        raise ValueError("an item whose text is no text")
    return value or ""


def name_of(value: object) -> str | None:
    """A user's name."""
    return value if isinstance(value, str) and value.strip() and value.isprintable() and len(value) < 200 else None


def address_of(value: object) -> str | None:
    """A web address."""
    fit = isinstance(value, str) and value.startswith("https://") and value.isprintable() and len(value) < _LONGEST
    return str(value) if fit else None


def count_of(value: object) -> int | None:
    """A count."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST else None


def object_of(value: object) -> Mapping[str, Any]:
    """A JSON object, empty where there is none."""
    return value if isinstance(value, Mapping) else {}
