"""What the daemon remembers of itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from detectors.observation import People
from detectors.signal import Scope, ScopeKind
from monitor.mention import Measurement
from monitor.store import JobRun, Store
from tests.monitor.store.making import ALWAYS, BRAND, NOW, empty

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def test_a_source_that_was_never_polled_has_an_empty_state(store: Store) -> None:
    state = store.source_state("news")
    assert (state.name, state.cursor, state.last_ok_at, state.failing_since) == ("news", {}, None, None)
    assert store.source_states() == {}


def test_a_failing_source_remembers_since_when_and_a_good_poll_ends_it(store: Store) -> None:
    store.source_ok("news", NOW)
    store.source_failed("news", NOW + HOUR, "401", remedy="renew the key", permanent=True)
    store.source_failed("news", NOW + 2 * HOUR, "401 again", next_due_at=NOW + 3 * HOUR)
    state = store.source_state("news")
    assert (state.failing_since, state.failures, state.error) == (NOW + HOUR, 2, "401 again")
    assert (state.last_ok_at, state.next_due_at, state.permanent) == (NOW, NOW + 3 * HOUR, False)
    store.source_ok("news", NOW + 4 * HOUR)
    state = store.source_states()["news"]
    assert (state.failing_since, state.failures, state.error, state.remedy) == (None, 0, None, None)


def test_good_polls_cover_the_time_between_them(store: Store) -> None:
    store.source_ok("news", NOW)
    store.source_ok("news", NOW + 4 * MINUTE)
    assert store.coverage("news", NOW) == pytest.approx(0.8)
    assert store.coverage("news", NOW - 5 * MINUTE) == 0.0
    assert store.coverage("other", NOW) == 0.0


def test_a_poll_that_caught_up_covers_the_time_it_was_blind(store: Store) -> None:
    """Unless its collector says that it could not hear so far back."""
    store.source_ok("a", NOW)
    store.source_ok("a", NOW + 30 * MINUTE)
    store.source_ok("b", NOW)
    store.source_ok("b", NOW + 30 * MINUTE, heard_since=NOW + 25 * MINUTE)
    assert store.coverage("a", NOW + 10 * MINUTE) == 1.0
    assert store.coverage("b", NOW + 10 * MINUTE) == 0.0
    assert store.coverage_spans(NOW - HOUR, NOW + HOUR)["b"] == (
        (NOW, NOW),
        (NOW + 25 * MINUTE, NOW + 30 * MINUTE),
    )


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=8))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_coverage_is_the_union_of_what_was_heard(store: Store, spans: list[tuple[int, int]]) -> None:
    """However spans overlap, touch or repeat, no minute counts twice."""
    empty(store)
    heard: set[int] = set()
    for one, other in spans:
        first, last = sorted((one, other))
        store.heard("s", NOW + first * MINUTE, NOW + last * MINUTE)
        heard.update(range(first, last))
    assert store.coverage("s", NOW, HOUR) == pytest.approx(len(heard) / 60)


def test_jobs_are_remembered_as_last_written_down(store: Store) -> None:
    store.save_job_runs([JobRun("detect", NOW), JobRun("collect:old", NOW)])
    store.save_job_runs([JobRun("detect", NOW, "boom", 2)])
    assert store.job_runs() == {"detect": JobRun("detect", NOW, "boom", 2)}


def test_the_newest_detector_state_of_the_version_is_found(store: Store) -> None:
    for hour in range(5):
        store.save_detector_state(BRAND, NOW + hour * HOUR, "v1", {"level": hour})
    assert store.detector_state(BRAND, "v1") == (NOW + 4 * HOUR, {"level": 4})
    assert store.detector_state(BRAND, "v1", before=NOW + 3 * HOUR) == (NOW + 3 * HOUR, {"level": 3})
    assert store.detector_state(BRAND, "v1", before=NOW + HOUR) is None  # only three are kept
    assert store.detector_state(BRAND, "v2") is None
    store.drop_detector_states(BRAND)
    assert store.detector_state(BRAND, "v1") is None


def test_silences_are_in_force_until_they_end(store: Store) -> None:
    number = store.add_silence(
        {"theme": "delays"}, reason="planned works", author="anna", starts_at=NOW, ends_at=NOW + HOUR
    )
    [silence] = store.silences(NOW)
    assert (silence.id, silence.matcher, silence.reason) == (number, {"theme": "delays"}, "planned works")
    assert store.end_silence(number, NOW + MINUTE)
    assert not store.end_silence(number, NOW + 2 * MINUTE)
    assert store.silences(NOW + MINUTE) == ()


def test_a_redelivered_click_is_handled_once(store: Store) -> None:
    assert [store.first_time("Ev1", NOW), store.first_time("Ev1", NOW), store.first_time("Ev2", NOW)] == [
        True,
        False,
        True,
    ]


def test_facts_are_kept_as_json(store: Store) -> None:
    assert store.fact("x", "nothing") == "nothing"
    store.set_fact("x", {"a": [1, None]}, NOW)
    store.set_fact("x", {"a": [2]}, NOW)
    assert store.fact("x") == {"a": [2]}


def test_people_of_an_hour_are_kept_and_replaced(store: Store) -> None:
    theme = Scope(BRAND, ScopeKind.THEME, "delays")
    store.save_people_hours(BRAND, NOW, {Scope(BRAND): {HOUR: People(3, 2), 3 * HOUR: People(5)}, theme: {}})
    store.save_people_hours(BRAND, NOW + HOUR, {Scope(BRAND): {HOUR: People(9)}})
    store.save_people_hours(BRAND, NOW, {Scope(BRAND): {HOUR: People(4, 2, 1, 1, 9, 8, 7)}})
    assert store.people_hours(BRAND, *ALWAYS) == {
        Scope(BRAND): [(NOW, {HOUR: People(4, 2, 1, 1, 9, 8, 7)}), (NOW + HOUR, {HOUR: People(9)})]
    }
    assert store.people_hours(BRAND, NOW, NOW + HOUR)[Scope(BRAND)][0][0] == NOW


def test_measurements_are_read_by_name_in_order(store: Store) -> None:
    later, first = Measurement(BRAND, "calls", NOW + MINUTE, 2.0), Measurement(BRAND, "calls", NOW, 1.0)
    store.save_measurements([later, first, Measurement("other", "calls", NOW, 9.0)])
    assert store.measurements(BRAND, NOW, NOW + MINUTE) == {"calls": [(NOW, 1.0)]}
    assert store.measurements(BRAND, *ALWAYS) == {"calls": [(NOW, 1.0), (NOW + MINUTE, 2.0)]}


def test_counters_can_be_read_for_some_kinds_only(store: Store) -> None:
    from tests.monitor.store.making import made, save

    save(store, made("1"), made("2", parent_id="1"))
    assert set(store.counters(BRAND, *ALWAYS, kinds=[ScopeKind.BRAND])) == {Scope(BRAND)}
