"""The sliding window counts exactly what a recount counts, whatever comes when."""

from __future__ import annotations

import gc
import tracemalloc
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.frame import MentionRow
from detectors.held import fingerprint, page_of
from detectors.observation import BUCKET, HORIZONS
from detectors.signal import Scope, ScopeKind
from detectors.window import BrandWindow
from tests.detectors.plain_people import count_people, plain_people, plain_sums

T0 = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
TEXTS = (
    "terrible delay on my train again",
    "lovely staff at the station today",
    "RT @x: our fleet is great",
    "no",
)


@st.composite
def rows(draw: st.DrawFn) -> MentionRow:
    seconds = draw(st.integers(0, 30 * 3600))
    at = T0 + timedelta(seconds=seconds)
    return MentionRow(
        mention_id=draw(st.integers(1, 60)),
        event_time=at,
        first_seen_at=at,
        source=draw(st.sampled_from(("a", "b"))),
        author=draw(st.sampled_from((None, "p1", "p2", "p3", "p4", "p5"))),
        label=draw(st.sampled_from(("negative", "negative", "neutral", "positive"))),
        hostile=draw(st.sampled_from((None, None, "insult"))),
        own=draw(st.booleans()) and draw(st.booleans()),
        themes=draw(st.sampled_from(((), ("delay",), ("delay", "pay")))),
        thread=draw(st.sampled_from((None, "t1", "t2"))),
        is_root=draw(st.booleans()),
        text=draw(st.sampled_from(TEXTS)),
    )


steps = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.lists(rows(), max_size=8)),
        st.tuples(st.just("remove"), st.lists(st.integers(1, 60), max_size=3)),
        st.tuples(st.just("ask"), st.integers(-2, 14)),
    ),
    max_size=25,
)


def held(rows_in: dict[int, MentionRow], scope: Scope) -> list[MentionRow]:
    match scope.kind:
        case ScopeKind.SOURCE:
            return [r for r in rows_in.values() if r.source == scope.name]
        case ScopeKind.THEME:
            return [r for r in rows_in.values() if scope.name in r.themes]
        case ScopeKind.THREAD:
            return [r for r in rows_in.values() if r.thread == scope.name and not r.is_root]
    return list(rows_in.values())


def between(found: list[MentionRow], since: datetime, until: datetime) -> list[MentionRow]:
    return [r for r in found if since <= r.event_time < until]


@settings(max_examples=150, deadline=None)
@given(steps)
def test_people_and_sums_equal_a_recount_after_any_arrivals_removals_and_questions(todo) -> None:
    """Late, doubled, changed and removed rows, and questions forwards and backwards, change nothing."""
    window = BrandWindow("b", sources=("a",), keep=timedelta(days=9))
    model: dict[int, MentionRow] = {}
    at = T0 + timedelta(hours=25)
    for what, data in todo:
        if what == "add":
            window.add(data)
            model |= {r.mention_id: r for r in data}
        elif what == "remove":
            window.remove(data)
            for mention_id in data:
                model.pop(mention_id, None)
        else:
            at += data * BUCKET
            found = window.observe(at)
            for scope, seen in [*found.scopes.items(), *((t.scope, t) for t in found.threads)]:
                mine = held(model, scope)
                assert seen.sums == plain_sums(between(mine, at - BUCKET, at))
                for horizon in HORIZONS:
                    assert seen.people[horizon] == plain_people(between(mine, at - horizon, at))


def row(mention_id: int, minutes: float, **more: object) -> MentionRow:
    at = T0 + timedelta(minutes=minutes)
    return MentionRow(mention_id, at, at, "a", **more)  # type: ignore[arg-type]


def test_old_rows_are_forgotten_and_stay_forgotten() -> None:
    window = BrandWindow("b", keep=timedelta(hours=25))
    window.add([row(1, 0, thread="t", is_root=False)])
    window.observe(T0 + timedelta(hours=30))
    assert len(window) == 0
    window.add([row(1, 0)])
    assert len(window) == 0


def test_an_own_post_is_only_counted_as_own() -> None:
    window = BrandWindow("b")
    window.add([row(1, 1, own=True, label="negative"), row(2, 2, label="negative", author="p")])
    seen = window.observe(T0 + BUCKET).scopes[Scope("b")]
    assert (seen.sums.mentions, seen.sums.negative, seen.sums.own) == (1, 1, 1)
    assert seen.people[HORIZONS[0]].negative == 1


def test_a_joke_that_many_repeat_is_at_most_two_people() -> None:
    copies = [
        row(i, i, author=f"p{i}", label="negative", text=f"lol {i} RT @air: our fleet is on fire")
        for i in range(9)
    ]
    others = [
        row(20 + i, i, author=f"q{i}", label="negative", text=f"{w} where is it") for i, w in enumerate("abc")
    ]
    assert count_people(copies).negative == 2
    assert count_people(copies + others).negative == 5
    assert count_people(copies).authors == 9


def test_a_threads_root_and_page_are_told_beside_its_comments() -> None:
    window = BrandWindow("b")
    window.add([row(1, 0, thread="t", author="root", label="negative")])
    window.add([row(2 + i, 1 + i, thread="t", is_root=False, author=f"c{i}", text="stå på!") for i in range(6)])
    (thread,) = window.observe(T0 + timedelta(minutes=30)).threads
    told = (thread.page, thread.root_at, thread.root_negative, thread.comments, thread.supportive)
    assert told == (page_of(fingerprint("root")), T0, True, 6, 6)
    assert ids(window, thread.scope) == [1, 2, 3, 4, 5, 6, 7]


def test_a_thread_that_goes_on_for_days_keeps_its_root_and_all_its_comments() -> None:
    window = BrandWindow("b", keep=timedelta(hours=30))
    window.add(
        [row(1, 0, thread="t", author="root"), row(2, 0, thread="quiet"), row(3, 1, thread="own", own=True)]
    )
    for hour in range(100):
        comments = [row(10 + 2 * hour + k, 60 * hour + 5 + k, thread="t", is_root=False) for k in (0, 1)]
        window.add([*comments, row(1000 + hour, 60 * hour + 6, thread="own", is_root=False)])
        threads = window.observe(T0 + timedelta(hours=hour + 1)).threads
    page = page_of(fingerprint("root"))
    assert [(t.scope.name, t.page, t.own_root, t.comments) for t in threads] == [
        ("t", page, False, 200),
        ("own", "own", True, 100),
    ]
    assert {thread.root_at for thread in threads} == {T0, T0 + timedelta(minutes=1)}


def test_a_thread_that_was_quiet_for_longer_than_mentions_are_held_begins_anew() -> None:
    window = BrandWindow("b", keep=timedelta(hours=30))
    for day in (0, 3):
        begins = day * 24 * 60
        window.add([row(100 * day + k, begins + k, thread="t", is_root=False) for k in range(6)])
        (thread,) = window.observe(T0 + timedelta(days=day, minutes=10)).threads
        assert (thread.comments, thread.root_at) == (6, T0 + timedelta(days=day))
        window.observe(T0 + timedelta(days=day, hours=40))
    assert len(window) == 0


def test_a_thread_that_nobody_comments_on_any_more_is_not_told() -> None:
    window = BrandWindow("b")
    window.add([row(k, k, thread="t", is_root=False) for k in range(6)])
    assert len(window.observe(T0 + timedelta(hours=3)).threads) == 1
    assert window.observe(T0 + timedelta(hours=3, minutes=10)).threads == ()


def test_mentions_are_held_as_numbers_of_less_than_a_hundred_bytes() -> None:
    """Five a second for thirty hours are half a million."""
    window, many = BrandWindow("b"), 20_000
    tracemalloc.start()
    for first in range(0, many, 500):
        window.add(
            row(k, k / 60, author=f"a{k}", thread=f"t{k}", text=f"text {k} " * 20)
            for k in range(first, first + 500)
        )
    window.observe(T0 + timedelta(minutes=many / 60))
    gc.collect()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(window) == many
    assert held / many < 100


def ids(window: BrandWindow, scope: Scope) -> list[int]:
    """The mentions of a scope in the first hour."""
    return window.mentions(T0, T0 + timedelta(hours=1), scope).newest(100)


def test_coverage_of_the_brand_weighs_its_sources_by_what_they_bring() -> None:
    window = BrandWindow("b", sources=("a", "silent"))
    window.add([row(i, i % 5, author=str(i)) for i in range(98)])
    found = window.observe(T0 + BUCKET, covered={"a": 1.0, "silent": 0.0}).scopes
    assert found[Scope("b", ScopeKind.SOURCE, "silent")].covered == 0.0
    assert found[Scope("b")].covered > 0.98


def test_measurements_come_as_scopes_of_their_own() -> None:
    seen = BrandWindow("b").observe(T0, measurements={"calls waiting": 12.0}).scopes
    assert seen[Scope("b", ScopeKind.MEASUREMENT, "calls waiting")].value == 12.0
