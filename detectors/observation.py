"""What detectors are given: sums of a closed 5-minute bucket and people per horizon, per scope.

The daemon, replay and backtest all build these the same way from the store's counters and from the
mentions of the last hours; detectors never see a database or a clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from detectors.signal import Scope

BUCKET = timedelta(minutes=5)
"""Width of the grid that everything is counted on; aligned to UTC."""

HORIZONS: tuple[timedelta, ...] = (
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=24),
)
"""Windows over which different people are counted; each ends where the judged bucket ends."""


@dataclass(frozen=True, slots=True)
class Sums:
    """Counts of mentions that add up over buckets. `own` posts are in none of the other sums."""

    mentions: int = 0
    negative: int = 0
    positive: int = 0
    hostile: int = 0
    questions: int = 0
    own: int = 0


@dataclass(frozen=True, slots=True)
class People:
    """Different authors within one horizon: these do not add up over buckets, sources or themes.

    `negative` counts authors with at least one negative mention, where mentions that are near-copies of one
    another (a retweeted joke) count as at most two people, and all who only pass on as at most as many as those
    who write themselves (or three). `mentions`/`negative_mentions` are the window's plain sums; `largest_author`
    is the number of mentions of its loudest author; `supportive` is the number of comments in threads that cheer
    the complainer on.
    """

    authors: int = 0
    negative: int = 0
    positive: int = 0
    hostile: int = 0
    mentions: int = 0
    negative_mentions: int = 0
    largest_author: int = 0
    supportive: int = 0


@dataclass(frozen=True, slots=True)
class Observation:
    """One scope at the end `at` of one closed bucket.

    `covered` is the share of the bucket in which the scope's sources were heard (0 = blind: its silence is
    not calm, and it teaches nothing). `people` is keyed by horizon. For a measurement `value` is set and
    sums and people are empty.
    """

    at: datetime
    sums: Sums = Sums()
    people: Mapping[timedelta, People] = field(default_factory=dict)
    covered: float = 1.0
    value: float | None = None


@dataclass(frozen=True, slots=True)
class ThreadObservation:
    """One thread with comments in the last day, at the end of one closed bucket.

    `comments` is all comments ever seen, `recent` the sums of the bucket, `people` keyed by horizon.
    `supportive` counts comments of the last hour that cheer the complainer on. `page` names whose thread it
    is for "unusual for that author or page": an own account's page or the root author's hash.
    """

    scope: Scope
    root_at: datetime
    page: str
    own_root: bool
    root_negative: bool
    comments: int
    sums: Sums = Sums()
    people: Mapping[timedelta, People] = field(default_factory=dict)
    supportive: int = 0


@dataclass(frozen=True, slots=True)
class BrandObservation:
    """Everything that is known of one brand at the end `at` of one closed bucket."""

    brand: str
    at: datetime
    scopes: Mapping[Scope, Observation]
    threads: tuple[ThreadObservation, ...] = ()
