"""Puts the demo on: the story through the real pipeline on a simulated clock, a cast that acts, a narrator.

Nothing is shown that did not happen: captions are facts of the story, everything else is what the monitor decided.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.resources import files

from rich.console import Console

from alerts.channels.base import Receipt, RenderedMessage
from alerts.incident import TimelineEvent
from detectors.frame import MentionRow
from monitor.assembly import Monitor
from monitor.collectors.records import Defaults, read_record
from monitor.config import Config
from monitor.config_loader import parse_config
from monitor.demo.cast import actions
from monitor.demo.narrate import Narrator
from monitor.demo.story import CAPTIONS, FIRST_DAY, ZONE, build_story, moment
from monitor.jobs import Job
from monitor.mention import Mention
from monitor.output import FINE
from monitor.recording import RecordingChannel
from monitor.replay import replay

TITLE = "crisis-monitor: a railway's worst Thursday, in a minute"
WORDS = (
    "Nordtåg runs trains in Sweden, Norway and Denmark, and does not exist. These are five days of "
    "what people write about it, replayed through the real monitor on a fast clock. Most of it should disturb "
    "nobody. On Thursday something breaks. Frames are alerts as the crisis group would read them in Slack."
)
NEXT = (
    "",
    "That was the real pipeline: collect, match, judge, decide, tell. Next:",
    "  crisis-monitor init     write your own settings",
    "  crisis-monitor check    are they right?",
    "  crisis-monitor run      watch",
)
EVERY = timedelta(minutes=5)
AFTER_DELIVERY = timedelta(seconds=20)
"""The stage looks on when the bucket is judged and what was decided is sent."""


def run_demo(*, language: str = "en", paused: bool = False, console: Console | None = None) -> int:
    """Show the demo; alerts are in `language`. With `paused` there is time to read. Returns the exit code."""
    config = demo_config(language)
    console = console or Console(highlight=False)
    people = config.mandate.people
    names = {key: person.name for who, person in people.items() for key in (who, person.slack or who)}
    narrator = Narrator(console, ZONE, names, _wait if paused else _go_on)
    narrator.begin(TITLE, WORDS)
    stage = Stage(narrator, config)
    replayed = replay(config, demo_mentions(), channel=stage.channel, besides=stage.jobs)
    try:
        found = sorted(replayed.monitor.store.list_incidents(limit=100), key=lambda incident: incident.number)
        narrator.end(found, NEXT)
    finally:
        replayed.close()
    return FINE


def _wait(seconds: float) -> None:
    threading.Event().wait(seconds)


def _go_on(_seconds: float) -> None:
    pass


def demo_config(language: str) -> Config:
    """The demo's config with alerts in `language`. Raises ConfigError for a language that there is not."""
    text = (files(__package__) / "config.yaml").read_text(encoding="utf-8")
    return parse_config(text.replace("language: en", f"language: {language}", 1), "the demo's config", {}).config


def demo_mentions() -> list[Mention]:
    """The story as a collector would hand it over."""
    rows = build_story()
    found = [read_record(row, Defaults(row["source"], row["source"]), row["id"]) for row in rows]
    mentions = [item for item in found if isinstance(item, Mention)]
    assert len(mentions) == len(rows), "the story holds a row that is no mention"
    return mentions


@dataclass
class StageChannel(RecordingChannel):
    """Keeps messages like its parent, and those that nobody has told yet in `fresh`, with when they were sent."""

    fresh: list[tuple[datetime, RenderedMessage]] = field(default_factory=list)
    now: Callable[[], datetime] = lambda: FIRST_DAY

    def send(self, message: RenderedMessage) -> Receipt:
        """Keep a message for the narrator, too."""
        self.fresh.append((self.now(), message))
        return super().send(message)


class Stage:
    """What happens beside the pipeline on the simulated clock: the cast acts, the narrator tells what is new."""

    def __init__(self, narrator: Narrator, config: Config) -> None:
        self.channel = StageChannel()
        self._narrator = narrator
        self._config = config
        self._captions = list(CAPTIONS)
        self._told: dict[int, int] = {}
        self._running: set[int] = set()
        self._sent_before_today = 0

    def jobs(self, monitor: Monitor) -> Sequence[Job]:
        """The cast, the narrator, and the end of each day."""
        self._monitor = monitor
        self.channel.now = monitor.clock.now
        midnight = FIRST_DAY.astimezone(UTC) - FIRST_DAY.astimezone(UTC).replace(hour=0)
        return (
            Job("stage", EVERY, self._go_on, aligned=True, offset=AFTER_DELIVERY),
            Job("day", timedelta(days=1), self._day_is_over, aligned=True, offset=midnight),
        )

    def _go_on(self, now: datetime) -> None:
        """The narrator tells what is new, then the cast acts."""
        running = self._monitor.store.open_incidents()
        self._narrate(now, {incident.number for incident in running})
        for incident in running:
            for action in actions(incident, now, self._config.language):
                self._monitor.pipeline.act(action)

    def _narrate(self, now: datetime, running: set[int]) -> None:
        while self._captions and moment(*self._captions[0][:2]) <= now:
            day, clock, words = self._captions.pop(0)
            self._narrator.caption(moment(day, clock), words)
        for event in self._new_events(running):
            self._narrator.event(event)
        for at, message in self.channel.fresh:
            self._narrator.message(at, message)
        self.channel.fresh.clear()

    def _new_events(self, running: set[int]) -> Iterator[TimelineEvent]:
        """Lines that were not told yet, of what is open or was a moment ago."""
        for number in sorted(running | self._running):
            timeline = self._monitor.store.timeline(number)
            yield from timeline[self._told.get(number, 0) :]
            self._told[number] = len(timeline)
        self._running = running

    def _day_is_over(self, now: datetime) -> None:
        midnight = now.astimezone(ZONE)
        day = midnight - timedelta(days=1)
        rows = self._monitor.store.rows(self._config.brands[0].name, day.astimezone(UTC), now)
        sent = len(self.channel.sent)
        self._narrator.day(day.date(), by_hour(rows), unhappy(rows), sent - self._sent_before_today)
        self._sent_before_today = sent


def by_hour(rows: Sequence[MentionRow]) -> list[int]:
    """How many mentions (not our own) each hour of the clock had."""
    hours = [0] * 24
    for row in rows:
        if not row.own:
            hours[row.event_time.astimezone(ZONE).hour] += 1
    return hours


def unhappy(rows: Sequence[MentionRow]) -> int:
    """How many different people wrote something negative."""
    return len({row.person for row in rows if row.negative and not row.own})
