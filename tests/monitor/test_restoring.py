"""What is rebuilt from the counters is what was there: a deaf source blinds as much as before the restart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from detectors.observation import BUCKET
from detectors.signal import Scope
from monitor.config_loader import parse_config
from monitor.coverage import Coverage
from monitor.restoring import counted_observations, new_window
from monitor.store.store import Store
from tests.monitor.store.making import made, save

NOON = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
CONFIG = parse_config(
    """
timezone: UTC
brands: [{name: Nordtåg, keywords: [nordtåg]}]
sources:
  - {type: rss, name: big, urls: ["http://127.0.0.1/big"]}
  - {type: rss, name: small, urls: ["http://127.0.0.1/small"]}
""",
    environment={},
    year=2026,
).config


def fill(store: Store) -> None:
    """Thirty hours: the big source brings eight posts an hour, the small one one."""
    for minute in range(0, 30 * 60, 7):
        when = NOON - timedelta(minutes=minute + 1)
        source = "small" if minute % 63 == 0 else "big"
        save(store, made(f"m{minute}", at=when, seen=when, source=source), source=source, now=when)


def deaf_to(name: str) -> Coverage:
    """Both sources were heard for two days, one of them not since eleven o'clock."""
    begin = NOON - timedelta(days=2)
    return Coverage({n: [(begin, NOON - timedelta(hours=n == name))] for n in ("big", "small")})


@pytest.mark.parametrize(("deaf", "least", "most"), [("small", 0.85, 0.95), ("big", 0.05, 0.15)])
def test_a_deaf_source_blinds_by_what_it_brought_live_and_rebuilt(
    store: Store, deaf: str, least: float, most: float
) -> None:
    fill(store)
    window, coverage, brand = new_window(CONFIG, "Nordtåg"), deaf_to(deaf), Scope("Nordtåg")
    window.add(store.rows("Nordtåg", NOON - timedelta(hours=30), NOON))
    since = NOON - timedelta(minutes=30)
    rebuilt = list(counted_observations(store, CONFIG, "Nordtåg", coverage, since, NOON))
    assert [seen.at for seen in rebuilt] == [since + BUCKET * (k + 1) for k in range(6)]
    for seen in rebuilt:
        live = window.observe(seen.at, coverage.at(seen.at, "Nordtåg", CONFIG.sources))
        assert seen.scopes[brand].covered == live.scopes[brand].covered
        assert least < live.scopes[brand].covered < most
