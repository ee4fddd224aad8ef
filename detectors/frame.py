"""The mention as detectors see it: one typed row, and the columns of a DataFrame of such rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pandas as pd

Label = Literal["negative", "neutral", "positive"]


@dataclass(frozen=True, slots=True)
class MentionRow:
    """One scored mention of one brand.

    `event_time` is the earlier of the platform's and our own time, both aware UTC. `author` is a keyed hash and
    `thread` the global id of the thread's root. `hostile` is `threat`, `insult`, `harassment` or None. Counts are
    None where the platform does not tell. `backfill` rows were older than 48 h when first seen: they are learnt
    from and never alarmed on. `own` rows are the brand's own posts and are in no count but `own`.
    """

    mention_id: int
    event_time: datetime
    first_seen_at: datetime
    source: str
    kind: str = "post"
    author: str | None = None
    label: Label = "neutral"
    p_negative: float = 0.5
    hostile: str | None = None
    question: bool = False
    own: bool = False
    themes: tuple[str, ...] = ()
    thread: str | None = None
    is_root: bool = True
    text: str = ""
    url: str | None = None
    language: str | None = None
    followers: int | None = None
    likes: int | None = None
    replies: int | None = None
    shares: int | None = None
    backfill: bool = False

    @property
    def negative(self) -> bool:
        """Whether the scorer called the text negative."""
        return self.label == "negative"

    @property
    def positive(self) -> bool:
        """Whether the scorer called the text positive."""
        return self.label == "positive"

    @property
    def person(self) -> str:
        """Who is counted: the author, or the mention itself where the platform names nobody."""
        return self.author if self.author is not None else f"#{self.mention_id}"


COLUMNS: tuple[str, ...] = tuple(f.name for f in fields(MentionRow))
"""Columns of `to_frame`, in order; the same names and meanings as the fields of `MentionRow`."""


def to_frame(rows: Iterable[MentionRow]) -> pd.DataFrame:
    """Return the rows as a DataFrame with `COLUMNS`, in the order given (for notebooks, plots and tests)."""
    import pandas as pd  # heavy, and only views need it

    return pd.DataFrame([[getattr(row, name) for name in COLUMNS] for row in rows], columns=list(COLUMNS))
