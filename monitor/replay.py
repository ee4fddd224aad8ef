"""Recorded mentions through the whole pipeline on a simulated clock, in a throw-away database.

The same job table runs as in the daemon; only the sources are replaced by a job that hands over what had been seen
by the simulated time, and messages are kept instead of sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from alerts.card_lines import lead_sentence
from alerts.incident import Incident
from alerts.texts.reader import Reader
from detectors.signal import Quote
from monitor.assembly import Monitor, build_monitor
from monitor.brand_state import whole_hour
from monitor.clock import SimulatedClock, SystemClock
from monitor.collectors.base import Batch
from monitor.config import Config
from monitor.jobs import Job, run_simulated
from monitor.mention import Mention, Refusal
from monitor.mention_files import read_mentions
from monitor.output import FAILED, FINE, Output, amount, show_time
from monitor.recording import RecordingChannel
from monitor.store.store import open_store

FEED_EVERY = timedelta(minutes=5)
AFTERWARDS = timedelta(hours=1)
"""How long the clock runs on after the last mention: its bucket, and deadlines after it, are judged, too."""

SOURCE = "replay"


@dataclass
class Replayed:
    """What a replay leaves behind: the monitor with its store, the messages, and the span that was simulated."""

    monitor: Monitor
    channel: RecordingChannel
    mentions: int
    skipped: tuple[Refusal, ...]
    begins: datetime | None
    ends: datetime | None
    seconds: float = 0.0

    def close(self) -> None:
        """Let the throw-away database go."""
        self.monitor.store.close()


@dataclass
class Feed:
    """Hands mentions over as simulated time passes, in order of when they were first seen."""

    monitor: Monitor
    mentions: Sequence[Mention]
    position: int = 0

    def run(self, now: datetime) -> None:
        """Store everything that had been seen by `now`."""
        first = self.position
        while self.position < len(self.mentions) and _seen_at(self.mentions[self.position]) <= now:
            self.position += 1
        if self.position > first:
            self.monitor.sink.save(SOURCE, Batch(mentions=tuple(self.mentions[first : self.position])))


def replay(
    config: Config,
    mentions: Iterable[Mention],
    *,
    skipped: Sequence[Refusal] = (),
    history: Sequence[Mention] = (),
    channel: RecordingChannel | None = None,
    besides: Callable[[Monitor], Sequence[Job]] = lambda _monitor: (),
) -> Replayed:
    """Run mentions through the pipeline. Those without any time are left out (and counted as skipped).

    `history` (from before) is learnt first and alarms nobody. Messages are kept in `channel`; `besides` gives
    further jobs (people who act, somebody who looks on).
    """
    wall = SystemClock()
    started = wall.monotonic()
    ordered, undated = in_order(mentions)
    begins = whole_hour(_seen_at(ordered[0])) if ordered else None
    ends = _seen_at(ordered[-1]) if ordered else None
    channel = channel or RecordingChannel()
    monitor = _simulated_monitor(config, ordered, history, begins or wall.now(), channel)
    if begins is not None and ends is not None:
        feed = Feed(monitor, ordered)
        jobs = [
            Job("feed", FEED_EVERY, feed.run, aligned=True),
            *monitor.simulated_jobs(),
            *besides(monitor),
        ]
        assert isinstance(monitor.clock, SimulatedClock)
        run_simulated(jobs, monitor.clock, ends + AFTERWARDS)
    seconds = wall.monotonic() - started
    return Replayed(monitor, channel, len(ordered), (*skipped, *undated), begins, ends, seconds)


def in_order(mentions: Iterable[Mention]) -> tuple[list[Mention], list[Refusal]]:
    """Mentions by the time they were first seen (the platform's own time where the file has no other)."""
    dated: list[Mention] = []
    undated: list[Refusal] = []
    for mention in mentions:
        when = mention.first_seen_at or mention.created_at
        if when is None:
            undated.append(Refusal(mention.global_id, "it has no time, so it cannot be replayed"))
        else:
            dated.append(replace(mention, first_seen_at=when))
    dated.sort(key=lambda mention: (_seen_at(mention), mention.global_id))
    return dated, undated


def _simulated_monitor(
    config: Config,
    mentions: Sequence[Mention],
    history: Sequence[Mention],
    begins: datetime,
    channel: RecordingChannel,
) -> Monitor:
    known = {brand.name for brand in config.brands}
    named = dict.fromkeys(brand for mention in mentions for brand in mention.brands if brand not in known)
    store = open_store("sqlite://", secret=b"replay")
    clock = SimulatedClock(begins)
    store.migrate(begins)
    if history:
        from monitor.importing import import_mentions  # which itself reads files as we do

        import_mentions(store, config, history, clock)
    channels = dict.fromkeys(("console", "slack", "fallback", *config.alerts.channels), channel)
    monitor = build_monitor(config.model_copy(update={"sources": ()}), store, clock, channels)
    monitor.pipeline.start(begins)
    for brand in named:
        monitor.pipeline.arrived(brand, (), begins)
    return monitor


def _seen_at(mention: Mention) -> datetime:
    assert mention.first_seen_at is not None
    return mention.first_seen_at


@dataclass
class Files:
    """Mentions read from files, with what had to be skipped."""

    mentions: list[Mention] = field(default_factory=list)
    skipped: list[Refusal] = field(default_factory=list)


def read_files(files: Sequence[Path], brand: str | None) -> Files:
    """Read mentions files; lines without a brand get `brand`. Raises FileNotFoundError."""
    found = Files()
    for file in files:
        for item in read_mentions(file):
            if isinstance(item, Refusal):
                found.skipped.append(Refusal(f"{file.name}: {item.where}", item.why))
            else:
                found.mentions.append(replace(item, brands=(brand,)) if brand and not item.brands else item)
    return found


def replay_files(
    files: Sequence[Path], output: Output, *, config: Path | None, brand: str | None, report: Path | None
) -> int:
    """The command `replay`."""
    from monitor.config_loader import load_config

    chosen = load_config(config).config if config else Config()
    read = read_files(files, brand)
    for refusal in read.skipped:
        output.complain(f"skipped {refusal.where}: {refusal.why}")
    replayed = replay(chosen, read.mentions, skipped=read.skipped)
    try:
        output.answer(summary(replayed), "\n".join(_lines(replayed)))
        if report is not None:
            from monitor.replay_report import write_report

            write_report(replayed, report)
    finally:
        replayed.close()
    return FINE if replayed.mentions else FAILED


def summary(replayed: Replayed) -> dict[str, Any]:
    """The answer of `replay --json`."""
    store = replayed.monitor.store
    found = sorted(store.list_incidents(limit=100_000), key=lambda incident: incident.number)
    return {
        "mentions": replayed.mentions,
        "skipped": len(replayed.skipped),
        "from": show_time(replayed.begins),
        "to": show_time(replayed.ends),
        "seconds": round(replayed.seconds, 2),
        "incidents": [incident_summary(replayed.monitor, incident) for incident in found],
    }


def incident_summary(monitor: Monitor, incident: Incident) -> dict[str, Any]:
    """One incident of the answer."""
    first = incident.evidence.first if incident.evidence else None
    sent = [n for n in monitor.store.notifications(incident=incident.number) if n.sent_at is not None]
    return {
        "id": f"INC-{incident.number}",
        "brand": incident.brand,
        "opened_at": show_time(incident.opened_at),
        "onset_at": show_time(incident.onset.at if incident.onset else None),
        "closed_at": show_time(incident.closed_at),
        "peak_level": incident.peak_level.label,
        "levels": [{"level": level.label, "at": show_time(at)} for level, at in incident.levels],
        "epicentre": _epicentre(monitor, first),
        "themes": list(incident.themes),
        "notifications": len(sent),
        "why": why(monitor, incident),
    }


def _epicentre(monitor: Monitor, first: Quote | None) -> dict[str, Any] | None:
    if first is None:
        return None
    return {"id": monitor.store.global_id(first.mention_id), "url": first.url, "at": show_time(first.at)}


def why(monitor: Monitor, incident: Incident) -> str:
    """The sentence that explains the incident at its highest."""
    config = monitor.config
    at = incident.opened_at
    return lead_sentence(incident, Reader(config.alerts.language or config.language, config.timezone, at))


def _lines(replayed: Replayed) -> Iterator[str]:
    data = summary(replayed)
    span = f" from {data['from']} to {data['to']}" if data["mentions"] else ""
    yield f"{amount(data['mentions'], 'mention')}{span}, {data['skipped']} skipped."
    if not data["incidents"]:
        yield "No incident: nobody would have been told."
    for incident in data["incidents"]:
        rises = ", ".join(f"{rise['level']} {rise['at']}" for rise in incident["levels"])
        yield f"{incident['id']} {incident['brand']}: {rises} (onset {incident['onset_at']})"
        yield f"    {incident['why']}"
