"""What a collector is: it is asked for news since a cursor and yields batches that are stored one by one.

The collector never touches the store. Each `Batch` carries the cursor that is true once it is stored; both are
committed in one transaction, so a crash between two batches repeats at most one of them, and the store drops
what it knows. An unfinished walk (page limit, 429, stop) is remembered inside the cursor and finished first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Protocol

from pydantic import BaseModel, ConfigDict

from monitor.mention import Measurement, Mention, Refusal, Removal

Cursor = dict[str, Any]
"""What a collector must remember, as JSON. `{}` on the first call."""


class SourceOptions(BaseModel):
    """Options that every source has. A collector's own `Options` model derives from this one.

    `name` defaults to something readable made by the collector (`default_name`), must be unique.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: str
    name: str = ""
    every: timedelta = timedelta(minutes=5)
    brand: str | None = None
    language: str | None = None
    silent_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class WatchedThread:
    """A thread that concerns a brand and is followed: its root, what is known of it, and how hot it is."""

    platform: str
    root_id: str
    url: str | None
    comments_known: int
    last_comment_at: datetime | None
    hot: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """Some news and the cursor that holds once they are stored. `on_stored` runs after the commit."""

    mentions: tuple[Mention, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    removals: tuple[Removal, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    cursor: Cursor | None = None
    on_stored: Callable[[], None] | None = None


@dataclass(frozen=True, slots=True)
class CollectContext:
    """What one poll may know: the time, the threads it follows, the words it looks for, and when to stop.

    `recheck` holds global ids whose posts should be read again (edits, deletions); `terms` are the brands'
    search words by brand; `stopping()` is True when the daemon wants to stop (yield what you have and return).
    """

    now: datetime
    watched: tuple[WatchedThread, ...] = ()
    recheck: tuple[str, ...] = ()
    terms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    stopping: Callable[[], bool] = lambda: False


class SourceError(Exception):
    """A poll that failed, in words for the operator.

    `retry_after` is when the platform wants to be asked again (None: the schedule's own back-off);
    `permanent` means that waiting does not help and a person must act; `remedy` says what to do.
    """

    def __init__(
        self,
        message: str,
        *,
        remedy: str = "",
        permanent: bool = False,
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(message)
        self.remedy = remedy
        self.permanent = permanent
        self.retry_after = retry_after


class Collector(Protocol):
    """One source of one type. Built from its options and an HTTP session; keeps no state between polls."""

    type_name: ClassVar[str]
    Options: ClassVar[type[SourceOptions]]
    verified: ClassVar[bool]

    def collect(self, cursor: Cursor, context: CollectContext) -> Iterator[Batch]:
        """Yield what is new since `cursor`, oldest first where the platform allows. Raises SourceError."""
        ...

    def check(self) -> str:
        """One sentence that says whether the source works and what it can see. Raises SourceError."""
        ...
