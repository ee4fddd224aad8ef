"""The pages, health and metrics over HTTP: what people on this machine see, and what strangers do not."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace

import httpx
import pytest

from alerts.actions import Action, ActionKind
from monitor.assembly import build_monitor
from monitor.clock import SimulatedClock
from monitor.config_loader import parse_config
from monitor.recording import RecordingChannel
from monitor.store import open_store
from monitor.web.app import build_app
from monitor.web.pages import learnt_words

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script>\u202e <!channel>"
CONFIG = """
timezone: UTC
brands: [{name: Nordtåg}]
mandate:
  people: {anna: {name: Anna Ek, slack: U1}}
  roles: {crisis_group: {people: [anna]}, customer_service: {people: [anna]}}
"""


class Site:
    """A daemon's web side without its schedule."""

    def __init__(self) -> None:
        self.clock = SimulatedClock(NOON)
        self.loaded = parse_config(CONFIG, environment={}, year=2026)
        self.store = open_store("sqlite://", secret=b"any")
        self.store.migrate(NOON)
        channel = RecordingChannel()
        channels = {"console": channel, "slack": channel}
        self.monitor = build_monitor(self.loaded.config, self.store, self.clock, channels)
        self.monitor.pipeline.start(NOON)
        self.watch = SimpleNamespace(failures=[])
        self.schedule = SimpleNamespace(wake=lambda name: None)
        self.app = build_app(self)

    def flag(self, text: str) -> None:
        data = {"text": text, "brand": "Nordtåg"}
        self.monitor.pipeline.act(Action(ActionKind.FLAG, "anna", NOON, "cli", data=data))

    def get(self, path: str, client: str = "127.0.0.1") -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, client=(client, 1234))
            async with httpx.AsyncClient(transport=transport, base_url="http://monitor") as http:
                return await http.get(path)

        return asyncio.run(ask())


@pytest.fixture
def site():
    made = Site()
    yield made
    made.store.close()


def test_a_quiet_page_says_so_and_what_is_not_learnt_yet(site):
    page = site.get("/")
    assert page.status_code == 200
    assert "All quiet" in page.text
    assert "no baseline yet" in page.text


def test_an_incident_is_listed_and_has_its_page_with_card_and_timeline(site):
    site.flag("three calls about double charges")
    assert "INC-1" in site.get("/").text
    page = site.get("/incidents/1")
    assert "double charges" in page.text
    assert "flagged" in page.text
    assert site.get("/incidents/2").status_code == 404
    assert site.get("/incidents/one").status_code == 422


def test_hostile_words_arrive_as_text(site):
    site.flag(HOSTILE)
    for path in ("/", "/incidents/1"):
        page = site.get(path).text
        assert "<script" not in page
        assert "\u202e" not in page


@pytest.mark.parametrize("client", ["10.0.0.7", "192.168.1.4", "2001:db8::1", "nonsense"])
def test_strangers_see_no_page_but_may_ask_for_health(site, client):
    assert site.get("/", client).status_code == 403
    assert site.get("/incidents/1", client).status_code == 403
    assert site.get("/healthz", client).status_code == 200


def test_pages_load_nothing_run_nothing_and_are_not_kept(site):
    for path in ("/", "/healthz", "/metrics", "/nowhere"):
        headers = site.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["x-frame-options"] == "DENY"
        assert headers["cache-control"] == "no-store"


def test_health_follows_the_audit(site):
    assert site.get("/healthz").json() == {"well": True, "failures": []}
    site.watch.failures.append("source feed: silent")
    answer = site.get("/healthz")
    assert (answer.status_code, answer.json()["failures"]) == (503, ["source feed: silent"])
    assert "source feed: silent" in site.get("/").text


def test_metrics_count_open_incidents_by_level(site):
    site.flag("odd calls")
    text = site.get("/metrics").text
    assert 'crisis_monitor_incidents_open{level="watch"} 1.0' in text
    assert "crisis_monitor_healthy 1.0" in text


@pytest.mark.parametrize(
    ("days", "cold", "words"),
    [(0.5, True, "no baseline yet"), (1.5, False, "36 hours"), (12.2, False, "12 days")],
)
def test_how_much_is_learnt_is_said_in_words(days, cold, words):
    assert learnt_words(days, cold).startswith(words)
