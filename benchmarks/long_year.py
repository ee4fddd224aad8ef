"""Lead the judge through synthetic years, bucket by bucket as the daemon does, and count what it got right.

python -m benchmarks.long_year [--days 365] [--brands 5 500 50000] [--seeds 0 3] [--json]

Prints for each brand false warnings a quarter and watches a week, and how long after the onset each planted crisis
was at watch and at warning. Seeds from 100 on are reserved for the final table (`synthetic_year.RESERVED`).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import groupby
from statistics import median
from typing import Literal, cast

from benchmarks.synthetic_parts import SLOT, UNIQUE
from benchmarks.synthetic_year import SIZES, SOURCES, SPEEDS, START, THEMES, ZONE, Crisis, Year, synthetic_year
from detectors.frame import MentionRow
from detectors.judge import BrandJudge
from detectors.signal import Direction, Finding, Level
from detectors.window import BrandWindow

CALM_SECONDS = 6 * 3600.0
"""An incident is over when nothing was found for so long; what comes later is a new one."""

_DAY, _QUARTER_DAYS, _WEEK_DAYS = 86_400.0, 91.25, 7.0
_AFTERMATH_DAYS = 3
_CHUNK = 5_000
_WORDS = [
    a + b for a in ("trav", "bil", "hus", "mel", "sken", "kor") for b in ("an", "et", "ar", "ig", "or", "en")
]


@dataclass(frozen=True)
class Found:
    """The highest level of trouble in the bucket that ended at `at`, and who said so."""

    at: float
    level: int
    why: str


@dataclass(frozen=True)
class Episode:
    """What was found without six hours of calm in between. `why` names detector and scope at its first level."""

    level: str
    begins: float
    ends: float
    why: str
    because: str


@dataclass(frozen=True)
class Delay:
    """Minutes from a planted crisis's onset to its watch and its warning; None where there was none in time."""

    size: str
    speed: str
    seed: int
    watch: float | None
    warning: float | None


@dataclass(frozen=True)
class Result:
    """One brand's year: planted crises with their delays, the false warnings, and how often there was a watch."""

    per_day: float
    seed: int
    days: int
    mentions: int
    seconds: float
    delays: tuple[Delay, ...]
    false_warnings: tuple[Episode, ...]
    watches: tuple[Episode, ...]


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


def judged(year: Year) -> list[Found]:
    """Lead a new judge through the year. Returns the buckets in which there was trouble."""
    brand = "brand"
    window = BrandWindow(brand, SOURCES, THEMES)
    judge = BrandJudge(brand, timezone=ZONE, country="SE")
    rows, found = mention_rows(year), []
    waiting = next(rows, None)
    for begins in range(START, int(year.ends), SLOT):
        ends, arrived = datetime.fromtimestamp(begins + SLOT, UTC), []
        while waiting is not None and waiting.first_seen_at < ends:
            arrived.append(waiting)
            waiting = next(rows, None)
        window.add(arrived)
        findings = judge.observe(window.observe(ends, year.covered(begins)))
        trouble = [f for f in findings if f.direction is Direction.TROUBLE and f.level]
        if trouble:
            found.append(Found(begins + SLOT, int(trouble[0].level), _why(trouble[0])))
    return found


def _why(finding: Finding) -> str:
    return (
        f"{finding.detector} {finding.scope} {finding.explanation.key} {finding.observed:g}/{finding.expected:g}"
    )


def episodes(found: Iterable[Found], level: Level) -> list[tuple[float, float, str]]:
    """Join buckets of at least `level` into (begin, end, why) with six hours of calm between them."""
    joined: list[tuple[float, float, str]] = []
    for each in found:
        if each.level < level:
            continue
        if joined and each.at - joined[-1][1] < CALM_SECONDS:
            joined[-1] = (joined[-1][0], each.at, joined[-1][2])
        else:
            joined.append((each.at, each.at, each.why))
    return joined


def delay_of(year: Year, crisis: Crisis, found: Sequence[Found]) -> Delay:
    """How long a planted crisis took to be seen, while it lasted."""
    inside = [f for f in found if crisis.onset < f.at <= crisis.ends]
    firsts = [
        next(((f.at - crisis.onset) / 60 for f in inside if f.level >= level), None)
        for level in (Level.WATCH, Level.WARNING)
    ]
    return Delay(crisis.size, crisis.speed, year.seed, *firsts)


def quiet_episodes(year: Year, found: Sequence[Found], level: Level) -> tuple[Episode, ...]:
    """Return the episodes of `level` that no planted crisis explains: none began since six hours after its end."""
    alone = []
    for begins, ends, why in episodes(found, level):
        explained = any(c.onset < ends and begins <= c.ends + CALM_SECONDS for c in year.crises)
        if not explained:
            alone.append(Episode(level.label, begins, ends, why, because(year, begins)))
    return tuple(alone)


def because(year: Year, at: float) -> str:
    """Name what was going on when something was found: a trap, an outage, an aftermath, or nothing."""
    going_on = [trap.kind for trap in year.traps if trap.begins < at <= trap.ends + CALM_SECONDS]
    going_on += ["outage" for o in year.outages if o.begins < at <= o.ends + _DAY]
    going_on += ["aftermath" for c in year.crises if c.ends < at <= c.ends + _AFTERMATH_DAYS * _DAY]
    return "+".join(dict.fromkeys(going_on)) or "nothing planted"


def lead_through(seed: int, per_day: float, days: int) -> Result:
    """Make one year, lead a judge through it, and measure."""
    began = time.process_time()
    year = synthetic_year(seed, per_day, days)
    found = judged(year)
    return Result(
        per_day,
        seed,
        days,
        len(year.posts),
        round(time.process_time() - began, 1),
        tuple(delay_of(year, crisis, found) for crisis in year.crises),
        quiet_episodes(year, found, Level.WARNING),
        quiet_episodes(year, found, Level.WATCH),
    )


def summary(results: Sequence[Result]) -> Iterator[str]:
    """Yield the lines for one brand: rates first, then delays by size and speed, then each false warning."""
    days = sum(r.days for r in results)
    false = [(r.seed, e) for r in results for e in r.false_warnings]
    watches = sum(len(r.watches) for r in results)
    yield (
        f"{results[0].per_day:g} a day: {days} days, seeds {[r.seed for r in results]}, "
        f"{sum(r.mentions for r in results)} mentions, {sum(r.seconds for r in results):.0f} s; "
        f"{len(false)} false warnings = {len(false) / days * _QUARTER_DAYS:.2f} a quarter; "
        f"{watches} watches = {watches / days * _WEEK_DAYS:.2f} a week"
    )
    for size in SIZES:
        cells = (_cell([d for r in results for d in r.delays if (d.size, d.speed) == (size, s)]) for s in SPEEDS)
        yield f"| {size} | " + " | ".join(cells) + " |"
    for seed, e in false:
        yield f"  false: seed {seed} {datetime.fromtimestamp(e.begins, UTC):%F %R}Z {e.why} ({e.because})"


def _cell(delays: Sequence[Delay]) -> str:
    """Write found of planted and the median minutes to watch and warning, such as `3/3 20 → 35`."""
    if not delays:
        return "–"
    watch = [d.watch for d in delays if d.watch is not None]
    warning = [d.warning for d in delays if d.warning is not None]
    times = [f"{median(each):.0f}" if each else "none" for each in (watch, warning)]
    missed = sorted(d.seed for d in delays if d.warning is None)
    return f"{len(watch)}, {len(warning)} of {len(delays)}: {' → '.join(times)}" + (
        f" (not {missed})" if missed else ""
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=365, help="365; a year of 50,000 a day takes hours")
    parser.add_argument("--brands", type=float, nargs="+", default=[5, 500, 50_000], help="mentions a day")
    parser.add_argument("--seeds", type=int, nargs=2, default=[0, 3], metavar=("FROM", "UNTIL"))
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args(arguments)
    results = []
    for per_day in chosen.brands:
        for seed in range(*chosen.seeds):
            results.append(lead_through(seed, per_day, chosen.days))
            print(f"{per_day:g} a day, seed {seed}: {results[-1].seconds} s", file=sys.stderr)
    if chosen.json:
        print(json.dumps([asdict(result) for result in results]))
        return 0
    for _, group in groupby(results, key=lambda result: result.per_day):
        print(*summary(list(group)), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
