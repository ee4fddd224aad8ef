"""What open incidents quote follows what people do with their posts."""

from __future__ import annotations

from dataclasses import replace

from alerts.incident import Decision, Incident, IncidentState
from detectors.signal import Evidence, Quote, Signal
from monitor.mention import Removal
from monitor.store import Store
from monitor.store.quotes import quoted_ids
from tests.monitor.store.making import NOW, made, save
from tests.monitor.store.test_incidents import incident


def quoting(store: Store, number: int, *ids: int, **changes: object) -> Incident:
    """A stored incident whose first, loudest and example posts are the given mentions."""
    quotes = tuple(Quote(found.mention_id, found.event_time, found.text) for found in store.rows_by_id(ids))
    evidence = Evidence(mentions=len(ids), first=quotes[0], loudest=quotes[-1], examples=quotes)
    signal: Signal = incident().signals[0]
    signals = (replace(signal, evidence=evidence, mention_ids=ids),)
    opened = incident(number, evidence=evidence, signals=signals, mention_ids=frozenset(ids), **changes)
    store.apply_decision(Decision(incidents=(opened,)), NOW)
    return opened


def texts(store: Store, number: int = 1) -> list[str]:
    """Everything that an incident quotes: of its evidence, then of its signals'."""
    found = store.incident(number)
    assert found is not None
    shown: list[str] = []
    for evidence in (found.evidence, *(signal.evidence for signal in found.signals)):
        assert evidence is not None
        shown += [quote.text for quote in (evidence.first, evidence.loudest, *evidence.examples) if quote]
    return shown


def test_a_deleted_post_is_quoted_no_more_and_still_counted(store: Store) -> None:
    ids = save(store, made("gone"), made("kept")).taken
    quoting(store, 1, *ids)
    save(store, removals=(Removal("mastodon", "gone"),))
    assert set(texts(store)) == {"text of kept"}
    found = store.incident(1)
    assert found is not None
    assert found.evidence is not None
    assert (found.evidence.mentions, found.mention_ids) == (2, frozenset(ids))
    assert quoted_ids(found) == {ids[1]}


def test_an_edited_post_is_quoted_as_it_is_now(store: Store) -> None:
    ids = save(store, made("edited"), made("kept")).taken
    quoting(store, 1, *ids)
    save(store, made("edited", text="I take it back. " * 100, edited_at=NOW))
    assert {text[:16] for text in texts(store)} == {"I take it back. ", "text of kept"}
    assert max(map(len, texts(store))) == 500


def test_closed_incidents_and_other_posts_stay_as_they_are(store: Store) -> None:
    ids = save(store, made("gone"), made("kept"), made("other")).taken
    closed = quoting(store, 1, *ids[:2], state=IncidentState.CLOSED, closed_at=NOW)
    other = quoting(store, 2, ids[1])
    save(store, removals=(Removal("mastodon", "gone"), Removal("mastodon", "other")))
    assert (store.incident(1), store.incident(2)) == (closed, other)


def test_where_posts_can_be_read_again(store: Store) -> None:
    ids = save(store, made("1"), made("2"), made("3", source="feed"), made("gone")).taken
    save(store, removals=(Removal("mastodon", "gone"),))
    assert store.places([*ids, 4711]) == {"tags": ("1", "2"), "feed": ("3",)}
    assert store.places([]) == {}
