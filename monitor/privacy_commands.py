"""`erase`: an author, a post or a brand is forgotten; counts stay."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from monitor.clock import SystemClock
from monitor.config_loader import load_config
from monitor.opening import opened
from monitor.output import FINE, WRONG_USE, Output, amount, fail, show_time
from monitor.store.upkeep import Erased


def erase_data(
    config_file: Path,
    output: Output,
    *,
    author: str | None,
    mention: str | None,
    brand: str | None,
    export: Path | None,
) -> int:
    """The command `erase`. Exactly one of author, mention and brand says what."""
    if sum(what is not None for what in (author, mention, brand)) != 1:
        fail("say what to erase: one of --author, --mention, --brand", WRONG_USE)
    config, clock = load_config(config_file).config, SystemClock()
    with opened(config, clock) as store:
        if author is not None and export is not None:
            rows = store.export_author(*_two(author))
            export.write_text("".join(_line(row) for row in rows), encoding="utf-8")
        if author is not None:
            platform, name = _two(author)
            erased = store.erase(clock.now(), platform=platform, author=name)
        elif mention is not None:
            platform, name = _two(mention)
            erased = store.erase(clock.now(), platform=platform, global_id=name)
        else:
            erased = store.erase(clock.now(), brand=brand)
    output.answer(asdict(erased), "\n".join(_told(erased)))
    return FINE


def _told(erased: Erased) -> Iterator[str]:
    yield f"{amount(erased.mentions, 'post')} erased; counts stay."
    for message in erased.messages:
        where = f"{message.channel} {message.place} {message.message_id}"
        yield f"  a message may quote them: {where}; delete it there"
    for backup in erased.backups:
        yield f"  a copy of the database still holds them: {backup}"


def _two(text: str) -> tuple[str, str]:
    platform, colon, rest = text.partition(":")
    if not colon or not platform or not rest:
        fail(f'"{text}": expected platform:id, such as mastodon:https://example.org/users/anna', WRONG_USE)
    return platform, rest


def _line(row: dict[str, object]) -> str:
    return json.dumps(row, default=lambda value: show_time(value) or str(value), ensure_ascii=False) + "\n"
