"""The pieces that a synthetic year is made of: calendar, rates, posts. Shares nothing with the detectors.

Times are epoch seconds (UTC). A rate is the mean number of posts in a five-minute slot.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

ZONE = ZoneInfo("Europe/Stockholm")
SLOT = 300
SLOTS_A_DAY = 288
START = int(datetime(2025, 3, 9, 23, tzinfo=UTC).timestamp())
"""Monday 10 March 2025, midnight in Stockholm: a year from here has both clock changes and all holidays."""

_FREE_DAYS = (
    "2025-04-18", "2025-04-20", "2025-04-21", "2025-05-01", "2025-05-29", "2025-06-06", "2025-06-08", "2025-06-21",
    "2025-11-01", "2025-12-25", "2025-12-26", "2026-01-01", "2026-01-06",
)  # fmt: skip
"""Swedish public holidays from the calendar (those between `START` and a year later)."""
_DAY_ZERO = date(1970, 1, 1)

Array = np.ndarray[Any, np.dtype[Any]]

POSITIVE, NEUTRAL, NEGATIVE = 1, 0, -1
UNIQUE = 0
"""`Posts.template` of a text that nobody else wrote."""


@dataclass(frozen=True)
class Posts:
    """Posts as arrays of one length: `at` when written, `seen` when collected, `source` and `theme` as numbers (no
    theme: −1), `author`, `mood` (`POSITIVE`, `NEUTRAL`, `NEGATIVE`), `thread` (the number of its root), whether it
    is the `root`, whether it is the brand's `own`, and its `template` (`UNIQUE`, or the copied text's number).
    """

    ident: Array
    at: Array
    seen: Array
    source: Array
    theme: Array
    author: Array
    mood: Array
    thread: Array
    root: Array
    own: Array
    template: Array

    def __len__(self) -> int:
        return len(self.at)

    def take(self, which: Array) -> Posts:
        """Return the posts that an index or a mask picks."""
        return Posts(*(getattr(self, f.name)[which] for f in fields(self)))

    @staticmethod
    def joined(parts: list[Posts]) -> Posts:
        """Return all posts in one, part after part."""
        return Posts(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Posts)))


def posts(at: Array, first: int, source: Array, theme: Array, author: Array, mood: Array, **more: Array) -> Posts:
    """Return posts seen as they are written; each is its own thread's root unless `more` says otherwise."""
    ident = np.arange(first, first + len(at))
    no = np.zeros(len(at), dtype=bool)
    rest = {"thread": ident, "root": ~no, "own": no, "template": np.full(len(at), UNIQUE)} | more
    return Posts(ident, at, at.copy(), source, theme, author, mood, **rest)


@dataclass(frozen=True)
class LocalTime:
    """Each slot's hours into the local day, weekday (0 Monday), whether it is a holiday, and days since start."""

    hour: Array
    weekday: Array
    holiday: Array
    days: Array


def local_time(days: int) -> LocalTime:
    """Return the local calendar of every slot of so many days from `START` on, clock changes and all."""
    starts = START + SLOT * np.arange(days * SLOTS_A_DAY)
    shifts = [_utc_offset(int(hour)) for hour in starts[::12]]
    local = starts + np.repeat(shifts, 12)
    day = local // 86_400
    free = [(date.fromisoformat(text) - _DAY_ZERO).days for text in _FREE_DAYS]
    return LocalTime(local % 86_400 / 3600, (day + 3) % 7, np.isin(day, free), (starts - START) / 86_400)


def _utc_offset(epoch: int) -> int:
    shift = datetime.fromtimestamp(epoch, ZONE).utcoffset()
    assert shift is not None
    return int(shift.total_seconds())


def day_curve(rng: np.random.Generator, hour: Array) -> Array:
    """Return how busy a brand is at each local hour: a quiet night, a broad midday, an evening peak of its own."""
    midday = np.exp(-(((hour - rng.uniform(11, 14)) / rng.uniform(3, 5)) ** 2))
    evening = rng.uniform(0.2, 1.0) * np.exp(-(((hour - rng.uniform(18.5, 20.5)) / 2.2) ** 2))
    curve = rng.uniform(0.08, 0.3) + midday + evening
    return np.asarray(curve / curve.mean())


def calm_rate(rng: np.random.Generator, per_day: float, when: LocalTime) -> Array:
    """Return the rate of a brand's calm days: seasons, holidays, growth and a level that wanders by weeks."""
    week = rng.normal(1.0, 0.06, 7)
    week[5:] *= rng.uniform(0.5, 0.9)
    rate = day_curve(rng, when.hour) * np.where(when.holiday, rng.uniform(0.4, 0.8), week[when.weekday])
    rate *= rng.uniform(0.9, 2.2) ** (when.days / 365)
    rate *= np.exp(wander(rng, when.days, every_days=5.0, sd=0.12))
    calm: Array = rate * (per_day / SLOTS_A_DAY / rate.mean())
    return calm


def wander(rng: np.random.Generator, days: Array, every_days: float, sd: float) -> Array:
    """Return noise that glides from one random knot to the next."""
    knots = np.arange(0.0, days[-1] + 2 * every_days, every_days)
    return np.asarray(np.interp(days, knots, rng.normal(0.0, sd, len(knots))))


def restless(rng: np.random.Generator, calm: Array, when: LocalTime) -> tuple[Array, list[tuple[int, int]]]:
    """Return the rate behind real counts, and the first and last slot of each topic in it.

    Some hours are livelier than others. About once a week a topic brings up to 2.5 times the usual posts, with the
    usual share of unhappy ones, and halves within half an hour to three hours.
    """
    topics = []
    rate = calm * np.exp(wander(rng, when.days, every_days=0.15, sd=rng.uniform(0.1, 0.25)))
    for begins in rng.integers(0, len(calm), rng.poisson(when.days[-1] / 7)):
        slots = np.arange(min(len(calm) - begins, SLOTS_A_DAY))
        half = rng.uniform(6, 36)
        fading = 0.5 ** (slots / half)
        topics.append((int(begins), int(begins + 3 * half)))
        rate[begins : begins + len(slots)] += rng.uniform(0.2, 1.5) * calm[begins : begins + len(slots)] * fading
    shape = rng.uniform(4.0, 20.0)
    return rate * rng.gamma(shape, 1 / shape, len(rate)), topics


def times_of(rng: np.random.Generator, rate: Array, begins: float) -> Array:
    """Return sorted times of posts: a Poisson count in each slot from `begins` on, spread evenly in the slot."""
    counts = rng.poisson(rate)
    slots = np.repeat(begins + SLOT * np.arange(len(rate)), counts)
    return np.sort(slots + rng.uniform(0, SLOT, len(slots)))


def authors(rng: np.random.Generator, many: int, people: int) -> Array:
    """Return who writes: two in three are anybody, the third is one of a few who write all the time."""
    anybody = rng.integers(0, people, many)
    often = (people ** rng.uniform(0, 1, many)).astype(int) - 1
    return np.where(rng.uniform(size=many) < 0.67, anybody, often)


def threads(rng: np.random.Generator, first: int, many: int, comments: float) -> tuple[Array, Array]:
    """Return (thread, root): a share of `comments` answers a recent root; some roots draw far more than others."""
    root = rng.uniform(size=many) >= comments
    root[:1] = True
    roots = np.flatnonzero(root)
    back = np.floor(2 * rng.pareto(1.5, many)).astype(int)
    pick = np.maximum(np.cumsum(root) - 1 - back, 0)
    popular = np.minimum(rng.geometric(0.4, many) - 1, 7)
    pick = pick >> popular << popular
    return first + np.where(root, np.arange(many), roots[pick]), root
