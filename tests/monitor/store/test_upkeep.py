"""Forgetting: retention, erasure, and scoring history again."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from alerts.incident import Decision, IncidentState, MessageReference, TimelineEvent
from detectors.observation import People
from detectors.signal import Scope
from monitor.mention import Measurement, Refusal
from monitor.privacy import author_hash
from monitor.rescore import rescore
from monitor.store import Link, Store
from tests.monitor.store.making import ALWAYS, BRAND, NOW, brand_sums, made, save
from tests.monitor.store.test_incidents import incident

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def keep(store: Store, now: object = NOW, text: int = 90, counts: int = 1000) -> object:
    return store.retain(now, text_for=text * DAY, counts_for=counts * DAY)  # type: ignore[arg-type]


def test_old_texts_go_and_their_counts_stay(store: Store) -> None:
    save(store, made("old", at=NOW - 91 * DAY, label="negative", url="https://x.example"), made("new"))
    done = store.retain(NOW, text_for=90 * DAY, counts_for=1000 * DAY)
    old, new = store.rows(BRAND, *ALWAYS)
    assert (done.blanked, done.deleted) == (1, 0)
    assert (old.text, old.author, old.url, old.label) == ("", None, None, "negative")
    assert (new.text, new.author) == ("text of new", "author of new")
    assert sum(counts[1] for _, counts in brand_sums(store)) == 1
    assert store.counters(BRAND, *ALWAYS) == store.recount(BRAND, *ALWAYS)


def test_texts_go_when_they_get_old_and_late_comers_at_once(store: Store) -> None:
    save(store, made("a", at=NOW - 89 * DAY))
    assert store.retain(NOW, text_for=90 * DAY, counts_for=1000 * DAY).blanked == 0
    save(store, made("imported later", at=NOW - 300 * DAY))
    later = store.retain(NOW + 2 * DAY, text_for=90 * DAY, counts_for=1000 * DAY)
    assert later.blanked == 2
    assert store.retain(NOW + 3 * DAY, text_for=90 * DAY, counts_for=1000 * DAY).blanked == 0


def test_a_text_that_was_forgotten_does_not_come_back_with_the_next_poll(store: Store) -> None:
    save(store, made("old", at=NOW - 91 * DAY))
    keep(store)
    save(store, made("old", at=NOW - 91 * DAY))
    assert store.rows(BRAND, *ALWAYS)[0].text == ""


def test_what_is_older_than_the_counts_goes_altogether(store: Store) -> None:
    save(store, made("old", at=NOW - 1001 * DAY), made("kept", at=NOW - 999 * DAY))
    save(store, measurements=(Measurement(BRAND, "calls", NOW - 1001 * DAY, 1.0),))
    store.save_people_hours(BRAND, NOW - 1001 * DAY, {Scope(BRAND): {HOUR: People(1)}})
    done = store.retain(NOW, text_for=90 * DAY, counts_for=1000 * DAY)
    assert done.deleted == 1
    assert [row.event_time for row in store.rows(BRAND, *ALWAYS)] == [NOW - 999 * DAY]
    assert store.counters(BRAND, *ALWAYS) == store.recount(BRAND, *ALWAYS)
    assert store.measurements(BRAND, *ALWAYS) == {}
    assert store.people_hours(BRAND, *ALWAYS) == {}


def test_a_mention_of_two_brands_goes_once_and_leaves_neither_count(store: Store) -> None:
    save(store, made("old", at=NOW - 1001 * DAY, links=(Link("A"), Link("B"))))
    assert store.retain(NOW, text_for=90 * DAY, counts_for=1000 * DAY).deleted == 1
    assert store.counters("A", *ALWAYS) == store.counters("B", *ALWAYS) == {}


def test_closed_incidents_lose_their_quotes_with_the_texts(store: Store) -> None:
    closed = incident(1, state=IncidentState.CLOSED, closed_at=NOW - 91 * DAY)
    still_open = incident(2)
    store.apply_decision(Decision((closed, still_open)), NOW)
    assert store.retain(NOW, text_for=90 * DAY, counts_for=1000 * DAY).incidents == 1
    old, new = store.incident(1), store.incident(2)
    assert old is not None
    assert old.evidence is not None
    assert (old.evidence.first, old.evidence.examples, old.evidence.mentions) == (None, (), 212)
    assert new == still_open


def test_small_logs_are_kept_short(store: Store) -> None:
    save(store, refusals=(Refusal("line 1", "x"),), now=NOW - 31 * DAY)
    store.first_time("click", NOW - 8 * DAY)
    store.heard("tags", NOW - 1002 * DAY, NOW - 1001 * DAY)
    keep(store)
    assert store.refusals() == []
    assert store.first_time("click", NOW)
    assert store.coverage_spans(NOW - 2000 * DAY, NOW) == {}


def test_an_author_is_erased_everywhere_and_the_counts_stay(store: Store) -> None:
    anna = author_hash(store.secret, "mastodon", "anna")
    save(store, made("1", author=anna, label="negative"), made("2", author=anna), made("3"))
    quoting = incident(1, root=MessageReference("slack", "C1", "17.1"))
    found = replace(
        quoting, evidence=replace(quoting.evidence, first=replace(quoting.evidence.first, mention_id=1))
    )
    store.apply_decision(Decision((found, incident(2))), NOW)
    assert len(store.export_author("mastodon", "anna")) == 2
    done = store.erase(NOW, platform="mastodon", author="anna")
    assert (done.mentions, done.incidents) == (2, (1,))
    assert done.messages == (MessageReference("slack", "C1", "17.1"),)
    assert store.export_author("mastodon", "anna") == []
    assert [row.text for row in store.rows(BRAND, *ALWAYS)] == ["", "", "text of 3"]
    assert brand_sums(store) == [(NOW, (3, 1, 0))]
    cleaned = store.incident(1)
    assert cleaned is not None
    assert cleaned.evidence is not None
    assert (cleaned.evidence.first, len(cleaned.evidence.examples)) == (None, 2)


def test_an_author_of_the_same_name_on_another_platform_is_somebody_else(store: Store) -> None:
    save(store, made("1", author=author_hash(store.secret, "bluesky", "anna")))
    assert store.erase(NOW, platform="mastodon", author="anna").mentions == 0


def test_one_post_is_erased_and_never_comes_back(store: Store) -> None:
    save(store, made("1"), made("2"))
    assert store.erase(NOW, platform="mastodon", global_id="1").mentions == 1
    assert save(store, made("1", text="again", edited_at=NOW + HOUR)).known == 1
    assert [row.text for row in store.rows(BRAND, *ALWAYS)] == ["", "text of 2"]


def test_a_brand_goes_with_everything_but_what_others_share(store: Store) -> None:
    save(store, made("1"), made("2", links=(Link(BRAND), Link("Sydbuss"))))
    store.apply_decision(Decision((incident(1),), (TimelineEvent("opened", NOW, 1),)), NOW)
    store.set_fact(f"judged:{BRAND}", "x", NOW)
    done = store.erase(NOW, brand=BRAND)
    assert (done.mentions, done.incidents) == (1, (1,))
    assert store.brands() == ("Sydbuss",)
    assert store.counters(BRAND, *ALWAYS) == {}
    assert store.timeline(1) == ()
    assert store.fact(f"judged:{BRAND}") is None
    assert brand_sums(store, "Sydbuss") == [(NOW, (1, 0, 0))]


@pytest.mark.parametrize(
    "named", [{}, {"author": "a"}, {"platform": "p"}, {"platform": "p", "author": "a", "global_id": "g"}]
)
def test_an_erasure_must_say_of_what(store: Store, named: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="name a brand"):
        store.erase(NOW, **named)  # type: ignore[arg-type]


def test_erased_text_is_not_in_the_file_any_more(tmp_path: object) -> None:
    """Neither in free pages nor in the write-ahead log; copies made before are named."""
    from contextlib import closing
    from pathlib import Path

    from monitor.store import open_store

    path = Path(str(tmp_path)) / "store.db"
    secret_words = "a very particular complaint " * 200
    with closing(open_store(f"sqlite:///{path}", secret=b"k")) as store:
        store.migrate(NOW)
        save(store, made("1", text=secret_words))
        copy = store.backup(NOW)
        done = store.erase(NOW, platform="mastodon", global_id="1")
        assert done.backups == (copy,)
        held = b"".join(file.read_bytes() for file in path.parent.glob("store.db*") if file != copy)
        assert b"particular complaint" not in held
    with closing(sqlite3.connect(path)) as plain:
        assert plain.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@dataclass(frozen=True)
class Scored:
    label: str
    compound: float = 0.0
    p_negative: float = 0.9
    language: str = "sv"
    hostile_kind: str | None = None
    is_question: bool = False


class NewScorer:
    """Calls everything negative; remembers what it was asked."""

    version = "2"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def score(self, texts: Sequence[str], language: object = None, mask: Sequence[str] = ()) -> Sequence[Scored]:
        self.asked += texts
        return [Scored("negative") for _ in texts]


def test_history_is_scored_again_and_counted_again_in_one_switch(store: Store) -> None:
    save(
        store,
        made("1", links=(Link(BRAND), Link("Sydbuss"))),
        made("2", at=NOW - HOUR),
        made("old", at=NOW - 9 * DAY),
    )
    store.save_detector_state(BRAND, NOW, "v", {})
    seen: list[tuple[tuple[str, ...], object]] = []
    done = rescore(
        store,
        NewScorer(),
        BRAND,
        NOW - DAY,
        before_commit=lambda brands: seen.append((brands, brand_sums(store)[-1])),
    )
    assert done == 2
    assert seen == [((BRAND, "Sydbuss"), (NOW, (1, 1, 0)))]
    assert [row.label for row in store.rows(BRAND, *ALWAYS)] == ["neutral", "negative", "negative"]
    for brand in (BRAND, "Sydbuss"):
        assert store.counters(brand, *ALWAYS) == store.recount(brand, *ALWAYS)
    assert store.detector_state(BRAND, "v") is None


def test_nothing_changes_before_the_switch_and_a_broken_switch_changes_nothing(store: Store) -> None:
    save(store, made("1"))

    def broken(_: object) -> None:
        raise RuntimeError("killed here")

    scorer = NewScorer()
    with pytest.raises(RuntimeError, match="killed here"):
        rescore(store, scorer, BRAND, NOW - DAY, before_commit=broken)
    assert brand_sums(store) == [(NOW, (1, 0, 0))]
    assert rescore(store, scorer, BRAND, NOW - DAY) == 0  # what was set aside is not scored twice
    assert brand_sums(store) == [(NOW, (1, 1, 0))]
    assert scorer.asked == ["text of 1"]


def test_what_arrives_while_history_is_scored_is_in_the_switch(store: Store) -> None:
    save(store, made("1"))
    late = [made("2")]

    def arrive(_: int) -> None:
        if late:
            save(store, late.pop())

    rescore(store, NewScorer(), BRAND, NOW - DAY, progress=arrive)
    assert brand_sums(store) == [(NOW, (2, 2, 0))]


def test_texts_that_are_gone_keep_their_old_score(store: Store) -> None:
    save(store, made("old", at=NOW - 91 * DAY, label="positive"))
    keep(store)
    scorer = NewScorer()
    assert rescore(store, scorer, BRAND, NOW - 900 * DAY) == 0
    assert scorer.asked == []
    assert store.rows(BRAND, *ALWAYS)[0].label == "positive"
