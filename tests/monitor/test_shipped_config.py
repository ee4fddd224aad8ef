"""The config that is shipped: it loads, runs without a key, and shows a whole mandate."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from alerts.actions import ActionKind
from alerts.rights import POWERS, may
from detectors.signal import Level
from monitor.config import Config
from monitor.config_loader import load_config, parse_config
from monitor.demo.show import demo_config

FILE = Path(__file__).parents[2] / "config.yaml"
SECRETS = {
    "SLACK_BOT_TOKEN": "xoxb-1",
    "SLACK_APP_TOKEN": "xapp-1",
    "SUPPORT_DESK_TOKEN": "a-long-random-word",
    "FALLBACK_ADDRESS": "mailto://user:password@mail.example",
}


@pytest.fixture(scope="module")
def shipped() -> Config:
    return load_config(FILE, {}, year=2026).config


def test_without_any_key_it_loads_and_names_what_is_off() -> None:
    loaded = load_config(FILE, {}, year=2026)
    assert [source.name for source in loaded.sources] == ["drop"]
    assert {one.variable for one in loaded.off} == {"SLACK_BOT_TOKEN", "SUPPORT_DESK_TOKEN", "FALLBACK_ADDRESS"}
    assert loaded.config.alerts.slack is None


def test_with_its_keys_everything_is_on() -> None:
    loaded = load_config(FILE, SECRETS, year=2026)
    assert not loaded.off
    assert [source.name for source in loaded.sources] == ["drop", "support-desk"]
    assert loaded.config.alerts.slack is not None
    assert loaded.config.alerts.fallback


@pytest.mark.parametrize("year", range(2026, 2031))
def test_its_mandate_has_no_gap_at_any_hour_of_the_next_years(year: int) -> None:
    load_config(FILE, {}, year=year)


def test_its_folder_is_shipped_with_it(shipped: Config) -> None:
    folder = FILE.parent / shipped.sources[0].folder
    assert folder.is_dir()


def test_what_stands_commented_out_loads_when_the_marks_are_taken_away() -> None:
    """The examples are settings, not prose: without their marks they must be right, too."""
    keys = "type|name|urls|every|kind|instance|hashtags|planned_events|starts|ends|themes|factor"
    setting = re.compile(rf"^(\s*)# ((?:  )*(?:- )?(?:{keys}):.*)$")
    lines = [setting.sub(r"\1\2", line) for line in FILE.read_text(encoding="utf-8").splitlines()]
    config = parse_config("\n".join(lines), environment={}, year=2026).config
    assert {"rss", "mastodon"} <= {source.type for source in config.sources}
    assert config.detection.planned_events[0].name == "New timetable"


def test_every_theme_of_the_brand_that_has_a_plan_is_a_theme(shipped: Config) -> None:
    assert set(shipped.mandate.themes) <= set(shipped.brands[0].themes)


def test_what_may_be_done_is_named_as_the_monitor_names_it(shipped: Config) -> None:
    assert set(shipped.mandate.may) <= {*ActionKind, *POWERS}


def test_customer_service_may_stand_down_a_watch_and_not_a_crisis(shipped: Config) -> None:
    at = datetime(2026, 3, 5, 12, tzinfo=UTC)
    assert may(shipped.mandate, "stand_down", "bilal", level=Level.WATCH, at=at)
    assert not may(shipped.mandate, "stand_down", "bilal", level=Level.CRISIS, at=at)
    assert may(shipped.mandate, "stand_down", "astrid", level=Level.CRISIS, at=at)


@pytest.mark.parametrize("language", ["sv", "nb", "nn", "da", "fi", "en"])
def test_the_demo_loads_in_every_language(language: str) -> None:
    assert demo_config(language).language == language


def test_a_post_about_none_of_the_brands_is_judged_and_counted_as_unmatched(shipped: Config) -> None:
    """A news feed is mostly about others; its posts must not stop the source."""
    from monitor.assembly import build_ingestor
    from monitor.collectors.base import Batch
    from monitor.mention import Mention
    from monitor.store.store import open_store

    now = datetime(2026, 3, 5, 12, tzinfo=UTC)
    store = open_store("sqlite://", secret=b"any")
    store.migrate(now)
    post = Mention("rss", "1", "news", "Nothing about trains at all today", created_at=now)
    prepared = build_ingestor(shipped, store).prepare(Batch(mentions=(post,)), now=now)
    store.close()
    assert prepared.unmatched == 1
    assert not prepared.refusals
