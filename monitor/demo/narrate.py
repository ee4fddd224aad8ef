"""Tells a replay on a terminal as it happens: the quiet, the first signs, the alert, who answers, the end.

A `Narrator` only prints what it is told: captions of the story, days, messages as they were sent, and lines of
incidents' timelines. What people wrote is shown as text, never as markup.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from rich.console import Console, Group
from rich.panel import Panel
from rich.rule import Rule
from rich.text import Text

from alerts.channels.base import RenderedMessage
from alerts.incident import Incident, TimelineEvent
from alerts.renderers.plain import plain_text
from detectors.signal import Level
from monitor.output import amount, plain

BARS = " ▁▂▃▄▅▆▇█"
STYLE = {Level.CALM: "green", Level.WATCH: "cyan", Level.WARNING: "yellow", Level.CRISIS: "red"}
WIDTH = 96
LONG, SHORT = 3.0, 0.4
"""Seconds for reading: after a whole alert, after a line."""

EVENTS: Mapping[str, str] = {
    "not_acknowledged": "Nobody has answered in time. The next in the chain are called.",
    "acknowledged": "{who} takes it.",
    "message": "{who} writes what we all say now: “{text}”",
    "own_post": "Our own account has answered in public. The clock for it stops.",
    "promised": "What it promises is noted and will be asked for: “{text}”",
    "level_lowered": "Calm for long enough: the level goes down.",
    "aftercare": "Aftercare: the alarm is over, the questions are not. They are still collected.",
    "closed": "Closed.",
}
"""Lines of the timeline that are told, each as a sentence. Messages tell the rest."""


@dataclass
class Narrator:
    """Prints to `console`, times by the clock of `zone`. `pause` waits for so many seconds, or does not."""

    console: Console
    zone: ZoneInfo
    names: Mapping[str, str] = field(default_factory=dict)
    pause: Callable[[float], None] = lambda _seconds: None
    _told: set[tuple[int | None, Level]] = field(default_factory=set)

    def begin(self, title: str, words: str) -> None:
        """The title and a paragraph of what will be seen."""
        self.console.print(Panel(Text(words), title=title, width=self._width, padding=(1, 2)))
        self.pause(LONG)

    def day(self, day: date, hours: Sequence[int], people: int, told: int) -> None:
        """A day that is over: mentions by the hour, unhappy people, how many messages went out."""
        top = max(max(hours, default=0), 40)
        bars = "".join(BARS[-(-count * (len(BARS) - 1) // top)] for count in hours)
        quiet = "nobody was disturbed" if told == 0 else f"{amount(told, 'message')} sent"
        unhappy = amount(people, "unhappy person", "unhappy people")
        words = f"{day:%a} {bars} {amount(sum(hours), 'post')}, {unhappy}: "
        self.console.print(Text.assemble((words, "bold"), (quiet, "green" if told == 0 else "yellow")))
        self.pause(SHORT)

    def caption(self, at: datetime, words: str) -> None:
        """Something that happens in the story."""
        self.console.print(Text(f"  {self._clock(at)}  {plain(words)}", style="dim italic"), width=self._width)

    def message(self, at: datetime, message: RenderedMessage) -> None:
        """A message as its readers get it: the whole card the first time a level is told, else a line."""
        card = message.card
        telling = (card.number, card.level)
        if card.lines and message.thread is None and telling not in self._told:
            self._told.add(telling)
            self.console.print()
            self.console.print(self._framed(at, message))
            self.pause(LONG)
        elif message.thread is None and card.lines:
            self._line(at, Text(f"{_place(message)} gets a copy."))
        else:
            called = f" → {', '.join(self._called(message))}" if message.pings else ""
            where = "↳ in the thread" if message.thread is not None else _place(message)
            words = card.opening or card.lead or card.title
            self._line(at, Text(f"{where}{called}: {plain(words)}", style=STYLE[card.level]))

    def event(self, event: TimelineEvent) -> None:
        """A line of the timeline that no message tells."""
        again = event.kind == "own_post" and not event.data.get("first")
        if event.kind in EVENTS and not again:
            words = {key: str(value).replace("_", " ") for key, value in event.data.items()}
            who = self.names.get(event.actor, event.actor)
            self._line(event.at, Text(plain(EVENTS[event.kind].format_map(defaultdict(str, words, who=who)))))

    def end(self, incidents: Sequence[Incident], lines: Sequence[str]) -> None:
        """What there is to remember, and what to do next."""
        self.console.print(Rule(style="dim"))
        for incident in incidents:
            self.console.print(self._remembered(incident))
        for line in lines:
            self.console.print(Text(line))

    def _framed(self, at: datetime, message: RenderedMessage) -> Panel:
        called = self._called(message)
        told = Text(f"calls {', '.join(called)}", style="bold") if called else Text("calls nobody by name")
        body = Group(told, Text(""), Text(plain(plain_text(message.card, self._width - 6))))
        return Panel(
            body,
            title=Text(f" {self._clock(at)} · {_place(message)} "),
            title_align="left",
            border_style=STYLE[message.card.level],
            width=self._width,
            padding=(0, 2),
        )

    def _remembered(self, incident: Incident) -> Text:
        """One incident in a line: its levels, when it was taken, when the own account answered."""
        parts = [f"INC-{incident.number} reached {incident.peak_level.label}"]
        if incident.onset is not None:
            parts.append(f"began about {self._clock(incident.onset.at)}")
        parts += [f"{level.label} {self._clock(at)}" for level, at in incident.levels]
        if incident.acknowledgement is not None:
            parts.append(f"taken by {self.names.get(incident.acknowledgement.by, incident.acknowledgement.by)}")
        return Text(" · ".join(parts), style=STYLE[incident.peak_level])

    @property
    def _width(self) -> int:
        return min(WIDTH, self.console.width)

    def _called(self, message: RenderedMessage) -> list[str]:
        return [self.names.get(ping, ping) for ping in message.pings]

    def _line(self, at: datetime, words: Text) -> None:
        self.console.print(Text.assemble((f"  {self._clock(at)}  ", "bold"), words), width=self._width)
        self.pause(SHORT)

    def _clock(self, at: datetime) -> str:
        return f"{at.astimezone(self.zone):%a %H:%M}"


def _place(message: RenderedMessage) -> str:
    return message.place or "the alerts' channel"
