"""What every registered detector must hold to. A new detector without a scenario here fails the first test."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.explanations import EXPLANATION_KEYS
from detectors.judge import BrandJudge
from detectors.observation import (
    BUCKET,
    HORIZONS,
    BrandObservation,
    Observation,
    People,
    Sums,
    ThreadObservation,
)
from detectors.registry import COUNTED, names, scope_detector
from detectors.signal import Finding, Scope, ScopeKind

T0 = datetime(2026, 2, 2, tzinfo=UTC)
BRAND = Scope("b")
DAY = 288
Build = Callable[[datetime, int, dict[timedelta, int], float], BrandObservation]


@dataclass(frozen=True)
class Scenario:
    """A constant series that is ordinary, the size of a step, and how numbers become an observation."""

    detector: str
    ordinary: tuple[int, ...]
    step: int
    build: Build


def _negative(at: datetime, count: int, sums: dict[timedelta, int], covered: float) -> BrandObservation:
    people = {
        h: People(authors=n, negative=n, mentions=n, negative_mentions=n, largest_author=1)
        for h, n in sums.items()
    }
    return BrandObservation("b", at, {BRAND: Observation(at, Sums(count, negative=count), people, covered)})


def _positive(at: datetime, count: int, sums: dict[timedelta, int], covered: float) -> BrandObservation:
    people = {h: People(authors=n, positive=n, mentions=n, largest_author=1) for h, n in sums.items()}
    return BrandObservation("b", at, {BRAND: Observation(at, Sums(count, positive=count), people, covered)})


def _neutral(at: datetime, count: int, sums: dict[timedelta, int], covered: float) -> BrandObservation:
    people = {h: People(authors=n, mentions=n, largest_author=1) for h, n in sums.items()}
    return BrandObservation("b", at, {BRAND: Observation(at, Sums(count), people, covered)})


def _measured(at: datetime, count: int, sums: dict[timedelta, int], covered: float) -> BrandObservation:
    scope = Scope("b", ScopeKind.MEASUREMENT, "calls waiting")
    return BrandObservation("b", at, {scope: Observation(at, covered=covered, value=float(count))})


def _thread(at: datetime, count: int, sums: dict[timedelta, int], covered: float) -> BrandObservation:
    people = {h: People(authors=n, negative=n, mentions=n, negative_mentions=n) for h, n in sums.items()}
    thread = ThreadObservation(
        Scope("b", ScopeKind.THREAD, f"t{at.date()}"), T0, "page", True, False, 50, Sums(count), people
    )
    return BrandObservation("b", at, {}, (thread,))


SCENARIOS = (
    Scenario("negative_people", (1, 1, 0), 12, _negative),
    Scenario("praise", (1, 1, 0), 12, _positive),
    Scenario("volume", (1, 1, 0), 15, _neutral),
    Scenario("volume", (4,), 40, _measured),
    Scenario("thread", (0, 0, 0, 0, 0, 1), 8, _thread),
)
each = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: f"{s.detector}-{s.build.__name__}")


def observations(
    scenario: Scenario, counts: list[int], covered: list[float] | None = None
) -> Iterator[BrandObservation]:
    for i, count in enumerate(counts):
        sums = {h: sum(counts[max(0, i + 1 - h // BUCKET) : i + 1]) for h in HORIZONS}
        yield scenario.build(T0 + (i + 1) * BUCKET, count, sums, covered[i] if covered else 1.0)


def findings(scenario: Scenario, counts: list[int], covered: list[float] | None = None) -> list[Finding]:
    judge = BrandJudge("b")
    return [f for o in observations(scenario, counts, covered) for f in judge.observe(o)]


def constant(scenario: Scenario, days: float) -> list[int]:
    buckets = int(days * DAY)
    return [scenario.ordinary[i % len(scenario.ordinary)] for i in range(buckets)]


def test_every_registered_detector_has_a_scenario() -> None:
    assert {s.detector for s in SCENARIOS} == set(names())


def test_a_name_is_taken_once() -> None:
    with pytest.raises(ValueError, match="already a detector"):
        scope_detector("volume", COUNTED)(lambda case: None)


@each
def test_constant_is_silent(scenario: Scenario) -> None:
    assert findings(scenario, constant(scenario, 9)) == []


@each
def test_nothing_at_all_is_fine(scenario: Scenario) -> None:
    assert findings(scenario, [0] * (4 * DAY)) == []


@each
def test_a_step_is_found_within_the_hour_and_explained(scenario: Scenario) -> None:
    quiet = constant(scenario, 9)
    found = findings(scenario, quiet + [scenario.step] * 18)
    mine = [f for f in found if f.detector == scenario.detector]
    assert mine
    assert mine[0].at - (T0 + len(quiet) * BUCKET) <= timedelta(hours=1.25)
    assert mine[-1].observed > mine[-1].expected
    for finding in mine:
        assert set(EXPLANATION_KEYS[finding.explanation.key]) <= set(finding.explanation.numbers)


@each
@settings(max_examples=4, deadline=None)
@given(future=st.lists(st.integers(0, 60), min_size=12, max_size=12))
def test_the_future_changes_nothing_before(scenario: Scenario, future: list[int]) -> None:
    past = constant(scenario, 2) + [scenario.step] * 6
    end = T0 + len(past) * BUCKET
    expected = findings(scenario, past)
    assert [f for f in findings(scenario, past + future) if f.at <= end] == expected


@each
def test_the_same_input_gives_the_same_findings_and_state(scenario: Scenario) -> None:
    counts = constant(scenario, 2) + [scenario.step] * 12
    judges = BrandJudge("b"), BrandJudge("b")
    found = [[judge.observe(o) for o in observations(scenario, counts)] for judge in judges]
    assert found[0] == found[1]
    assert judges[0].to_state() == judges[1].to_state()


@each
def test_a_blind_day_and_the_return_from_it_are_no_surge(scenario: Scenario) -> None:
    before, blind, after = constant(scenario, 7), [0] * DAY, constant(scenario, 1)
    covered = [1.0] * len(before) + [0.0] * len(blind) + [1.0] * len(after)
    assert findings(scenario, before + blind + after, covered) == []


@each
def test_state_is_json_and_carries_on_as_if_never_stopped(scenario: Scenario) -> None:
    counts = constant(scenario, 2) + [scenario.step] * 18
    seen = list(observations(scenario, counts))
    judge = BrandJudge("b")
    for observation in seen[:-12]:
        judge.observe(observation)
    again = BrandJudge.from_state(json.loads(json.dumps(judge.to_state(), allow_nan=False)))
    assert [again.observe(o) for o in seen[-12:]] == [judge.observe(o) for o in seen[-12:]]


def test_what_held_before_a_source_went_blind_still_holds() -> None:
    scenario = SCENARIOS[0]
    counts = constant(scenario, 9) + [scenario.step] * 18
    judge = BrandJudge("b")
    for observation in observations(scenario, counts):
        before = judge.observe(observation)
    at = T0 + (len(counts) + 1) * BUCKET
    blind = BrandObservation("b", at, {BRAND: Observation(at, covered=0.0)})
    assert judge.observe(blind) == tuple(replace(f, at=at) for f in before)
