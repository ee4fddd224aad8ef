"""Measure the volume detector: cost, calibration, few mentions, delay by size and speed.

python -m benchmarks.surge [cost] [calibration] [few] [delay] [--seeds FROM UNTIL]

Choices were made on seeds below 100; the tables of docs/detection-volume.md are of seeds never looked at before.
`cost` also times river's detectors where river is installed, a plain pandas rolling z-score and ruptures.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pandas as pd

from benchmarks.backgrounds import START, STEPS_A_DAY, Floats, background, surge
from detectors import SurgeDetector

FIRST = START.timestamp()
SIZES, RISES = (2.0, 4.0, 8.0, 16.0), (10.0, 30.0, 180.0)


class Run:
    """A detector led over a background once; checkpoints let many surges be tried without starting over."""

    def __init__(self, counts: Floats, starts: list[int]) -> None:
        self.surprise = np.zeros(len(counts))
        self.alarms: list[int] = []
        self.checkpoints: dict[int, SurgeDetector] = {}
        detector, wanted = SurgeDetector(), set(starts)
        for i, count in enumerate(counts.tolist()):
            if i in wanted:
                self.checkpoints[i] = detector.copy()
            found = detector.observe(FIRST + 300.0 * i, count)
            self.surprise[i] = found.surprise
            if found.alarm:
                self.alarms.append(i)

    def delay(self, start: int, counts: Floats) -> float:
        """Minutes from the start of a planted surge to its alarm (inf: none), and nothing is learnt of it."""
        detector = self.checkpoints[start].copy()
        for k, count in enumerate(counts.tolist()):
            if detector.observe(FIRST + 300.0 * (start + k), count).alarm:
                return (k + 1) * 5.0
        return float("inf")


def seeds_of(args: argparse.Namespace) -> range:
    return range(*args.seeds)


def cost(_: argparse.Namespace) -> None:
    """Microseconds a bucket; one tick of 5,000 scopes with eight weeks behind them; rebuilding a scope."""
    counts = background(1, 2000.0, 56).counts
    began = time.process_time()
    Run(counts, [])
    rebuilt = time.process_time() - began
    print(f"observe: {rebuilt / len(counts) * 1e6:.1f} µs a bucket; eight weeks of one scope: {rebuilt:.2f} s")
    one = run_up(counts)
    scopes = [one.copy() for _ in range(5000)]
    began = time.process_time()
    for scope in scopes:
        scope.observe(FIRST + 300.0 * len(counts), 7.0)
    print(f"one tick of 5,000 scopes: {time.process_time() - began:.3f} s")
    began = time.process_time()
    for scope in scopes:
        scope.copy()
    print(f"copy: {(time.process_time() - began) / 5000 * 1e6:.1f} µs")
    for name, others in peers(counts):
        began = time.process_time()
        others()
        print(f"{name}: {(time.process_time() - began) / len(counts) * 1e6:.2f} µs a bucket")


def run_up(counts: Floats) -> SurgeDetector:
    detector = SurgeDetector()
    for i, count in enumerate(counts.tolist()):
        detector.observe(FIRST + 300.0 * i, count)
    return detector


def peers(counts: Floats) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield what others use on such series; each call judges the whole series."""
    series, week = pd.Series(counts), pd.Series(counts).rolling(7 * STEPS_A_DAY)
    yield "pandas rolling z-score (7 days)", lambda: (series - week.mean()) / week.std()
    import ruptures

    day = counts[-STEPS_A_DAY:].reshape(-1, 1)
    yield (
        "ruptures Pelt, one day once (a bucket would need one each)",
        lambda: ruptures.Pelt(model="l2", min_size=2, jump=1).fit(day).predict(pen=10),
    )
    try:
        from river import anomaly, drift
    except ImportError:
        print("river is not installed: its detectors are left out")
        return
    for detector in (drift.ADWIN(), drift.PageHinkley(), drift.KSWIN(seed=1)):
        yield f"river {type(detector).__name__}", partial(fed, detector.update, counts)
    gauss = anomaly.GaussianScorer()
    yield (
        "river GaussianScorer",
        partial(fed, lambda x: (gauss.score_one(None, x), gauss.learn_one(None, x)), counts),
    )


def fed(take: Callable[[float], object], counts: Floats) -> None:
    for count in counts.tolist():
        take(count)


def calibration(args: argparse.Namespace) -> None:
    """Share of days on which a surprise is reached, beside what it claims."""
    rows = []
    for eventful in (False, True):
        for per_day in (5.0, 500.0, 50_000.0):
            runs = [Run(background(s, per_day, 180, eventful=eventful).counts, []) for s in seeds_of(args)]
            days = np.concatenate([r.surprise.reshape(-1, STEPS_A_DAY).max(1)[30:] for r in runs])
            alarms = sum(a >= 30 * STEPS_A_DAY for r in runs for a in r.alarms)
            row = {"eventful": eventful, "per_day": per_day, "alarms_a_year": alarms / len(days) * 365}
            rows.append(row | {f"claimed {10**-s:.3f}": (days >= s).mean() for s in (1.0, 1.3, 1.6, 2.0)})
    print(pd.DataFrame(rows).round(3).to_string(index=False))


def few(args: argparse.Namespace) -> None:
    """Ten-fold days of brands with few mentions: hours until the alarm, and false alarms a year."""
    rows = []
    for per_day in (2.0, 5.0, 20.0, 50.0):
        delays: list[float] = []
        false = days = 0.0
        for seed in seeds_of(args):
            found, alarms, length = ten_fold_days(seed, per_day)
            delays += found
            false, days = false + alarms, days + length
        d = np.array(delays) / 60
        shares = {f"within {h} h": (d <= h).mean() for h in (2, 6, 12, 24)}
        row = {"per_day": per_day, "median_hours": np.median(d), **shares}
        rows.append(row | {"false_a_year": false / days * 365})
    print(pd.DataFrame(rows).round(3).to_string(index=False))


def ten_fold_days(seed: int, per_day: float, days: int = 400, tries: int = 30) -> tuple[list[float], int, int]:
    rng = np.random.default_rng(10_000 + seed)
    scene = background(seed, per_day, days, eventful=False)
    starts = drawn(rng, 60 * STEPS_A_DAY, (days - 2) * STEPS_A_DAY, tries)
    run = Run(scene.counts, starts)
    delays = []
    for start in starts:
        day = slice(start, start + STEPS_A_DAY)
        delays.append(run.delay(start, scene.counts[day] + rng.poisson(9 * scene.rate[day])))
    return delays, sum(a >= 30 * STEPS_A_DAY for a in run.alarms), days - 30


def drawn(rng: np.random.Generator, first: int, until: int, tries: int) -> list[int]:
    starts: list[int] = sorted(rng.choice(np.arange(first, until), tries, replace=False).tolist())
    return starts


def delay(args: argparse.Namespace) -> None:
    """Minutes to the alarm by size (× the mean) and rise of the surge, on eventful brands of three volumes."""
    rows = []
    for per_day in (50.0, 500.0, 50_000.0):
        for rise in RISES:
            delays: dict[float, list[float]] = {size: [] for size in SIZES}
            for seed in seeds_of(args):
                for size, found in surges(seed, per_day, rise).items():
                    delays[size] += found
            row: dict[str, object] = {"per_day": per_day, "rise_minutes": rise}
            for size, values in delays.items():
                d = np.array(values)
                row[f"x{size:.0f}"] = f"{np.median(d):.0f} min, {100 * (d <= 180).mean():.0f} % in 3 h"
            rows.append(row)
    print(pd.DataFrame(rows).to_string(index=False))


def surges(seed: int, per_day: float, rise: float, tries: int = 12) -> dict[float, list[float]]:
    rng = np.random.default_rng(20_000 + seed)
    scene = background(seed, per_day, 56)
    steps = STEPS_A_DAY // 2
    starts = drawn(rng, 14 * STEPS_A_DAY, len(scene.counts) - steps, tries)
    run = Run(scene.counts, starts)
    return {
        size: [
            run.delay(s, scene.counts[s : s + steps] + rng.poisson(surge(scene.rate, size, rise, 240.0, steps)))
            for s in starts
        ]
        for size in SIZES
    }


PARTS = {"cost": cost, "calibration": calibration, "few": few, "delay": delay}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"any of: {', '.join(PARTS)} (all)")
    parser.add_argument("--seeds", nargs=2, type=int, default=(0, 6), metavar=("FROM", "UNTIL"))
    args = parser.parse_args()
    for name in args.parts or PARTS:
        print(f"\n{name}, seeds {args.seeds[0]} to {args.seeds[1] - 1}")
        PARTS[name](args)


if __name__ == "__main__":
    main()
