"""When did it begin? The onset of a surge, by ruptures, with the span of times that explain the counts as well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    Signal = np.ndarray[tuple[int], np.dtype[np.float64]]

_LEAST_BUCKETS = 8
_SHORTEST_SEGMENT = 2
_PENALTY = 3.0  # × variance × log n, the usual (BIC-like) price of a change in mean
_POISSON_VARIANCE = 0.25  # of 2·asinh(√(n/4)) for small counts: noise is never taken to be less
_CLIMBING = 0.25  # a segment belongs to the surge from a quarter of the way between calm and peak
_LIKELY = 3.84  # χ² with one degree of freedom at 95 %


@dataclass(frozen=True, slots=True)
class Onset:
    """The start of the first bucket of the surge, and the earliest and latest start that fit (about 95 %)."""

    at: datetime
    earliest: datetime
    latest: datetime


def estimate_onset(
    counts: Sequence[float], times: Sequence[datetime], *, expected: Sequence[float] | None = None
) -> Onset | None:
    """Find when the surge at the end of `counts` began; None where nothing rose.

    counts, times: one entry a bucket, in order of time, some calm hours included (a day does well).
    `expected`: the baseline's counts, so that the morning is not taken for an onset.
    Raises ValueError when the lengths differ.
    """
    import numpy as np

    if len(counts) != len(times) or (expected is not None and len(expected) != len(counts)):
        raise ValueError("counts, times and expected must have the same length")
    if len(counts) < _LEAST_BUCKETS:
        return None
    signal = _scaled(np.asarray(counts, float))
    if expected is not None:
        signal = signal - _scaled(np.asarray(expected, float))
    variance = _noise(signal)
    edges = _segments(signal, variance)
    first = _first_of_surge(signal, edges)
    if first is None:
        return None
    early, best, late = _refine(signal, edges[first - 1], edges[first + 1], variance)
    return Onset(times[best], times[early], times[late])


def _scaled(counts: Signal) -> Signal:
    import numpy as np

    scaled: Signal = 2.0 * np.arcsinh(np.sqrt(np.maximum(counts, 0.0)) / 2.0)
    return scaled


def _noise(signal: Signal) -> float:
    """Variance of a bucket from the differences between neighbours, which a few changes do not inflate."""
    import numpy as np

    steps = np.abs(np.diff(signal))
    return max(_POISSON_VARIANCE, float(1.4826 * np.median(steps)) ** 2 / 2.0)


def _segments(signal: Signal, variance: float) -> list[int]:
    """Return the edges 0, …, n of stretches of constant mean."""
    import numpy as np
    import ruptures

    # the linear kernel's cost is the squared error of the mean; this is PELT in C, a thousand times as fast
    search = ruptures.KernelCPD(kernel="linear", min_size=_SHORTEST_SEGMENT, jump=1).fit(signal.reshape(-1, 1))
    return [0, *(int(edge) for edge in search.predict(pen=_PENALTY * variance * float(np.log(len(signal)))))]


def _first_of_surge(signal: Signal, edges: list[int]) -> int | None:
    """Return the index of the edge at which the climb to the highest of the late segments begins."""
    means = [float(signal[a:b].mean()) for a, b in pairwise(edges)]
    if len(means) < 2:
        return None
    peak = max(range(len(means)), key=means.__getitem__)
    calm = min(means[: peak + 1])
    climbing = calm + _CLIMBING * (means[peak] - calm)
    first = peak
    while first > 0 and means[first - 1] > climbing:
        first -= 1
    return first if first > 0 else None


def _refine(signal: Signal, start: int, end: int, variance: float) -> tuple[int, int, int]:
    """Split [start, end) into calm and surge: earliest likely, best and latest likely first bucket."""
    import numpy as np

    part = signal[start:end]
    splits = np.arange(1, len(part))
    cost = -(part.cumsum()[:-1] ** 2 / splits + part[::-1].cumsum()[-2::-1] ** 2 / splits[::-1])  # + a constant
    likely = np.flatnonzero(cost <= cost.min() + _LIKELY * variance)
    best = int(cost.argmin())
    return start + int(splits[likely[0]]), start + int(splits[best]), start + int(splits[likely[-1]])
