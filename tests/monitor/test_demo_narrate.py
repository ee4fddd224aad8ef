"""What the narrator prints of days, messages and timelines."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from alerts.card_parts import Card, Line
from alerts.channels.base import RenderedMessage
from alerts.incident import Acknowledgement, Incident, IncidentState, TimelineEvent
from detectors.signal import Level, Onset, Scope
from monitor.demo.narrate import EVENTS, Narrator

AT = datetime(2026, 3, 5, 15, 50, tzinfo=UTC)
ALERT = RenderedMessage(
    key="INC-1/1",
    card=Card(
        "Warning: Nordtåg · payment",
        "en",
        number=1,
        level=Level.WARNING,
        lead="24 different people were unhappy.",
        lines=(Line("Since", "16:40"),),
    ),
    place="#krisgrupp",
    pings=("U0ASTRID", "U0STRANGER"),
)


class Told:
    """A narrator and what it has printed so far."""

    def __init__(self, width: int = 100) -> None:
        self.out = io.StringIO()
        self.pauses: list[float] = []
        console = Console(file=self.out, width=width, highlight=False)
        names = {"U0ASTRID": "Astrid Lund", "astrid": "Astrid Lund"}
        self.narrator = Narrator(console, ZoneInfo("Europe/Stockholm"), names, self.pauses.append)

    @property
    def text(self) -> str:
        return self.out.getvalue()


@pytest.fixture
def told() -> Told:
    return Told()


def test_a_quiet_day_says_that_nobody_was_disturbed(told: Told) -> None:
    told.narrator.day(date(2026, 3, 2), [0] * 6 + [5, 12, 20] + [8] * 15, people=19, told=0)
    assert "Mon" in told.text
    assert "157 posts, 19 unhappy people: nobody was disturbed" in told.text


@pytest.mark.parametrize(("sent", "words"), [(1, "1 message sent"), (8, "8 messages sent")])
def test_a_loud_day_says_how_many_messages_went_out(told: Told, sent: int, words: str) -> None:
    told.narrator.day(date(2026, 3, 5), [40] * 24, people=300, told=sent)
    assert words in told.text


def test_the_highest_hour_has_the_highest_bar_and_an_empty_one_none(told: Told) -> None:
    told.narrator.day(date(2026, 3, 5), [0, 1, 80] + [0] * 21, people=3, told=0)
    assert " ▁█ " in told.text


def test_an_alert_is_shown_whole_with_whom_it_calls(told: Told) -> None:
    told.narrator.message(AT, ALERT)
    for words in (
        "Thu 16:50",
        "#krisgrupp",
        "calls Astrid Lund, U0STRANGER",
        "24 different people",
        "Since: 16:40",
    ):
        assert words in told.text
    assert told.pauses


def test_the_same_level_is_shown_whole_once_and_a_copy_is_a_line(told: Told) -> None:
    told.narrator.message(AT, ALERT)
    before = told.text
    told.narrator.message(AT, RenderedMessage("INC-1/2", ALERT.card, place="#kundservice"))
    assert told.text.removeprefix(before).strip() == "Thu 16:50  #kundservice gets a copy."


def test_a_reply_is_a_line_under_the_alert(told: Told) -> None:
    card = Card("Warning", "en", number=1, level=Level.WARNING, opening="Astrid Lund has taken it on.")
    told.narrator.message(AT, RenderedMessage("INC-1/3", card, place="C1", thread="1"))
    assert told.text.strip() == "Thu 16:50  ↳ in the thread: Astrid Lund has taken it on."


@pytest.mark.parametrize("width", [60, 80, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    told = Told(width)
    told.narrator.begin("title", "words " * 60)
    told.narrator.message(AT, ALERT)
    told.narrator.caption(AT, "long " * 60)
    assert max(len(line) for line in told.text.splitlines()) <= width


@pytest.mark.parametrize("kind", sorted(EVENTS))
def test_every_event_that_is_told_can_be_told_without_its_data(told: Told, kind: str) -> None:
    told.narrator.event(TimelineEvent(kind, AT, 1, "astrid", data={"first": 1}))
    assert told.text.startswith("  Thu 16:50  ")
    assert "{" not in told.text


def test_events_that_messages_tell_are_not_told_twice(told: Told) -> None:
    told.narrator.event(TimelineEvent("told", AT, 1))
    assert told.text == ""


def test_only_our_first_post_is_told() -> None:
    told = Told()
    told.narrator.event(TimelineEvent("own_post", AT, 1, "own_account", data={"first": 0}))
    assert told.text == ""


def test_who_acts_is_called_by_name(told: Told) -> None:
    told.narrator.event(TimelineEvent("acknowledged", AT, 1, "astrid"))
    assert "Astrid Lund takes it." in told.text


@pytest.mark.parametrize("hostile", ["[red]x[/red]", "\x1b[31mx", "{who}", "a]b["])
def test_what_people_wrote_is_text_and_never_markup_or_an_escape_sequence(told: Told, hostile: str) -> None:
    told.narrator.event(TimelineEvent("message", AT, 1, "astrid", data={"text": hostile}))
    told.narrator.caption(AT, hostile)
    assert "\x1b" not in told.text
    assert hostile.replace("\x1b", "\N{REPLACEMENT CHARACTER}") in told.text


def test_the_end_remembers_each_incident_and_says_what_to_do_next(told: Told) -> None:
    incident = Incident(
        number=3,
        brand="Nordtåg",
        level=Level.CALM,
        state=IncidentState.CLOSED,
        opened_at=AT,
        scopes=frozenset({Scope("Nordtåg")}),
        peak_level=Level.CRISIS,
        levels=((Level.WARNING, AT), (Level.CRISIS, AT.replace(hour=17))),
        onset=Onset(AT, AT, AT),
        acknowledgement=Acknowledgement("astrid", AT, "slack", Level.CRISIS),
    )
    told.narrator.end([incident], ["next: init"])
    for words in (
        "INC-3 reached crisis",
        "warning Thu 16:50",
        "crisis Thu 18:50",
        "taken by Astrid Lund",
        "next: init",
    ):
        assert words in " ".join(told.text.split())
