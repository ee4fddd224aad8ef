"""A synthetic year's posts as the mention rows that detectors are given."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Literal, cast

from benchmarks.synthetic_parts import UNIQUE
from benchmarks.synthetic_year import SOURCES, THEMES, Year
from detectors.frame import MentionRow

_CHUNK = 5_000
_WORDS = [
    a + b for a in ("trav", "bil", "hus", "mel", "sken", "kor") for b in ("an", "et", "ar", "ig", "or", "en")
]


def mention_rows(year: Year, chunk: int = _CHUNK) -> Iterator[MentionRow]:
    """Yield a year's posts as mention rows, in the order in which they were collected."""
    for first in range(0, len(year.posts), chunk):
        part = year.posts.take(slice(first, first + chunk))  # type: ignore[arg-type]
        columns = (part.ident, part.at, part.seen, part.source, part.theme, part.author, part.mood)
        rest = (part.thread, part.root, part.own, part.template)
        for values in zip(*(column.tolist() for column in (*columns, *rest)), strict=True):
            yield _row(*values)


_LABELS = cast(
    "dict[int, Literal['negative', 'neutral', 'positive']]", {-1: "negative", 0: "neutral", 1: "positive"}
)


def _row(
    ident: int, at: float, seen: float, source: int, theme: int, author: int, mood: int,
    thread: int, root: bool, own: bool, template: int,
) -> MentionRow:  # fmt: skip
    text = wording(ident) if template == UNIQUE else f"RT @someone: {wording(template)}"
    return MentionRow(
        mention_id=ident,
        event_time=datetime.fromtimestamp(at, UTC),
        first_seen_at=datetime.fromtimestamp(seen, UTC),
        source=SOURCES[source],
        author=f"a{author}",
        label=_LABELS[mood],
        own=own,
        themes=() if theme < 0 else (THEMES[theme],),
        thread=f"t{thread}",
        is_root=root,
        text=text,
    )


def wording(number: int) -> str:
    """Return eight made-up words that no other number (below 36⁸) gets."""
    words = []
    for _ in range(8):
        number, which = divmod(number, len(_WORDS))
        words.append(_WORDS[which])
    return " ".join(words)
