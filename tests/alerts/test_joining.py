"""Which incident a signal joins."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from alerts.deciding.joining import group_signals, home_of, largest, shares_mentions
from alerts.deciding.stories import blank
from alerts.incident import HeldDown, Incident, IncidentState
from alerts.mandate import default_mandate
from detectors.signal import Level, Scope, ScopeKind, Signal
from tests.alerts.world import BRAND, NOON, signal

THEME, THREAD, SOURCE = ScopeKind.THEME, ScopeKind.THREAD, ScopeKind.SOURCE


def incident(number: int, *scopes: str, ids: range = range(0), **fields: object) -> Incident:
    """An incident that holds themes of these names."""
    fresh = blank(number, BRAND, default_mandate(), NOON)
    held = frozenset(Scope(BRAND, THEME, name) for name in scopes)
    whole: dict[str, Any] = {"level": Level.WARNING, "peak_level": Level.WARNING, **fields}
    return replace(fresh, scopes=held, mention_ids=frozenset(ids), **whole)


def number_of(found: Incident | None) -> int | None:
    return found.number if found else None


def test_a_signal_joins_the_incident_that_holds_its_scope() -> None:
    incidents = [incident(1, "payment", ids=range(100)), incident(2, "delays")]
    assert number_of(home_of(signal(kind=THEME, name="delays", ids=range(100)), incidents)) == 2


def test_a_quarter_of_the_mentions_makes_it_the_same_story() -> None:
    held = [incident(1, "payment", ids=range(100))]
    assert home_of(signal(kind=THREAD, name="t", ids=range(75, 175)), held) is held[0]
    assert home_of(signal(kind=THREAD, name="t", ids=range(76, 176)), held) is None


def test_a_brand_wide_signal_joins_the_largest() -> None:
    small, large = incident(1, "a", ids=range(5)), incident(2, "b", ids=range(50))
    assert home_of(signal(ids=range(900, 950)), [small, large]) is large
    assert home_of(signal(kind=SOURCE, name="rss", ids=range(900, 950)), [small, large]) is large
    worse = replace(small, level=Level.CRISIS)
    assert home_of(signal(ids=range(900, 950)), [worse, large]) is worse


def test_running_incidents_come_before_aftercare_and_that_before_closed_ones() -> None:
    closed = incident(1, "delays", state=IncidentState.CLOSED)
    after = incident(2, "delays", state=IncidentState.AFTERCARE)
    running = incident(3, "delays")
    theme = signal(kind=THEME, name="delays")
    assert home_of(theme, [closed, after, running]) is running
    assert home_of(theme, [closed, after]) is after
    assert home_of(theme, [closed]) is closed


def test_a_brand_wide_signal_does_not_reopen_what_is_closed_without_a_tie() -> None:
    closed = incident(1, "delays", ids=range(5), state=IncidentState.CLOSED)
    assert home_of(signal(ids=range(900, 950)), [closed]) is None
    assert home_of(signal(ids=range(4)), [closed]) is closed


def test_a_watch_that_passed_is_a_story_of_its_own_unless_a_person_called_it_a_false_alarm() -> None:
    passed = incident(1, "delays", state=IncidentState.CLOSED, peak_level=Level.WATCH)
    theme = signal(Level.WATCH, kind=THEME, name="delays")
    assert home_of(theme, [passed]) is None
    judged = replace(passed, held_down=HeldDown(Level.WATCH, "hanna", NOON))
    assert home_of(theme, [judged]) is judged


def test_other_brands_and_merged_incidents_are_no_home() -> None:
    merged = incident(1, "delays", merged_into=9)
    assert home_of(signal(kind=THEME, name="delays"), [merged]) is None
    assert home_of(signal(kind=THEME, name="delays", brand="Nordkraft"), [incident(1, "delays")]) is None


def test_signals_of_one_event_that_share_mentions_open_one_incident() -> None:
    whole = signal(ids=range(40))
    theme = signal(kind=THEME, name="delays", ids=range(20))
    thread = signal(kind=THREAD, name="t", ids=range(15, 35))
    (group,) = group_signals([thread, theme, whole], [], 5)
    assert group.home is None
    assert len(group.signals) == 3


def test_two_stories_of_one_event_open_two_and_a_source_joins_the_first() -> None:
    one = signal(Level.CRISIS, kind=THEME, name="a", ids=range(20))
    two = signal(kind=THEME, name="b", ids=range(50, 70))
    source = signal(kind=SOURCE, name="rss", ids=range(90, 99))
    groups = group_signals([source, two, one], [], 5)
    assert [[s.scope.name for s in g.signals] for g in groups] == [["a", "rss"], ["b"]]


def test_when_people_have_enough_stories_the_rest_joins_the_largest() -> None:
    running = [incident(n, f"theme{n}", ids=range(n)) for n in range(1, 6)]
    (group,) = group_signals([signal(kind=THREAD, name="new", ids=range(500, 510))], running, 5)
    assert group.home is running[-1]


def test_at_the_limit_within_one_event_the_first_story_takes_the_rest() -> None:
    new = [signal(kind=THREAD, name=f"t{i}", ids=range(10 * i, 10 * i + 9)) for i in range(8)]
    groups = group_signals(new, [], 3)
    assert [len(g.signals) for g in groups] == [6, 1, 1]


def test_of_equals_the_older_incident_is_the_larger() -> None:
    assert number_of(largest([incident(2, "b"), incident(1, "a")])) == 1
    assert largest([]) is None


def test_without_mentions_nothing_is_shared() -> None:
    assert not shares_mentions(signal(ids=[]), frozenset({1}))
    assert not shares_mentions(signal(ids=[1]), frozenset())


KINDS = st.sampled_from([ScopeKind.BRAND, THEME, THREAD, SOURCE])


@st.composite
def found(draw: st.DrawFn) -> Signal:
    kind = draw(KINDS)
    first = draw(st.integers(0, 50))
    name = "" if kind is ScopeKind.BRAND else draw(st.sampled_from("abc"))
    ids = range(first, first + draw(st.integers(0, 9)))
    at = NOON + timedelta(minutes=draw(st.integers(0, 5)))
    return signal(Level(draw(st.integers(1, 3))), kind=kind, name=name, ids=ids, at=at)


@given(st.lists(found(), max_size=12), st.randoms(use_true_random=False))
def test_every_signal_is_in_one_group_whatever_the_order(signals: list[Signal], random: object) -> None:
    groups = group_signals(signals, [incident(1, "a", ids=range(10))], 3)
    assert sorted(map(repr, signals)) == sorted(repr(s) for g in groups for s in g.signals)
    by_scope: dict[Scope, set[int]] = {}
    for number, group in enumerate(groups):
        for each in group.signals:
            by_scope.setdefault(each.scope, set()).add(number)
    assert all(len(numbers) == 1 for numbers in by_scope.values())
    assert sum(g.home is None for g in groups) <= 3
