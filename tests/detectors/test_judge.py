"""The front of detection: what one brand's stream leads to."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.frame import MentionRow
from detectors.judge import BrandJudge
from detectors.levels import Verdict
from detectors.observation import BUCKET, HORIZONS, BrandObservation, Observation, People, Sums
from detectors.options import DetectionOptions, PlannedEvent, Sensitivity
from detectors.signal import Direction, Finding, Level, Scope, ScopeKind
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


AFTERNOON = T0 + timedelta(days=13, hours=14)
SEASON_ENDS = T0 + timedelta(days=13)


@pytest.fixture(scope="module")
def fortnight() -> list[MentionRow]:
    return stream(14, 12)


@pytest.fixture(scope="module")
def seasoned(fortnight: list[MentionRow]) -> BrandJudge:
    """A judge that has learnt the first thirteen of fourteen ordinary days."""
    judge = BrandJudge("b")
    for observation in observations(fortnight, SEASON_ENDS):
        judge.learn(observation)
    return judge


@dataclass(frozen=True)
class LastDay:
    """The last ordinary day, with something more laid on it."""

    judge: BrandJudge
    ordinary: list[MentionRow]

    def run(self, more: list[MentionRow], until: datetime, judge: BrandJudge | None = None) -> list[Finding]:
        judge, window, found = judge or self.judge.copy(), BrandWindow("b"), []
        window.add([*self.ordinary, *more])
        at = SEASON_ENDS
        while at < until:
            at += BUCKET
            found += judge.observe(window.observe(at))
        return found


@pytest.fixture
def last_day(seasoned: BrandJudge, fortnight: list[MentionRow]) -> LastDay:
    return LastDay(seasoned, [row for row in fortnight if row.event_time >= SEASON_ENDS - timedelta(hours=25)])


def test_two_ordinary_weeks_bring_one_watch_at_most(fortnight: list[MentionRow]) -> None:
    found = run(fortnight, T0 + timedelta(days=14))
    assert highest(found) <= Level.WATCH
    assert len({f.at.date() for f in found}) <= 1


def test_an_outage_is_warned_of_and_says_so_in_numbers(last_day: LastDay) -> None:
    start = AFTERNOON
    outage = crowd(start, 90, 60)
    judge = last_day.judge.copy()
    found = last_day.run(outage, start + timedelta(hours=1), judge)
    first = next(f for f in found if f.level >= Level.WARNING)
    assert first.at - start <= timedelta(minutes=40)
    assert first.scope == Scope("b")
    numbers = first.explanation.numbers
    assert numbers["people"] == first.observed > numbers["usual_high"] > numbers["usual_low"]
    assert numbers["day_kind"] == "sunday"
    assert judge.context().level >= Level.WARNING


def crowd(start: datetime, many: int, minutes: float, **more: object) -> list[MentionRow]:
    """Different people who write evenly over some minutes."""
    more = {"label": "negative", **more}
    return [
        mention(10**10 + i, start + timedelta(minutes=minutes * i / many), author=f"q{i}", **more)
        for i in range(many)
    ]


def test_one_loud_author_is_not_a_crisis(last_day: LastDay) -> None:
    loud = [replace(row, author="loud") for row in crowd(AFTERNOON, 60, 60)]
    assert highest(last_day.run(loud, AFTERNOON + timedelta(hours=2))) <= Level.WATCH


def test_a_joke_that_hundreds_repeat_is_at_most_a_watch(last_day: LastDay) -> None:
    joke = "RT @air: our trains are always on time, honest"
    copies = crowd(AFTERNOON, 200, 60, text=joke)
    assert highest(last_day.run(copies, AFTERNOON + timedelta(hours=2))) <= Level.WATCH


def test_mockery_that_is_less_negative_than_usual_is_at_most_a_watch(last_day: LastDay) -> None:
    mockery = [
        replace(row, label="negative" if i % 6 == 0 else "neutral")
        for i, row in enumerate(crowd(AFTERNOON, 200, 60))
    ]
    found = last_day.run(mockery, AFTERNOON + timedelta(hours=2))
    assert highest(found) == Level.WATCH
    assert {f.detector for f in found} >= {"volume"}


def test_a_burst_of_bots_is_at_most_a_watch(last_day: LastDay) -> None:
    bots = crowd(AFTERNOON, 300, 6, text="Win a free phone today, click the link now")
    assert highest(last_day.run(bots, AFTERNOON + timedelta(hours=2))) <= Level.WATCH


def test_praise_goes_its_own_way(last_day: LastDay) -> None:
    found = last_day.run(crowd(AFTERNOON, 80, 60, label="positive"), AFTERNOON + timedelta(hours=1.5))
    assert {f.direction for f in found} == {Direction.PRAISE}
    assert "praise_people" in {f.explanation.key for f in found}


def test_a_brand_that_is_always_scolded_is_not_in_trouble_on_its_ordinary_days() -> None:
    found = run(stream(10, 12, negative=0.75, seed=4), T0 + timedelta(days=10))
    assert highest(found) <= Level.WATCH
    assert len({f.at.date() for f in found}) <= 1


def test_a_municipality_of_five_a_day_sees_its_bad_day() -> None:
    days, hours = 28, 5 / 24
    quiet = stream(days, hours, negative=0.4, seed=5)
    bad = crowd(T0 + timedelta(days=days), 30, 24 * 60)
    found = [f for f in run(quiet + bad, T0 + timedelta(days=days + 1)) if f.level]
    assert found
    assert T0 + timedelta(days=days) < found[0].at <= T0 + timedelta(days=days, hours=14)


def test_a_stream_that_starts_in_mid_crisis_is_flagged_at_once_and_says_that_it_knows_nothing_yet() -> None:
    judge = BrandJudge("b")
    found = run(crowd(T0 + timedelta(minutes=3), 150, 120), T0 + timedelta(hours=2), judge)
    assert judge.cold
    assert found[0].at <= T0 + timedelta(hours=1)
    warned = next(f for f in found if f.level == Level.WARNING)
    assert warned.at <= T0 + timedelta(hours=2)
    assert warned.explanation.key == "cold_people"


def test_what_is_learnt_is_told_in_days(fortnight: list[MentionRow]) -> None:
    judge = BrandJudge("b")
    assert (judge.learnt, judge.cold) == (0, True)
    run(fortnight, T0 + timedelta(days=3), judge)
    assert judge.learnt == pytest.approx(3, abs=0.1)
    assert not judge.cold


def test_a_source_that_is_new_is_no_surge_of_that_source() -> None:
    """It used to be judged by days on which nobody listened to it."""
    old = [replace(row, source="old") for row in stream(14, 6)]
    new = [
        replace(row, source="new", mention_id=row.mention_id + 1)
        for row in stream(1, 6, seed=2, start=T0 + timedelta(days=14))
    ]
    observed = observations(old + new, T0 + timedelta(days=14, hours=12), sources=["old", "new"])
    judge = BrandJudge("b")
    found = [f for o in observed for f in judge.observe(o)]
    assert not [f for f in found if f.scope.name == "new" and f.level > Level.WATCH]


def test_the_sentence_speaks_of_what_stands_out(
    monkeypatch: pytest.MonkeyPatch, fortnight: list[MentionRow]
) -> None:
    """Whatever the rules found in the hour: where it is an hour as usual, the three hours are spoken of."""
    monkeypatch.setattr("detectors.negative_people.judge_people", lambda *_: Verdict(Level.WATCH, "hour"))
    end = T0 + timedelta(days=14)
    angry = [
        mention(10**10 + n, end + timedelta(minutes=n), author=f"angry{n}", label="negative") for n in range(100)
    ]
    at = end + timedelta(hours=3)
    found = [f for f in run(fortnight + angry, at) if f.at == at and f.detector == "negative_people"]
    (brand,) = [f for f in found if f.scope.kind is ScopeKind.BRAND]
    assert brand.explanation.key == "negative_people_hours"
    assert brand.explanation.numbers["people"] > brand.explanation.numbers["usual_high"]


def test_a_planned_event_widens_what_is_usual(last_day: LastDay) -> None:
    unrest, end = crowd(AFTERNOON, 20, 60), AFTERNOON + timedelta(hours=2)
    event = PlannedEvent(name="strike", starts=AFTERNOON - timedelta(hours=4), ends=end, factor=6)
    expecting = BrandJudge.from_state(last_day.judge.to_state(), DetectionOptions(planned_events=(event,)))
    assert highest(last_day.run(unrest, end)) >= Level.WATCH
    assert highest(last_day.run(unrest, end, expecting)) == Level.CALM


def test_one_thread_that_takes_off_is_seen_though_the_brand_hardly_moves() -> None:
    """Half of a big brand's mentions are unhappy anyway: the thread is what stands out."""
    quiet = stream(6, 60, negative=0.5, seed=7)
    start = T0 + timedelta(days=5, hours=10)
    root = mention(10**11, start, thread="t1", author="angry", label="negative")
    replies = crowd(start, 70, 180, label="neutral", thread="t1", is_root=False, text="stå på!")
    found = [f for f in run([*quiet, root, *replies], start + timedelta(hours=3)) if f.detector == "thread"]
    assert found[0].at - start <= timedelta(hours=2)
    assert found[0].scope.name == "t1"
    assert max(f.level for f in found) == Level.WARNING
    assert found[-1].explanation.key == "thread_cheered"


def test_a_thread_full_of_thanks_is_no_trouble() -> None:
    start = T0 + timedelta(days=1)
    thanks = crowd(start, 60, 90, label="positive", thread="t1", is_root=False)
    found = run([*stream(1.5, 20), *thanks], start + timedelta(hours=2))
    assert [f for f in found if f.detector == "thread"] == []


def test_the_same_crisis_looks_the_same_in_any_zone_but_the_sentence_names_the_local_day() -> None:
    midnight = T0 + timedelta(days=6)  # in Oslo it is one o'clock on Sunday
    rows = stream(6.2, 12, seed=9) + crowd(midnight - timedelta(minutes=40), 80, 60)
    zones = ("UTC", "Europe/Oslo")
    utc, oslo = (run(rows, midnight + timedelta(hours=0.8), BrandJudge("b", timezone=ZoneInfo(z))) for z in zones)
    assert highest(utc) == highest(oslo) >= Level.WARNING

    def days(found: list[Finding]) -> set[object]:
        hours = [
            f for f in found if f.at == midnight + timedelta(minutes=5) and "day_kind" in f.explanation.numbers
        ]
        return {f.explanation.numbers["day_kind"] for f in hours}

    assert (days(utc), days(oslo)) == ({"saturday"}, {"sunday"})


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


@st.composite
def any_day(draw: st.DrawFn) -> list[BrandObservation]:
    """A day and a half of arbitrary buckets: scopes that come and go, blind ones, threads, measurements."""
    rng = random.Random(draw(st.integers(0, 10**6)))
    scopes = [Scope("b"), Scope("b", ScopeKind.SOURCE, "s"), Scope("b", ScopeKind.THEME, "t")]
    at, found = T0, []
    for _ in range(36 * 12):
        at += BUCKET
        burst = rng.choice((1, 1, 1, 8))
        seen = {s: some_bucket(rng, at, burst) for s in scopes if rng.random() < 0.95}
        queue = Scope("b", ScopeKind.MEASUREMENT, "queue")
        seen[queue] = Observation(at, value=float(rng.randrange(9) * burst))
        found.append(BrandObservation("b", at, seen))
    return found


def some_bucket(rng: random.Random, at: datetime, burst: int) -> Observation:
    n = rng.randrange(4) * burst
    people = {
        h: People(authors=k * 3 * n, negative=k * n, mentions=4 * k * n, negative_mentions=k * n, largest_author=n)
        for k, h in enumerate(HORIZONS, start=1)
    }
    return Observation(at, Sums(4 * n, negative=n), people, covered=rng.choice((1.0, 1.0, 1.0, 0.4, 0.0)))


@settings(max_examples=5, deadline=None)
@given(any_day())
def test_whatever_happens_history_teaches_what_watching_taught(day: list[BrandObservation]) -> None:
    event = PlannedEvent(name="x", starts=T0 + timedelta(hours=5), ends=T0 + timedelta(hours=9), themes=("t",))
    options = DetectionOptions(planned_events=(event,))
    watched, taught = BrandJudge("b", options), BrandJudge("b", options)
    for observation in day:
        watched.observe(observation)
        taught.learn(as_history(observation))
    assert json.dumps(watched.to_state()["learnt"]) == json.dumps(taught.to_state()["learnt"])


def test_a_late_mention_judged_again_from_a_checkpoint_is_as_if_it_had_come_in_time(last_day: LastDay) -> None:
    unrest, end = crowd(AFTERNOON, 60, 60), AFTERNOON + timedelta(hours=1)
    in_time = last_day.run(unrest, end)
    window, judge = BrandWindow("b"), last_day.judge.copy()
    window.add([*last_day.ordinary, *unrest[::2]])
    at, checkpoint = SEASON_ENDS, judge.copy()
    while at < end:
        at += BUCKET
        judge.observe(window.observe(at))
    window.add(unrest[1::2])
    at, again = SEASON_ENDS, []
    while at < end:
        at += BUCKET
        again += checkpoint.observe(window.observe(at))
    assert again == in_time


def test_sensitive_sees_what_calm_lets_pass(last_day: LastDay) -> None:
    unrest, end = crowd(AFTERNOON, 10, 60), AFTERNOON + timedelta(hours=1.5)
    state = last_day.judge.to_state()
    calm, sensitive = (
        last_day.run(unrest, end, BrandJudge.from_state(state, DetectionOptions(sensitivity=s)))
        for s in (Sensitivity.CALM, Sensitivity.SENSITIVE)
    )
    assert len(sensitive) > len(calm)
    assert highest(sensitive) >= highest(calm)
