"""What an incident learns from its signals."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.deciding.findings import (
    doubled,
    is_kind,
    key_of,
    new_turns,
    observed_by_kind,
    scope_of,
    shares,
    take_in,
)
from alerts.deciding.stories import draft_new
from alerts.mandate import default_mandate
from detectors.signal import Evidence, Level, Scope, ScopeKind, Signal
from tests.alerts.world import BRAND, NOON, World, signal

MINUTE = timedelta(minutes=1)
THEME, THREAD, SOURCE = ScopeKind.THEME, ScopeKind.THREAD, ScopeKind.SOURCE


def learnt(*rounds: list[Signal]) -> object:
    draft = draft_new(1, BRAND, default_mandate(), NOON)
    for signals in rounds:
        take_in(draft, signals)
    return draft.incident


@pytest.mark.parametrize(
    ("detector", "is_news"),
    [("news", True), ("news_item", True), ("news.direct", True), ("newsletter", False), ("bad_news", False)],
)
def test_detectors_of_single_mentions_are_known_by_their_name(detector: str, is_news: bool) -> None:
    assert is_kind(signal(detector=detector), "news") is is_news


def test_the_newest_of_each_detector_and_scope_is_kept() -> None:
    old = signal(observed=10, at=NOON)
    new = signal(observed=20, at=NOON + MINUTE)
    other = signal(detector="volume", at=NOON)
    incident = learnt([new, other], [old])
    assert {(s.finding.detector, s.finding.observed) for s in incident.signals} == {  # type: ignore[attr-defined]
        ("negative_people", 20),
        ("volume", 30.0),
    }


def test_scopes_that_stories_share_are_not_held() -> None:
    kinds = ((THEME, "a"), (THREAD, "t"), (SOURCE, "s"), (ScopeKind.MEASUREMENT, "calls"))
    incident = learnt([signal(), *(signal(kind=kind, name=name) for kind, name in kinds)])
    assert {s.kind for s in incident.scopes} == {ScopeKind.BRAND, THEME, THREAD}  # type: ignore[attr-defined]


def test_the_widest_evidence_the_earliest_onset_and_the_highest_peak_count() -> None:
    early, late = NOON - 30 * MINUTE, NOON - 10 * MINUTE
    small = signal(Level.CRISIS, kind=THREAD, name="t", mentions=5, observed=9, onset=early)
    wide = signal(Level.WARNING, mentions=80, observed=50, onset=late)
    incident = learnt([small, wide])
    assert incident.evidence.mentions == 80  # type: ignore[attr-defined]
    assert incident.onset.at == early  # type: ignore[attr-defined]
    assert incident.peak_observed == 9  # type: ignore[attr-defined]  # the strongest level's


def test_the_peak_stays_when_it_wanes_and_moves_when_it_grows() -> None:
    world = World()
    for observed in (50, 20, 70, 60):
        world.signals(signal(Level.WARNING, observed=observed))
        world.now += 5 * MINUTE
    assert world.one.peak_observed == 70
    assert world.one.peak_at == NOON + 10 * MINUTE


def test_themes_come_largest_first_and_those_with_a_signal_are_kept() -> None:
    incident = learnt(
        [signal(themes={"delays": 30, "payment": 3}), signal(kind=THEME, name="staff", mentions=1)],
        [signal(themes={"payment": 40, "delays": 20})],
    )
    assert incident.themes == ("payment", "delays", "staff")  # type: ignore[attr-defined]


def test_shares_need_enough_mentions() -> None:
    assert shares(Evidence(mentions=40, themes=(("a", 10),))) == {"a": 0.25}
    assert shares(Evidence(mentions=19, themes=(("a", 10),))) == {}
    assert shares(None) == {}


def turns(*counts: dict[str, int]) -> list[tuple[str, ...]]:
    draft = draft_new(1, BRAND, default_mandate(), NOON)
    told = []
    for themes in counts:
        take_in(draft, [signal(themes=themes, mentions=100)])
        told.append(new_turns(draft))
    return told


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ([{"a": 90, "b": 1}, {"a": 60, "b": 30}], [(), ("b",)]),
        ([{"a": 90}, {"a": 60, "b": 30}], [(), ("b",)]),
        ([{"a": 90, "b": 1}, {"b": 10}, {"b": 15}, {"b": 21}], [(), (), (), ("b",)]),
        ([{"a": 90, "b": 6}, {"b": 30}], [(), ()]),  # it was no small theme
        ([{"a": 90, "b": 6}, {"b": 4}, {"b": 30}], [(), (), ("b",)]),  # but it became one
        ([{"a": 90, "b": 1}, {"b": 30}, {"b": 60}], [(), ("b",), ()]),  # told once
        ([{"a": 90, "b": 1}, {"b": 20}], [(), ()]),  # over a fifth, not a fifth
        ([{"a": 90}, {"b": 30, "c": 40}], [(), ("b", "c")]),
    ],
)
def test_a_turn_is_from_under_a_twentieth_to_over_a_fifth(
    counts: list[dict[str, int]], told: list[tuple[str, ...]]
) -> None:
    assert turns(*counts) == told


@given(st.lists(st.dictionaries(st.sampled_from("abc"), st.integers(0, 33)), min_size=1, max_size=12))
def test_the_first_look_is_never_a_turn_and_a_large_theme_turns_at_most_once_in_a_row(
    counts: list[dict[str, int]],
) -> None:
    told = turns(*counts)
    assert told[0] == ()
    for before, after in pairwise(told):
        assert not set(before) & set(after)


def test_twice_the_volume_is_measured_on_the_same_scope_and_detector() -> None:
    then = observed_by_kind([signal(observed=10), signal(observed=3, detector="volume")])
    assert doubled([signal(observed=19)], then) is None
    found = doubled([signal(observed=20)], then)
    assert found is not None
    assert key_of(found) == "negative_people|Nordtåg"
    assert doubled([signal(observed=500, kind=THREAD, name="new")], then) is None
    assert doubled([signal(observed=0)], [(key_of(signal()), 0.0)]) is None


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("theme:payment", Scope(BRAND, THEME, "payment")),
        ("thread:https://x.se/1", Scope(BRAND, THREAD, "https://x.se/1")),
        ("theme:", None),
        ("source:rss", None),
        ("payment", None),
        ("", None),
    ],
)
def test_scopes_are_read_from_what_people_choose(text: str, scope: Scope | None) -> None:
    assert scope_of(BRAND, text) == scope
