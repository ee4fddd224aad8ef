"""Finding the root of a comment, whatever order the posts arrive in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.signal import Scope, ScopeKind
from monitor.mention import Removal
from monitor.store import KnownPost, Link, Store
from monitor.store.threads import below, root_of
from tests.monitor.store.making import ALWAYS, BRAND, NOW, made, save


@pytest.mark.parametrize(
    ("claims", "stored", "root"),
    [
        ({"a": None}, {}, "a"),
        ({"a": "b", "b": None}, {}, "b"),
        ({"a": "b", "b": "c"}, {"c": "d"}, "d"),
        ({"a": "unknown"}, {}, "unknown"),
        ({"a": "b", "b": "a"}, {}, "a"),
        ({"c": "b", "b": "a", "a": "b"}, {}, "a"),
    ],
)
def test_roots(claims: dict[str, str | None], stored: dict[str, str | None], root: str) -> None:
    assert root_of(next(iter(claims)), claims, stored) == root


def test_in_a_ring_the_stored_root_stays_the_root() -> None:
    assert root_of("a", {"b": "a"}, {"a": "b"}, {"b"}) == "b"


def test_in_a_ring_a_new_post_goes_before_one_that_hangs_on_it() -> None:
    assert root_of("b", {"b": "a"}, {"a": "b"}) == "b"


@given(st.dictionaries(st.sampled_from("abcdef"), st.sampled_from("abcdef"), min_size=1))
def test_every_member_of_a_thread_finds_the_same_root(claims: dict[str, str]) -> None:
    """Following parents always ends, rings included, and parent and child agree."""
    roots = {name: root_of(name, claims, {}) for name in claims}
    for child, parent in claims.items():
        assert roots[child] == roots.get(parent, parent)


def test_below_finds_everything_that_hangs_on_a_post_and_survives_rings() -> None:
    assert below("a", {"b": "a", "c": "b", "d": "x", "a": "c"}) == {"b", "c"}


def thread_sums(store: Store) -> dict[str, int]:
    return {
        scope.name: sum(sums.mentions for _, sums in series)
        for scope, series in store.counters(BRAND, *ALWAYS).items()
        if scope.kind is ScopeKind.THREAD
    }


def test_a_comment_belongs_to_the_root_of_its_parent(store: Store) -> None:
    save(store, made("root"), made("child", parent_id="root"))
    save(store, made("grandchild", parent_id="child"))
    assert [row.thread for row in store.rows(BRAND, *ALWAYS)] == ["root"] * 3
    assert thread_sums(store) == {"root": 2}


def test_a_platform_that_names_the_root_is_believed(store: Store) -> None:
    save(store, made("c", parent_id="never seen", thread_id="root"))
    assert store.rows(BRAND, *ALWAYS)[0].thread == "root"


def test_comments_that_arrive_before_their_parent_move_to_the_root_when_it_comes(store: Store) -> None:
    save(store, made("grandchild", parent_id="child"))
    assert thread_sums(store) == {"child": 1}
    saved = save(store, made("child", parent_id="root"))
    assert thread_sums(store) == {"root": 2}
    assert saved.changed == (1,)
    save(store, made("root"))
    [watched] = store.watched_threads(NOW)
    assert (watched.root_id, watched.comments_known) == ("root", 2)


def test_a_root_learnt_from_a_second_sight_moves_the_post_and_its_comments(store: Store) -> None:
    """A tag timeline shows the post without its parent; the context tells it later."""
    save(store, made("root"), made("post"), made("comment", parent_id="post"))
    save(store, made("post", parent_id="root", thread_id="root"))
    assert thread_sums(store) == {"root": 2}
    assert {row.thread for row in store.rows(BRAND, *ALWAYS)} == {"root"}


@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")])
def test_a_ring_of_parents_ends(store: Store, order: tuple[str, str]) -> None:
    parents = {"a": "b", "b": "a"}
    for name in order:
        save(store, made(name, parent_id=parents[name]))
    assert len({row.thread for row in store.rows(BRAND, *ALWAYS)}) == 1
    assert store.counters(BRAND, *ALWAYS) == store.recount(BRAND, *ALWAYS)


def test_a_post_that_is_its_own_parent_is_a_root(store: Store) -> None:
    save(store, made("a", parent_id="a", thread_id="a"))
    assert store.rows(BRAND, *ALWAYS)[0].is_root


def test_threads_are_watched_liveliest_first_and_hot_ones_before_all(store: Store) -> None:
    ago = timedelta(minutes=1)
    comments = [made(f"c{n}", parent_id="hot", at=NOW - 30 * ago) for n in range(5)]
    save(store, made("hot", at=NOW - 300 * ago, url="https://x.example/hot"), *comments)
    save(store, made("fresh", at=NOW - ago), made("old", at=NOW - timedelta(hours=49)))
    watched = store.watched_threads(NOW, source="tags")
    assert [(thread.root_id, thread.hot, thread.comments_known) for thread in watched] == [
        ("hot", True, 5),
        ("fresh", False, 0),
    ]
    assert watched[0].last_comment_at == NOW - 30 * ago
    assert watched[0].url == "https://x.example/hot"
    assert store.watched_threads(NOW, source="other") == ()
    assert len(store.watched_threads(NOW, platform="mastodon", limit=1)) == 1


def test_brands_and_language_of_known_posts_are_told_to_whoever_asks(store: Store) -> None:
    save(store, made("1", links=(Link("A"), Link("B"))), made("of no brand", links=()))
    assert store.known_posts("mastodon", ["1", "2", "of no brand"]) == {"1": KnownPost(("A", "B"), "sv")}
    assert store.known_posts("bluesky", ["1"]) == {}
    assert store.known_posts("mastodon", []) == {}


def test_a_removed_post_keeps_its_language_and_a_picture_without_words_or_tag_has_none(store: Store) -> None:
    save(store, made("gone"), made("picture", text=""), made("tagged", text="", told_language="sv"))
    save(store, removals=(Removal("mastodon", "gone"),))
    found = store.known_posts("mastodon", ["gone", "picture", "tagged"])
    assert {name: post.language for name, post in found.items()} == {"gone": "sv", "picture": None, "tagged": "sv"}


def test_posts_are_read_again_at_one_hour_one_day_and_two(store: Store) -> None:
    save(store, made("1"), made("backfill", at=NOW - timedelta(days=9)))
    found = []
    for hours in (0.5, 1.5, 2, 25, 26, 49, 99):
        due = store.recheck("tags", NOW + timedelta(hours=hours))
        store.rechecked(due)
        found.append(due.global_ids)
    assert found == [(), ("1",), (), ("1",), (), ("1",), ()]


def test_posts_of_one_batch_are_read_again_in_portions_and_none_is_left_out(store: Store) -> None:
    """They all have the same time of first sight; what comes first by age comes first."""
    save(store, *(made(f"{n}") for n in range(5)))
    later = NOW + timedelta(hours=1.5)
    found: list[tuple[str, ...]] = []
    for _ in range(4):
        due = store.recheck("tags", later, limit=2)
        assert store.recheck("tags", later, limit=2) == due  # until it is said that it was done
        store.rechecked(due)
        found.append(due.global_ids)
    assert found == [("0", "1"), ("2", "3"), ("4",), ()]
    assert store.recheck("tags", later, limit=0).global_ids == ()


def test_what_could_not_be_read_for_too_long_is_let_go_until_the_next_age(store: Store) -> None:
    """A source that was away for hours does not come back to a backlog of old posts."""
    store.rechecked(store.recheck("tags", NOW))
    save(store, made("1"))
    assert store.recheck("tags", NOW + timedelta(hours=3)).global_ids == ()
    assert store.recheck("tags", NOW + timedelta(hours=25)).global_ids == ("1",)


def test_a_thread_scope_is_that_of_its_root(store: Store) -> None:
    save(store, made("root"), made("c", parent_id="root", label="negative"))
    assert store.counters(BRAND, *ALWAYS)[Scope(BRAND, ScopeKind.THREAD, "root")][0][1].negative == 1
