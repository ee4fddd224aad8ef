"""What evidence is written from is read from the store once, and again when it was let go."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.recent_texts import RecentTexts
from monitor.store.store import Store
from tests.monitor.store.making import made, save

NOON = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)


@pytest.fixture
def ids(store: Store) -> list[int]:
    """Six stored mentions."""
    for number in range(6):
        when = NOON + timedelta(minutes=number)
        save(store, made(f"m{number}", at=when, seen=when), source="big", now=when)
    return [row.mention_id for row in store.rows("Nordtåg", NOON, NOON + timedelta(hours=1))]


def test_mentions_come_in_the_order_asked_for_and_unknown_ones_are_left_out(store: Store, ids: list[int]) -> None:
    texts = RecentTexts(store)
    asked = [ids[4], 10**6, ids[0], ids[2]]
    for _ in range(2):
        assert [row.mention_id for row in texts.read("Nordtåg", asked)] == [ids[4], ids[0], ids[2]]
    assert texts.read("Another", asked) == []


def test_what_is_kept_is_not_read_again(store: Store, ids: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    texts, read = RecentTexts(store), store.rows_by_id
    texts.keep("Nordtåg", read(ids[:4], "Nordtåg"))
    asked: list[list[int]] = []
    monkeypatch.setattr(
        store, "rows_by_id", lambda wanted, brand: asked.append(list(wanted)) or read(wanted, brand)
    )
    assert texts.read("Nordtåg", ids) == read(ids, "Nordtåg")
    assert texts.read("Nordtåg", ids) == read(ids, "Nordtåg")
    assert asked == [ids[4:], []]


def test_a_changed_mention_takes_the_place_of_what_was_kept(store: Store, ids: list[int]) -> None:
    texts = RecentTexts(store)
    (before,) = texts.read("Nordtåg", ids[:1])
    texts.keep("Nordtåg", [replace(before, text="edited")])
    assert [row.text for row in texts.read("Nordtåg", ids[:1])] == ["edited"]


def test_the_longest_unused_are_let_go(store: Store, ids: list[int]) -> None:
    texts = RecentTexts(store, most=3)
    texts.read("Nordtåg", ids[:3])
    texts.read("Nordtåg", ids[:1])
    texts.read("Nordtåg", ids[3:5])
    assert len(texts) == 3
    assert {number for _, number in texts._kept} == {ids[0], ids[3], ids[4]}
    texts.clear()
    assert len(texts) == 0
