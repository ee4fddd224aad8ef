"""Self-made mention counts to measure on: quiet or bursty scopes of any size. Shares nothing with the detectors.

`background(seed, per_day)` draws one scope's habits (day curve, weekend, drift, stories, bots, overdispersion) and
then its counts; `Background.rate` is the noise-free rate, so that a surge can be planted on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

STEP = timedelta(minutes=5)
STEPS_A_DAY = 288
START = datetime(2025, 1, 6, tzinfo=UTC)  # a Monday

Floats = np.ndarray[tuple[int], np.dtype[np.float64]]


@dataclass(frozen=True)
class Background:
    """Counts a five-minute bucket from `START` on, and the calm rate (mentions a bucket) behind them."""

    counts: Floats
    rate: Floats


def background(seed: int, per_day: float, days: int, *, eventful: bool = True) -> Background:
    """Draw one scope. `eventful`: with stories and bot spikes of its own, else seasons and noise alone."""
    rng = np.random.default_rng(seed)
    size = days * STEPS_A_DAY
    calm = np.exp(_season(rng, size) + _wander(rng, size, days=5.0, sd=rng.uniform(0.05, 0.3)))
    calm *= per_day / STEPS_A_DAY / calm.mean()
    rate = calm * np.exp(_wander(rng, size, days=rng.uniform(0.02, 0.25), sd=rng.uniform(0.05, 0.3)))
    if eventful:
        rate = rate + calm.mean() * (_stories(rng, size) + _spikes(rng, size))
    shape = rng.uniform(2.0, 25.0)
    return Background(rng.poisson(rate * rng.gamma(shape, 1 / shape, size)).astype(float), calm)


def surge(rate: Floats, size: float, rise_minutes: float, half_life_minutes: float, steps: int) -> Floats:
    """Extra rate of a planted surge: up to `size` × the mean rate within the rise, then halving."""
    minutes = (np.arange(steps) + 1) * 5.0
    fading = 0.5 ** (np.maximum(minutes - rise_minutes, 0.0) / half_life_minutes)
    extra: Floats = size * float(rate.mean()) * np.minimum(minutes / rise_minutes, 1.0) * fading
    return extra


def _season(rng: np.random.Generator, size: int) -> Floats:
    steps = np.arange(size)
    hour = (steps % STEPS_A_DAY) / 12.0
    weekday = (steps // STEPS_A_DAY) % 7
    day = rng.uniform(0.4, 1.1) * np.cos((hour - rng.uniform(11, 19)) / 24 * 2 * np.pi)
    double = rng.uniform(0.0, 0.3) * np.cos((hour - rng.uniform(0, 12)) / 12 * 2 * np.pi)
    season: Floats = day + double + np.where(weekday >= 5, rng.normal(-0.3, 0.25), 0.0)
    return season


def _wander(rng: np.random.Generator, size: int, days: float, sd: float) -> Floats:
    """Gaussian noise that forgets itself within `days`."""
    steps = max(1.0, days * STEPS_A_DAY)
    kernel = np.exp(-np.arange(int(4 * steps)) / steps)
    noise = rng.normal(size=size + len(kernel) - 1)
    length = 1 << (len(noise) + len(kernel)).bit_length()
    smooth = np.fft.irfft(np.fft.rfft(noise, length) * np.fft.rfft(kernel, length), length)
    wandering: Floats = smooth[len(kernel) - 1 : len(kernel) - 1 + size]
    wandering *= sd / float(np.sqrt((kernel**2).sum()))
    return wandering


def _stories(rng: np.random.Generator, size: int) -> Floats:
    """Things people talk about for hours: heavy-tailed peaks (× the mean), each with its own rise and fading."""
    extra = np.zeros(size)
    tail, days = rng.uniform(1.3, 2.5), size / STEPS_A_DAY
    for start in rng.integers(0, size, rng.poisson(rng.uniform(0.03, 0.5) * days)):
        peak = min(0.4 * (rng.pareto(tail) + 0.3), 20.0)
        rise, fade = rng.uniform(1, 18), 12 * rng.lognormal(np.log(2.0), 0.8)
        steps = np.arange(min(size - start, int(8 * fade + rise)))
        extra[start : start + len(steps)] += peak * np.minimum(
            (steps + 1) / rise, np.exp(-np.maximum(steps - rise, 0.0) / fade)
        )
    return extra


def _spikes(rng: np.random.Generator, size: int) -> Floats:
    """Bots and give-aways: five to fifteen minutes of up to sixty times the usual."""
    extra = np.zeros(size)
    tail, days = rng.uniform(1.2, 2.0), size / STEPS_A_DAY
    for start in rng.integers(0, size, rng.poisson(rng.uniform(0.0, 1.2) * days)):
        extra[start : start + rng.integers(1, 4)] += min(rng.pareto(tail) + 0.5, 60.0)
    return extra
