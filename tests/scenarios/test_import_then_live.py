"""History that was imported teaches the same as history that was watched."""

from __future__ import annotations

from datetime import timedelta
from itertools import chain

from monitor.assembly import build_monitor
from monitor.clock import SimulatedClock
from monitor.config_loader import parse_config
from monitor.importing import import_mentions
from monitor.jobs import Job, run_simulated
from monitor.recording import RecordingChannel
from monitor.replay import FEED_EVERY, Feed, in_order, replay
from monitor.store.store import open_store
from tests.monitor.stream import START, quiet, seen, surge

CONFIG = parse_config("timezone: UTC\nbrands: [{name: Nordtåg}]", environment={}, year=2026).config
LIVE_FROM = START + timedelta(days=3)
POSTS = seen(chain(quiet(4), surge(START + timedelta(days=3, hours=10), 150, timedelta(hours=2))))
END = START + timedelta(days=3, hours=15)


def incidents_of(store):
    """What is compared: levels with their times, from when we are live."""
    found = sorted(store.list_incidents(limit=100), key=lambda incident: incident.number)
    return [
        [(level.label, at) for level, at in incident.levels if at >= LIVE_FROM + timedelta(hours=6)]
        for incident in found
        if incident.opened_at >= LIVE_FROM + timedelta(hours=6)
    ]


def test_imported_and_watched_history_lead_to_the_same_incidents():
    posts = [post for post in POSTS if post.created_at < END]
    watched = replay(CONFIG, posts)
    expected = incidents_of(watched.monitor.store)
    watched.close()
    assert expected, "the surge must be seen at all"

    store, clock = open_store("sqlite://", secret=b"replay"), SimulatedClock(LIVE_FROM)
    store.migrate(LIVE_FROM)
    ordered, _ = in_order(posts)
    import_mentions(store, CONFIG, [post for post in ordered if post.created_at < LIVE_FROM], clock)
    assert store.list_incidents() == ()
    channel = RecordingChannel()
    monitor = build_monitor(CONFIG, store, clock, {"console": channel, "slack": channel})
    monitor.pipeline.start(LIVE_FROM)
    feed = Feed(monitor, [post for post in ordered if post.created_at >= LIVE_FROM])
    run_simulated(
        [Job("feed", FEED_EVERY, feed.run, aligned=True), *monitor.simulated_jobs()],
        clock,
        END + timedelta(hours=1),
    )
    found = incidents_of(store)
    store.close()
    assert found == expected


def test_an_import_does_not_swallow_what_was_collected_and_not_yet_judged():
    """The daemon dies in the middle of a surge, and somebody imports older posts before it is started again."""
    store, clock = open_store("sqlite://", secret=b"replay"), SimulatedClock(LIVE_FROM)
    store.migrate(LIVE_FROM)
    ordered, _ = in_order(POSTS)
    older = [post for post in ordered if post.created_at < LIVE_FROM - timedelta(days=1)]
    import_mentions(store, CONFIG, [p for p in ordered if p not in older and p.created_at < LIVE_FROM], clock)
    monitor = build_monitor(CONFIG, store, clock, {})
    monitor.pipeline.start(LIVE_FROM)
    feed = Feed(monitor, [post for post in ordered if post.created_at >= LIVE_FROM])
    quiet_until, killed_at = LIVE_FROM + timedelta(hours=10), LIVE_FROM + timedelta(hours=12)
    run_simulated([Job("feed", FEED_EVERY, feed.run, aligned=True), *monitor.simulated_jobs()], clock, quiet_until)
    run_simulated([Job("feed", FEED_EVERY, feed.run, aligned=True)], clock, killed_at)  # collected, never judged
    known = {incident.number for incident in store.list_incidents(limit=100)}
    import_mentions(store, CONFIG, older, clock)
    found = [incident for incident in store.list_incidents(limit=100) if incident.number not in known]
    assert found
    assert all(quiet_until - timedelta(hours=1) <= incident.opened_at <= killed_at for incident in found)
    assert store.notifications(), "the daemon tells it when it starts again"
    store.close()
