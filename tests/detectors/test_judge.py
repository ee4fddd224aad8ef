"""The front of detection: what one brand's stream leads to."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from detectors.frame import MentionRow
from detectors.judge import BrandJudge
from detectors.observation import BUCKET, HORIZONS, BrandObservation, Observation
from detectors.signal import Direction, Finding, Level, Scope
from detectors.window import BrandWindow

T0 = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)  # a Monday


def stream(
    days: float, an_hour: float, *, negative: float = 0.3, seed: int = 1, start: datetime = T0
) -> list[MentionRow]:
    """Mentions of many different people at an even pace, a share of them negative."""
    rng = random.Random(seed)
    at, found = start, []
    while (at := at + timedelta(hours=rng.expovariate(an_hour))) < start + timedelta(days=days):
        label = "negative" if rng.random() < negative else "neutral"
        found.append(mention(rng.randrange(10**9), at, author=f"p{rng.randrange(5000)}", label=label))
    return found


def mention(mention_id: int, at: datetime, **more: object) -> MentionRow:
    more = {"text": f"words of number{mention_id}", **more}
    return MentionRow(mention_id, at, at, "web", **more)  # type: ignore[arg-type]


def observations(rows: list[MentionRow], until: datetime, **options: object) -> Iterator[BrandObservation]:
    window, at, i = BrandWindow("b", **options), T0, 0  # type: ignore[arg-type]
    rows = sorted(rows, key=lambda r: r.event_time)
    while at < until:
        at += BUCKET
        k = i
        while k < len(rows) and rows[k].event_time < at:
            k += 1
        window.add(rows[i:k])
        i = k
        yield window.observe(at)


def run(rows: list[MentionRow], until: datetime, judge: BrandJudge | None = None) -> list[Finding]:
    judge = judge or BrandJudge("b")
    return [f for o in observations(rows, until) for f in judge.observe(o)]


def highest(found: list[Finding]) -> Level:
    return max((f.level for f in found if f.direction is Direction.TROUBLE), default=Level.CALM)


def as_history(observation: BrandObservation) -> BrandObservation:
    """What a store keeps of an observation: sums of each bucket, people of three horizons at whole hours."""

    def kept(seen: Observation) -> Observation:
        hours = {h: p for h, p in seen.people.items() if h in HORIZONS[1:]} if observation.at.minute == 0 else {}
        return Observation(seen.at, seen.sums, hours, seen.covered, seen.value)

    scopes = {scope: kept(seen) for scope, seen in observation.scopes.items()}
    return BrandObservation(observation.brand, observation.at, scopes, observation.threads)


@pytest.fixture(scope="module")
def fortnight() -> list[MentionRow]:
    return stream(14, 12)


def test_two_ordinary_weeks_are_calm(fortnight: list[MentionRow]) -> None:
    assert highest(run(fortnight, T0 + timedelta(days=14))) == Level.CALM


def test_an_outage_is_warned_of_and_says_so_in_numbers(fortnight: list[MentionRow]) -> None:
    start = T0 + timedelta(days=13, hours=14)
    crowd = [
        mention(10**10 + i, start + timedelta(seconds=40 * i), author=f"q{i}", label="negative") for i in range(90)
    ]
    judge = BrandJudge("b")
    found = run(fortnight + crowd, start + timedelta(hours=1), judge)
    first = next(f for f in found if f.level >= Level.WARNING)
    assert first.at - start <= timedelta(minutes=40)
    assert first.scope == Scope("b")
    numbers = first.explanation.numbers
    assert numbers["people"] == first.observed > numbers["usual_high"] > numbers["usual_low"]
    assert numbers["day_kind"] == "sunday"
    assert judge.context().level >= Level.WARNING


def test_learning_history_leaves_the_same_state_as_observing_it(fortnight: list[MentionRow]) -> None:
    """State can be rebuilt from stored sums and hourly people, to the last bit."""
    watched, taught = (
        BrandJudge("b", timezone=ZoneInfo("Europe/Oslo")),
        BrandJudge("b", timezone=ZoneInfo("Europe/Oslo")),
    )
    for observation in observations(fortnight, T0 + timedelta(days=4)):
        watched.observe(observation)
        taught.learn(as_history(observation))
    assert watched.to_state()["learnt"] == taught.to_state()["learnt"]


def test_state_survives_json_and_a_copy_goes_its_own_way(fortnight: list[MentionRow]) -> None:
    judge, seen = BrandJudge("b"), list(observations(fortnight, T0 + timedelta(days=3)))
    for observation in seen[:-50]:
        judge.observe(observation)
    twin = judge.copy()
    again = BrandJudge.from_state(json.loads(json.dumps(judge.to_state())))
    before = judge.to_state()
    for observation in seen[-50:]:
        assert twin.observe(observation) == again.observe(observation)
    assert judge.to_state() == before
    assert twin.to_state() == again.to_state()


def test_a_state_of_another_version_is_refused() -> None:
    state = BrandJudge("b").to_state() | {"version": 0}
    with pytest.raises(ValueError, match="rebuild"):
        BrandJudge.from_state(state)
