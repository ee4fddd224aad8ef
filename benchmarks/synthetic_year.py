"""A brand's self-made year with everything that a real one has, and crises of known size, speed and onset in it.

`synthetic_year(seed, per_day, days)` returns the posts as a collector would see them, what was planted, and when
the collector was deaf. Shares no code and no constant with the detectors. The same arguments give the same year.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.synthetic_parts import (
    NEGATIVE,
    NEUTRAL,
    POSITIVE,
    SLOT,
    SLOTS_A_DAY,
    START,
    ZONE,
    Array,
    Posts,
    authors,
    calm_rate,
    local_time,
    posts,
    restless,
    threads,
    times_of,
)

__all__ = ["DEVELOPMENT", "RESERVED", "START", "ZONE", "Crisis", "Outage", "Trap", "Year", "synthetic_year"]

DEVELOPMENT, RESERVED = range(100), range(100, 200)
"""Seeds to look at while building, and seeds that nobody looks at before the final table."""

SOURCES, THEMES = ("social", "forum"), ("delivery", "billing")

SIZES = {"small": (2.0, 10.0), "medium": (4.0, 20.0), "large": (8.0, 40.0)}
"""Posts an hour at a crisis's peak: so many times the brand's mean hour, but at least so many."""

SPEEDS = {"fast": (0.25, 1.0), "medium": (2.0, 3.0), "slow": (10.0, 6.0)}
"""Hours from onset to peak, and hours in which it halves afterwards."""

_TRAPS_A_YEAR = {"bots": 10, "joke": 10, "loud": 10, "praise": 6}
_OUTAGES_A_YEAR = 12
_LEAST_SPACING_DAYS = 4
_HALVINGS = 4
_HOUR, _DAY = 3600.0, 86_400.0
_APART = 10_000_000  # numbers of posts, authors and threads that belong to different things never meet


@dataclass(frozen=True)
class Crisis:
    """A planted crisis: it begins at `onset`; at `ends` a sixteenth of its `peak` (posts an hour) is left."""

    size: str
    speed: str
    onset: float
    ends: float
    peak: float


@dataclass(frozen=True)
class Trap:
    """Something that looks like a crisis and is none: bots, a joke, one loud author, praise, a topic."""

    kind: str
    begins: float
    ends: float


@dataclass(frozen=True)
class Outage:
    """A source was not heard; with `caught_up` its posts came in late when it was back, else they are lost."""

    source: int
    begins: float
    ends: float
    caught_up: bool


@dataclass(frozen=True)
class Year:
    """Posts in the order in which they were collected, and the truth about them.

    `topics` are ordinary ones: more posts for some hours, as happy and unhappy as ever.
    """

    seed: int
    per_day: float
    days: int
    posts: Posts
    crises: tuple[Crisis, ...]
    traps: tuple[Trap, ...]
    outages: tuple[Outage, ...]
    topics: tuple[Trap, ...] = ()

    @property
    def ends(self) -> float:
        """Epoch second at which the year is over."""
        return START + self.days * _DAY

    def covered(self, begins: float) -> dict[str, float]:
        """Return the share of the slot from `begins` in which each source was heard."""
        heard = dict.fromkeys(SOURCES, 1.0)
        for outage in self.outages:
            deaf = min(outage.ends, begins + SLOT) - max(outage.begins, begins)
            if deaf > 0:
                heard[SOURCES[outage.source]] = max(0.0, heard[SOURCES[outage.source]] - deaf / SLOT)
        return heard


def synthetic_year(seed: int, per_day: float, days: int = 365) -> Year:
    """Make a brand's year of about `per_day` posts a day. Crises come after a sixth of it (a week at least)."""
    rng = np.random.default_rng([seed, int(per_day)])
    when = local_time(days)
    calm = calm_rate(rng, per_day, when)
    crises = _plan_crises(rng, seed, per_day, days)
    traps = _plan_traps(rng, days, crises)
    outages = _plan_outages(rng, days, crises)
    negative = rng.uniform(0.2, 0.65)
    rate, spans = restless(rng, calm, when)
    topics = tuple(Trap("topic", START + SLOT * first, START + SLOT * last) for first, last in spans)
    parts = [_background(rng, rate, per_day, negative, days)]
    parts += [_crisis_posts(rng, crisis, k, calm) for k, crisis in enumerate(crises, 1)]
    parts += [_trap_posts(rng, trap, k, per_day) for k, trap in enumerate(traps, 101)]
    seen = _through(Posts.joined(parts), outages)
    inside = seen.take(seen.at < START + days * _DAY)
    ordered = inside.take(np.argsort(inside.seen, kind="stable"))
    return Year(seed, per_day, days, ordered, crises, traps, outages, topics)


def _plan_crises(rng: np.random.Generator, seed: int, per_day: float, days: int) -> tuple[Crisis, ...]:
    """All nine kinds in a long year; in a short one as many as fit, and the next seed goes on with the kinds."""
    kinds = [(size, speed) for size in SIZES for speed in SPEEDS]
    quiet = max(7, days // 6)
    many = max(0, min(len(kinds), (days - quiet) // _LEAST_SPACING_DAYS))
    chosen = [kinds[(seed * many + k) % len(kinds)] for k in range(many)]
    found = []
    for place, which in enumerate(rng.permutation(many)):
        size, speed = chosen[which]
        day = int(quiet + (place + rng.uniform(0.1, 0.5)) * (days - quiet) / many)
        onset = START + _DAY * day + _HOUR * rng.uniform(7, 21)
        times, least = SIZES[size]
        rise, half = SPEEDS[speed]
        ends = onset + _HOUR * (rise + _HALVINGS * half)
        found.append(Crisis(size, speed, onset, ends, max(times * per_day / 24, least)))
    return tuple(found)


def _plan_traps(rng: np.random.Generator, days: int, crises: tuple[Crisis, ...]) -> tuple[Trap, ...]:
    found = []
    for kind, a_year in _TRAPS_A_YEAR.items():
        for begins in START + _DAY * rng.uniform(0, days, rng.poisson(a_year * days / 365)):
            ends = begins + _HOUR * (rng.uniform(0.1, 0.4) if kind == "bots" else rng.uniform(1, 4))
            if not _near(begins, ends, crises):
                found.append(Trap(kind, begins, ends))
    return tuple(sorted(found, key=lambda trap: trap.begins))


def _plan_outages(rng: np.random.Generator, days: int, crises: tuple[Crisis, ...]) -> tuple[Outage, ...]:
    found = []
    for begins in START + _DAY * rng.uniform(0, days, rng.poisson(_OUTAGES_A_YEAR * days / 365)):
        ends = begins + _HOUR * float(np.exp(rng.uniform(np.log(0.3), np.log(24))))
        deaf = ((0,), (1,), (0, 1))[int(rng.integers(0, 3))]
        late = bool(rng.uniform() < 0.5)
        if not _near(begins, ends, crises):
            found += [Outage(source, begins, ends, late) for source in deaf]
    return tuple(found)


def _near(begins: float, ends: float, crises: tuple[Crisis, ...]) -> bool:
    """Whether a span comes within a day of a planted crisis, whose size would no longer be known."""
    return any(begins < crisis.ends + _DAY and ends > crisis.onset - _DAY for crisis in crises)


def _background(rng: np.random.Generator, rate: Array, per_day: float, negative: float, days: int) -> Posts:
    at = times_of(rng, rate, START)
    many = len(at)
    thread, root = threads(rng, 0, many, comments=rng.uniform(0.2, 0.5))
    mood_of_day = np.clip(negative + rng.normal(0, 0.04, days + 1), 0.05, 0.9)[((at - START) // _DAY).astype(int)]
    return posts(
        at,
        0,
        source=(rng.uniform(size=many) < 0.3).astype(int),
        theme=rng.choice([-1, 0, 1], many, p=[0.65, 0.25, 0.1]),
        author=authors(rng, many, people=int(50 + 30 * per_day)),
        mood=_moods(rng, many, mood_of_day, 0.4),
        thread=thread,
        root=root,
        own=root & (rng.uniform(size=many) < 0.02),
    )


def _moods(rng: np.random.Generator, many: int, negative: Array | float, positive: float) -> Array:
    """Return moods: a share `negative`, and of the others a share `positive`."""
    happy = np.where(rng.uniform(size=many) < positive, POSITIVE, NEUTRAL)
    return np.where(rng.uniform(size=many) < negative, NEGATIVE, happy)


def _crisis_posts(rng: np.random.Generator, crisis: Crisis, number: int, calm: Array) -> Posts:
    """Many different people, most of them angry, half of them in a thread; fewer at night."""
    rise, half = SPEEDS[crisis.speed]
    hours = (np.arange(int((crisis.ends - crisis.onset) / SLOT)) + 0.5) * SLOT / _HOUR
    shape = np.minimum(hours / rise, 1.0) * 0.5 ** (np.maximum(hours - rise, 0.0) / half)
    since = int(crisis.onset - START) // SLOT
    today = calm[since - since % SLOTS_A_DAY :][:SLOTS_A_DAY]
    awake = np.minimum(1.0, np.sqrt(calm[np.minimum(since + np.arange(len(hours)), len(calm) - 1)] / today.mean()))
    at = times_of(rng, crisis.peak * SLOT / _HOUR * shape * awake, crisis.onset)
    many, first = len(at), number * _APART
    root = rng.uniform(size=many) < 0.5
    root[:1] = True
    return posts(
        at,
        first,
        source=(rng.uniform(size=many) < 0.3).astype(int),
        theme=rng.choice([-1, 1], many, p=[0.4, 0.6]),
        author=first + rng.integers(0, 1 + 4 * many, many),
        mood=_moods(rng, many, 0.8, 0.1),
        thread=np.where(root, first + np.arange(many), first),
        root=root,
    )


def _trap_posts(rng: np.random.Generator, trap: Trap, number: int, per_day: float) -> Posts:
    """Bots and jokes repeat one to three texts; the loud author is one person; praise is positive."""
    many = int(rng.uniform(20, 60) + rng.uniform(1, 4) * per_day / 24)
    if trap.kind == "loud":
        many = int(rng.uniform(10, 40))
    first = number * _APART
    at = np.sort(rng.uniform(trap.begins, trap.ends, many))
    same = first + rng.integers(0, rng.integers(1, 4), many)
    return posts(
        at,
        first,
        source=np.full(many, rng.integers(0, 2)),
        theme=np.full(many, -1),
        author=np.full(many, first) if trap.kind == "loud" else first + np.arange(many),
        mood=_moods(rng, many, *{"praise": (0.03, 0.9), "loud": (0.9, 0.0)}.get(trap.kind, (0.7, 0.2))),
        **({"template": same} if trap.kind in ("bots", "joke") else {}),
    )


def _through(written: Posts, outages: tuple[Outage, ...]) -> Posts:
    """Return what the collector saw of the posts: without those lost, and with those that came late."""
    lost = np.zeros(len(written), dtype=bool)
    for outage in outages:
        hit = (written.source == outage.source) & (written.at >= outage.begins) & (written.at < outage.ends)
        if outage.caught_up:
            written.seen[hit] = np.maximum(written.seen[hit], outage.ends + 1.0)
        else:
            lost |= hit
    return written.take(~lost)
