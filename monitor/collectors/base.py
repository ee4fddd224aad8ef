"""What a collector is: it is asked for news since a cursor and yields batches that are stored one by one.

The collector never touches the store. Each `Batch` carries the cursor that is true once it is stored; both are
committed in one transaction, so a crash between two batches repeats at most one of them, and the store drops
what it knows. An unfinished walk (page limit, 429, stop) is remembered inside the cursor and finished first.

How to add one: `docs/sources/writing-a-collector.md`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict, Field

from monitor.durations import Duration
from monitor.mention import Measurement, Mention, Refusal, Removal

if TYPE_CHECKING:
    from monitor.collectors.http import Budget, HttpSession

Cursor = dict[str, Any]
"""What a collector must remember, as JSON. `{}` on the first call."""

SHORTEST_INTERVAL = timedelta(seconds=1)


class SourceOptions(BaseModel):
    """Options that every source has. A collector's own `Options` model derives from this one.

    `name` defaults to something readable made by the collector (`default_name`), must be unique.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: str
    name: str = Field("", description="how the source is called on pages and in alerts")
    every: Duration = Field(timedelta(minutes=5), ge=SHORTEST_INTERVAL, description="how often it is asked")
    every_when_hot: Duration | None = Field(
        None, ge=SHORTEST_INTERVAL, description="how often while something grows (default: a quarter of `every`)"
    )
    brand: str | None = Field(None, description="the brand that everything from here is about")
    language: str | None = Field(None, description="the language of what comes from here, where it does not tell")
    silent_after: Duration | None = Field(
        None, ge=SHORTEST_INTERVAL, description="silence longer than this is reported as blindness"
    )

    def default_name(self) -> str:
        """A readable name for a source that the config gives none."""
        return self.type


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
    """Some news and the cursor that holds once they are stored. `on_stored` runs after the commit.

    `refusals` are items that could not be taken, `notes` what was mended in items that were.
    An empty batch is allowed: it says that the source is alive, or moves the cursor only.
    """

    mentions: tuple[Mention, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    removals: tuple[Removal, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    cursor: Cursor | None = None
    on_stored: Callable[[], None] | None = None
    notes: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True)
class CollectContext:
    """What one poll may know: the time, the threads it follows, the words it looks for, and when to stop.

    `recheck` holds global ids whose posts should be read again (edits, deletions); `terms` are the brands'
    search words by brand; `stopping()` is True when the daemon wants to stop (yield what you have and return);
    `hot` says that one of the source's brands has an open incident: poll faster, within the limits. `rechecked` is
    called by the runner when a poll has read `recheck` again.
    """

    now: datetime
    watched: tuple[WatchedThread, ...] = ()
    recheck: tuple[str, ...] = ()
    terms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    stopping: Callable[[], bool] = lambda: False
    hot: bool = False
    rechecked: Callable[[], None] = lambda: None


class SourceError(Exception):
    """A poll that failed, in words for the operator.

    `retry_after` is when the platform wants to be asked again (None: the schedule's own back-off);
    `permanent` means that waiting does not help and a person must act; `remedy` says what to do;
    `partial` means that the rest of the source works, so its schedule goes on (the collector itself backs off
    from the failing part, see `monitor/collectors/targets.py`); `pause` means that nothing is wrong: a quota
    is used up and the source goes on by itself after `retry_after`.
    """

    def __init__(
        self,
        message: str,
        *,
        remedy: str = "",
        permanent: bool = False,
        retry_after: timedelta | None = None,
        partial: bool = False,
        pause: bool = False,
    ) -> None:
        super().__init__(message)
        self.remedy = remedy
        self.permanent = permanent
        self.retry_after = retry_after
        self.partial = partial
        self.pause = pause


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

    def close(self) -> None:
        """Give connections back; the collector is not used any more."""
        ...

    @property
    def stays(self) -> bool:
        """Whether its polls last until the next one (it listens to a stream): it needs a thread of its own."""
        ...


class BaseCollector:
    """What collectors share. A collector's file holds one subclass whose `type_name` is the file's name.

    `verified` is False until recorded or documented answers have gone through it. `non_get` lists the calls
    other than GET that it may make (`"POST /oauth/token"`, path patterns as in fnmatch). `fastest` is the
    shortest interval that is polite. `rechecks_a_poll` is how many posts it reads again at a time.
    `budget` is a documented limit.
    `pushed` sources are not polled: they get their news through `receive`.
    """

    type_name: ClassVar[str]
    Options: ClassVar[type[SourceOptions]]
    verified: ClassVar[bool] = False
    non_get: ClassVar[tuple[str, ...]] = ()
    fastest: ClassVar[timedelta] = timedelta(seconds=15)
    pushed: ClassVar[bool] = False
    rechecks_a_poll: ClassVar[int] = 25
    budget: ClassVar[Budget | None] = None

    @property
    def stays(self) -> bool:
        """Whether its polls last until the next one (it listens to a stream): it needs a thread of its own."""
        return False

    def __init__(self, options: SourceOptions, http: HttpSession) -> None:
        self.http = http
        self.source = options.name or options.default_name()

    @classmethod
    def budget_for(cls, options: SourceOptions) -> Budget | None:  # noqa: ARG003 - for those with plans
        """The documented limit of the account that a source uses."""
        return cls.budget

    def read_again(self, context: CollectContext) -> Iterator[Batch]:  # noqa: ARG002 - for those that can
        """The posts of `context.recheck` as they are now, or their removals. Raises SourceError."""
        return iter(())

    def close(self) -> None:
        """Give connections back; the collector is not used any more."""
        self.http.close()


@dataclass(frozen=True, slots=True)
class InboundRequest:
    """An HTTP request that a platform or a desk sent to `/hooks/NAME`. Header names are in lower case."""

    method: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    received_at: datetime


@dataclass(frozen=True, slots=True)
class InboundAnswer:
    """What a push collector makes of a request: a batch to store, or an answer at once (a challenge, a refusal).

    With a `batch` the hook stores it and answers with what was taken, known and refused; without one it
    answers `status` and `text` as they are. `text` is for the sender and never holds a secret. `terse` is for
    platforms that take anything but 200 for a failure: a stored batch is answered with 200 and nothing more.
    `poll` says that there is more to see than was sent: the source is asked now instead of at its next time.
    """

    batch: Batch | None = None
    status: int = 200
    text: str = ""
    terse: bool = False
    poll: bool = False


@runtime_checkable
class PushCollector(Protocol):
    """A collector that is told the news: `webhook`, Meta's and Trustpilot's webhooks."""

    max_bytes: int

    def receive(self, request: InboundRequest) -> InboundAnswer:
        """Check the sender and read the body. Never raises for what a sender sent: the answer says it."""
        ...
