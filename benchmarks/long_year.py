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

from benchmarks.synthetic_feed import observations
from benchmarks.synthetic_year import SIZES, SPEEDS, ZONE, Crisis, Year, synthetic_year
from detectors.judge import BrandJudge
from detectors.signal import Direction, Finding, Level

CALM_SECONDS = 6 * 3600.0
"""An incident is over when nothing was found for so long; what comes later is a new one."""

ECHO = "echo of a crisis"
"""What is found within a day after a planted crisis is over, but after six hours of calm: people knew it."""

_DAY, _QUARTER_DAYS, _WEEK_DAYS = 86_400.0, 91.25, 7.0


@dataclass(frozen=True)
class Found:
    """The highest level of trouble in the bucket that ended at `at`, and who said so."""

    at: float
    level: int
    why: str


@dataclass(frozen=True)
class Episode:
    """An incident: what was found without six hours of calm in between, and its highest level.

    `worst_at` is when that level was first reached, `why` who said so, `because` what was going on then.
    """

    level: str
    begins: float
    ends: float
    worst_at: float
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


def judged(year: Year) -> list[Found]:
    """Lead a new judge through the year. Returns the buckets in which there was trouble."""
    judge, found = BrandJudge("brand", timezone=ZONE, country="SE"), []
    for seen in observations(year, judge.brand):
        trouble = [f for f in judge.observe(seen) if f.direction is Direction.TROUBLE and f.level]
        if trouble:
            found.append(Found(seen.at.timestamp(), int(trouble[0].level), _why(trouble[0])))
    return found


def _why(finding: Finding) -> str:
    return (
        f"{finding.detector} {finding.scope} {finding.explanation.key} {finding.observed:g}/{finding.expected:g}"
    )


def episodes(year: Year, found: Iterable[Found]) -> list[Episode]:
    """Join what was found into episodes with six hours of calm between them."""
    groups: list[list[Found]] = []
    for each in found:
        if groups and each.at - groups[-1][-1].at < CALM_SECONDS:
            groups[-1].append(each)
        else:
            groups.append([each])
    return [_episode(year, group) for group in groups]


def _episode(year: Year, group: list[Found]) -> Episode:
    worst = max(group, key=lambda found: found.level)  # the first of its level
    label = Level(worst.level).label
    return Episode(label, group[0].at, group[-1].at, worst.at, worst.why, because(year, worst.at))


def delay_of(year: Year, crisis: Crisis, found: Sequence[Found]) -> Delay:
    """How long a planted crisis took to be seen, while it lasted."""
    inside = [f for f in found if crisis.onset < f.at <= crisis.ends]
    firsts = [
        next(((f.at - crisis.onset) / 60 for f in inside if f.level >= level), None)
        for level in (Level.WATCH, Level.WARNING)
    ]
    return Delay(crisis.size, crisis.speed, year.seed, *firsts)


def quiet_episodes(year: Year, found: Sequence[Found]) -> tuple[Episode, ...]:
    """Return the episodes that no planted crisis explains: that neither hold one nor begin soon after one."""
    return tuple(
        e
        for e in episodes(year, found)
        if not any(c.onset < e.ends and e.begins <= c.ends + CALM_SECONDS for c in year.crises)
    )


def because(year: Year, at: float) -> str:
    """Name what was going on when something was found: a trap, an outage, an aftermath, or nothing."""
    going_on = [trap.kind for trap in (*year.traps, *year.topics) if trap.begins < at <= trap.ends + CALM_SECONDS]
    going_on += ["outage" for o in year.outages if o.begins < at <= o.ends + _DAY]
    going_on += [ECHO for c in year.crises if c.ends < at <= c.ends + _DAY]
    return "+".join(dict.fromkeys(going_on)) or "nothing planted"


def lead_through(seed: int, per_day: float, days: int) -> Result:
    """Make one year, lead a judge through it, and measure."""
    began = time.process_time()
    year = synthetic_year(seed, per_day, days)
    found = judged(year)
    alone = quiet_episodes(year, found)
    return Result(
        per_day,
        seed,
        days,
        len(year.posts),
        round(time.process_time() - began, 1),
        tuple(delay_of(year, crisis, found) for crisis in year.crises),
        tuple(e for e in alone if e.level != Level.WATCH.label),
        tuple(e for e in alone if e.level == Level.WATCH.label),
    )


def summary(results: Sequence[Result]) -> Iterator[str]:
    """Yield the lines for one brand: rates first, then delays by size and speed, then each false warning."""
    days = sum(r.days for r in results)
    false = [(r.seed, e) for r in results for e in r.false_warnings]
    echoes = sum(ECHO in e.because for _, e in false)
    watches = sum(len(r.watches) for r in results)
    yield (
        f"{results[0].per_day:g} a day: {days} days, seeds {[r.seed for r in results]}, "
        f"{sum(r.mentions for r in results)} mentions, {sum(r.seconds for r in results):.0f} s; "
        f"{len(false)} false warnings = {len(false) / days * _QUARTER_DAYS:.2f} a quarter, {echoes} are echoes; "
        f"{watches} watches = {watches / days * _WEEK_DAYS:.2f} a week"
    )
    for size in SIZES:
        cells = (_cell([d for r in results for d in r.delays if (d.size, d.speed) == (size, s)]) for s in SPEEDS)
        yield f"| {size} | " + " | ".join(cells) + " |"
    for seed, e in false:
        yield f"  false: seed {seed} {datetime.fromtimestamp(e.worst_at, UTC):%F %R}Z {e.why} ({e.because})"


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
    parser.add_argument("--days", type=int, default=365, help="365")
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
