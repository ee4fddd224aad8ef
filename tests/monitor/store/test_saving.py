"""The way of a batch into the store."""

from __future__ import annotations

from datetime import timedelta

import pytest

from detectors.signal import Scope, ScopeKind
from monitor.mention import Measurement, Refusal, Removal
from monitor.store import JobRun, Link, PreparedBatch, Store, open_store
from tests.monitor.store.making import ALWAYS, BRAND, NOW, brand_sums, made, save

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def test_a_new_mention_is_taken_counted_and_readable(store: Store) -> None:
    saved = save(store, made("1", label="negative", at=NOW - 7 * MINUTE, likes=3, url="https://x.example/1"))
    bucket = NOW - 10 * MINUTE
    assert saved.taken == (1,)
    assert saved.earliest_bucket == {BRAND: bucket}
    [row] = store.rows(BRAND, *ALWAYS)
    assert (row.mention_id, row.event_time, row.label, row.likes) == (1, NOW - 7 * MINUTE, "negative", 3)
    assert (row.thread, row.is_root, row.text, row.url) == ("1", True, "text of 1", "https://x.example/1")
    assert brand_sums(store) == [(bucket, (1, 1, 0))]


def test_a_batch_is_counted_in_every_scope_it_touches(store: Store) -> None:
    link = Link(BRAND, ("delays", "payment"))
    save(store, made("1", links=(link,)), made("2", links=(link,), parent_id="1", hostile="threat", question=True))
    scopes = store.counters(BRAND, *ALWAYS)
    counted = {(scope.kind, scope.name): series[0][1].mentions for scope, series in scopes.items()}
    assert counted == {
        (ScopeKind.BRAND, ""): 2,
        (ScopeKind.SOURCE, "tags"): 2,
        (ScopeKind.THEME, "delays"): 2,
        (ScopeKind.THEME, "payment"): 2,
        (ScopeKind.THREAD, "1"): 1,  # the root is no comment
    }
    sums = scopes[Scope(BRAND)][0][1]
    assert (sums.hostile, sums.questions, sums.positive) == (1, 1, 0)


def test_one_post_can_concern_two_brands_and_be_the_own_post_of_one(store: Store) -> None:
    save(store, made("1", links=(Link("Nordtåg", own=True), Link("Sydbuss")), label="negative"))
    assert brand_sums(store, "Nordtåg") == [(NOW, (0, 0, 1))]
    assert brand_sums(store, "Sydbuss") == [(NOW, (1, 1, 0))]
    assert [store.rows(brand, *ALWAYS)[0].own for brand in ("Nordtåg", "Sydbuss")] == [True, False]


def test_a_mention_seen_twice_is_known_within_and_between_batches(store: Store) -> None:
    first = save(store, made("1"), made("1"))
    second = save(store, made("1"))
    assert (len(first.taken), first.known) == (1, 1)
    assert (second.taken, second.known, second.earliest_bucket) == ((), 1, {})
    assert brand_sums(store) == [(NOW, (1, 0, 0))]


def test_the_same_post_from_a_second_server_is_known_and_its_other_spelling_is_no_edit(store: Store) -> None:
    save(store, made("https://mastodon.nu/1", text="försenat igen"))
    save(store, made("https://mastodon.nu/1", text="försenat igen …", source="other server", label="negative"))
    [row] = store.rows(BRAND, *ALWAYS)
    assert (row.text, row.label, row.source) == ("försenat igen", "neutral", "tags")


def test_the_same_native_id_on_two_platforms_is_two_mentions(store: Store) -> None:
    assert len(save(store, made("1"), made("1", platform="bluesky")).taken) == 2


def test_an_edit_is_scored_and_counted_anew(store: Store) -> None:
    save(store, made("1", label="neutral"))
    saved = save(store, made("1", text="Now I am furious", label="negative", edited_at=NOW))
    assert (saved.updated, saved.changed, saved.known) == (1, (1,), 1)
    assert saved.earliest_bucket == {BRAND: NOW}
    assert brand_sums(store) == [(NOW, (1, 1, 0))]
    assert store.rows(BRAND, *ALWAYS)[0].text == "Now I am furious"


def test_an_older_version_that_arrives_later_changes_nothing(store: Store) -> None:
    save(store, made("1", text="second", edited_at=NOW))
    saved = save(store, made("1", text="first", label="negative", edited_at=NOW - MINUTE))
    assert saved.updated == 0
    assert store.rows(BRAND, *ALWAYS)[0].text == "second"


def test_an_edit_without_a_date_is_believed_from_the_posts_own_source(store: Store) -> None:
    save(store, made("guid-1", text="Train late"))
    save(store, made("guid-1", text="Train cancelled", label="negative"))
    assert store.rows(BRAND, *ALWAYS)[0].text == "Train cancelled"


def test_an_edit_that_no_longer_names_the_brand_stays_with_it(store: Store) -> None:
    save(store, made("1", label="negative"))
    save(store, made("1", text="deleted the name", links=(), label="neutral", edited_at=NOW))
    assert brand_sums(store) == [(NOW, (1, 0, 0))]


def test_an_edit_can_move_a_post_to_another_brand_and_theme(store: Store) -> None:
    save(store, made("1", links=(Link("A", ("delays",)),)))
    saved = save(store, made("1", text="no, B", links=(Link("B", ("payment",)),), edited_at=NOW))
    assert store.counters("A", *ALWAYS) == {}
    assert Scope("B", ScopeKind.THEME, "payment") in store.counters("B", *ALWAYS)
    assert set(saved.earliest_bucket) == {"A", "B"}


def test_a_second_source_can_add_a_brand(store: Store) -> None:
    save(store, made("1", links=(Link("A"),)))
    save(store, made("1", links=(Link("B"),), source="webhook"), source="webhook")
    assert brand_sums(store, "A") == brand_sums(store, "B") == [(NOW, (1, 0, 0))]


@pytest.mark.parametrize(
    ("source", "second", "kept"), [("tags", 2, 2), ("another server", 2, 5), ("another server", 9, 9)]
)
def test_reach_follows_the_own_source_and_only_grows_from_elsewhere(
    store: Store, source: str, second: int, kept: int
) -> None:
    save(store, made("1", likes=5, shares=1))
    save(store, made("1", likes=second, source=source))
    row = store.rows(BRAND, *ALWAYS)[0]
    assert (row.likes, row.shares) == (kept, 1)


def test_a_removal_blanks_text_and_author_and_keeps_the_counts(store: Store) -> None:
    save(store, made("1", label="negative", url="https://x.example"))
    gone = PreparedBatch(removals=(Removal("mastodon", "1"), Removal("mastodon", "never seen")))
    saved = store.save_batch(gone, source="tags", now=NOW)
    [row] = store.rows(BRAND, *ALWAYS)
    assert (saved.removed, saved.changed) == (1, (1,))
    assert (row.text, row.author, row.url, row.label) == ("", None, None, "negative")
    assert brand_sums(store) == [(NOW, (1, 1, 0))]


def test_what_was_removed_does_not_come_back(store: Store) -> None:
    save(store, made("1"))
    save(store, removals=(Removal("mastodon", "1"),))
    saved = save(store, made("1", text="still cached elsewhere", edited_at=NOW + HOUR, likes=7))
    assert saved.known == 1
    assert store.rows(BRAND, *ALWAYS)[0].text == ""
    assert store.rows(BRAND, *ALWAYS)[0].likes is None


def test_a_post_and_its_removal_in_one_batch_leave_a_tombstone(store: Store) -> None:
    save(store, made("1"), removals=(Removal("mastodon", "1"),))
    assert store.rows(BRAND, *ALWAYS)[0].text == ""


def test_posts_of_no_brand_are_not_stored(store: Store) -> None:
    saved = save(store, made("1", links=()), unmatched=1)
    assert (saved.taken, saved.unmatched, store.count_mentions()) == ((), 1, 0)


def test_a_post_older_than_two_days_when_first_seen_is_history(store: Store) -> None:
    save(store, made("old", at=NOW - 49 * HOUR), made("new", at=NOW - 47 * HOUR))
    assert [(row.text, row.backfill) for row in store.rows(BRAND, *ALWAYS)] == [
        ("text of old", True),
        ("text of new", False),
    ]
    assert sum(counts[0] for _, counts in brand_sums(store)) == 2


def test_cursor_and_mentions_are_one_transaction(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch that breaks half-way leaves neither mention nor count nor cursor."""
    save(store, made("1"), cursor={"page": 1})

    def broken(*_: object) -> None:
        raise RuntimeError("killed here")

    monkeypatch.setattr("monitor.store.saving.save_cursor", broken)
    with pytest.raises(RuntimeError, match="killed here"):
        save(store, made("2"), cursor={"page": 2})
    assert store.source_state("tags").cursor == {"page": 1}
    assert store.count_mentions() == 1
    assert brand_sums(store) == [(NOW, (1, 0, 0))]
    monkeypatch.undo()
    assert save(store, made("2"), cursor={"page": 2}).taken == (2,)


def test_a_batch_without_a_cursor_keeps_the_old_one(store: Store) -> None:
    save(store, made("1"), cursor={"page": 1})
    save(store, made("2"))
    assert store.source_state("tags").cursor == {"page": 1}
    assert store.source_state("tags").last_mention_at == NOW


def test_refusals_are_logged_and_answered(store: Store) -> None:
    refusal = Refusal("line 7", "text is missing")
    saved = save(store, refusals=(refusal,), source="drop")
    assert saved.refused == (refusal,)
    assert store.refusals("drop") == [("drop", NOW, refusal)]
    assert store.refusals("other") == []


def test_reasons_in_broken_characters_do_not_break_the_batch(store: Store) -> None:
    """PostgreSQL takes neither NUL nor lone surrogates, and error texts come from anywhere."""
    saved = save(store, made("1"), refusals=(Refusal("line \0 1", "half \ud83d"),))
    store.source_failed("tags", NOW, "cut \0 \udc00")
    store.save_job_runs([JobRun("detect", error="\0")])
    assert saved.taken == (1,)
    assert store.refusals()[0][2] == Refusal("line  1", "half ?")
    assert store.source_state("tags").error == "cut  ?"


def test_a_flood_of_refusals_does_not_fill_the_disk(store: Store) -> None:
    save(store, refusals=tuple(Refusal(f"line {n}", "rubbish") for n in range(5000)))
    assert len(store.refusals(limit=10_000)) == 200


def test_measurements_are_stored_and_replaced(store: Store) -> None:
    save(store, measurements=(Measurement(BRAND, "calls waiting", NOW, 3.0, "desk"),))
    save(store, measurements=(Measurement(BRAND, "calls waiting", NOW, 5.0, "desk"),))
    assert store.measurements(BRAND, *ALWAYS) == {"calls waiting": [(NOW, 5.0)]}


def test_ids_are_given_in_commit_order_and_never_twice(store: Store) -> None:
    """Even when the newest mention was deleted altogether, its number is not used again."""
    save(store, made("1"), made("2"))
    store.erase(NOW, brand=BRAND)
    assert save(store, made("3")).taken == (3,)
    assert [row.text for row in store.rows_after(BRAND, 2)] == ["text of 3"]
    assert store.rows_after(BRAND, 3) == []
    assert store.last_mention_id() == 3


def test_rows_by_id_come_in_id_order_and_as_the_brand_sees_them(store: Store) -> None:
    save(store, made("1", links=(Link("A", ("x",)), Link("B"))), made("2", links=(Link("B"),)))
    assert [row.mention_id for row in store.rows_by_id([2, 1, 99])] == [1, 2]
    assert [row.themes for row in store.rows_by_id([1], "B")] == [()]
    assert store.global_id(2) == "2"
    assert store.global_id(99) is None


def test_rows_are_cut_by_event_time_half_open(store: Store) -> None:
    save(store, made("1", at=NOW - HOUR), made("2", at=NOW))
    assert [row.text for row in store.rows(BRAND, NOW - HOUR, NOW)] == ["text of 1"]
    assert store.span(BRAND) == (NOW - HOUR, NOW)
    assert store.counted_span("unknown") is None


def test_two_threads_can_save_at_once(store: Store) -> None:
    """Writers wait for one another instead of failing or losing counts."""
    from concurrent.futures import ThreadPoolExecutor

    def work(number: int) -> None:
        for part in range(5):
            save(store, *(made(f"{number}/{part}/{n}") for n in range(3)), made("shared"))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert store.count_mentions() == 61
    assert brand_sums(store) == [(NOW, (61, 0, 0))]


def test_an_in_memory_store_works_the_same() -> None:
    """Replay uses one; nested reads and writes share its only connection."""
    store = open_store("sqlite://", secret=b"k")
    store.migrate(NOW)
    save(store, made("1"))
    with store.transaction():
        assert len(store.rows(BRAND, *ALWAYS)) == 1
    store.close()
