"""Incidents for cards and deliveries: one fictional railway on one Wednesday, told from quiet to closed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from alerts.card import NextStep, Plan
from alerts.incident import (
    Acknowledgement,
    CurrentMessage,
    Fact,
    Incident,
    IncidentState,
    Obligation,
    ObligationKind,
    Wait,
)
from detectors.signal import (
    Evidence,
    Explanation,
    Finding,
    Level,
    Onset,
    Quote,
    Scope,
    ScopeKind,
    Signal,
)

NOW = datetime(2026, 2, 18, 13, 20, tzinfo=UTC)
STOCKHOLM = "Europe/Stockholm"


def at(hour: int, minute: int = 0) -> datetime:
    """A UTC time of the story's day."""
    return NOW.replace(hour=hour, minute=minute)


def quote(number: int, text: str, **fields: object) -> Quote:
    """A post of the story."""
    values = {"source": "mastodon", "url": f"https://social.example/@rider/{number}", **fields}
    return Quote(mention_id=number, at=at(12, 40), text=text, **values)  # type: ignore[arg-type]


EVIDENCE = Evidence(
    mentions=52,
    negative=41,
    people=44,
    negative_people=37,
    hostile=2,
    supportive=3,
    reach=14200,
    sources=(("mastodon", 30), ("support-desk", 12), ("news", 3)),
    themes=(("delays", 33), ("payment", 6)),
    first=quote(
        1,
        "Står på Centralen sedan en timme. Ingen vet något. Tack för inget, Nordtåg",
        followers=310,
        themes=("delays",),
        negative=True,
        voice=0,
    ),
    examples=(
        quote(
            2,
            "Tredje inställda tåget i dag & ingen ersättning < skandal >",
            themes=("delays",),
            negative=True,
            voice=1,
        ),
    ),
)

PEOPLE = Signal(
    Finding(
        scope=Scope("Nordtåg", ScopeKind.THEME, "delays"),
        detector="people",
        level=Level.WARNING,
        at=at(13, 15),
        observed=37,
        expected=4,
        surprise=5.2,
        explanation=Explanation(
            "negative_people_hour",
            {
                "people": 37,
                "from": at(12, 15).isoformat(),
                "until": at(13, 15).isoformat(),
                "day_kind": "wednesday",
                "usual_low": 2,
                "usual_high": 6,
                "days_as_many": 0,
                "days": 83,
            },
        ),
    ),
    onset=Onset(at(12, 30), at(12, 15), at(12, 40)),
    mention_ids=(1, 2),
    evidence=EVIDENCE,
)

VOLUME = Signal(
    Finding(
        scope=Scope("Nordtåg"),
        detector="volume",
        level=Level.WATCH,
        at=at(13, 15),
        observed=52,
        expected=9.4,
        surprise=3.1,
        explanation=Explanation(
            "volume_surge",
            {
                "mentions": 52,
                "minutes": 60,
                "from": at(12, 15).isoformat(),
                "until": at(13, 15).isoformat(),
                "expected": 9.4,
                "days_as_high": 1,
                "days": 83,
            },
        ),
    ),
)

WARNING = Incident(
    number=12,
    brand="Nordtåg",
    level=Level.WARNING,
    state=IncidentState.OPEN,
    opened_at=at(13, 15),
    scopes=frozenset({PEOPLE.scope, VOLUME.scope}),
    peak_level=Level.WARNING,
    levels=((Level.WARNING, at(13, 15)),),
    onset=PEOPLE.onset,
    signals=(VOLUME, PEOPLE),
    evidence=EVIDENCE,
    themes=("delays", "payment"),
    card_version=1,
    root_place="#krisgrupp",
    obligations=(
        Obligation(ObligationKind.CONFIRM_PUBLICLY, due_at=at(14, 15), created_at=at(13, 15), level=Level.WARNING),
    ),
)

PLAN = Plan(
    owner="Trafikledningen",
    final_message="Kommunikationschefen",
    departments=("Trafikledningen", "Ekonomi"),
    may=("confirm_publicly", "wait", "raise"),
    told=("Krisgruppen",),
    next_steps=(
        NextStep(at(13, 30), ("Anna Berg (ställföreträdare)",)),
        NextStep(at(13, 40), ("Chefen för kundservice",)),
    ),
    confirm_at_once=True,
    holding_statement="Vi ser att många väntar på tåg. Vi återkommer här inom en timme.",
    names={"anna": "Anna Berg"},
)

CRISIS = replace(
    WARNING,
    level=Level.CRISIS,
    state=IncidentState.ACKNOWLEDGED,
    levels=((Level.WARNING, at(13, 15)), (Level.CRISIS, at(13, 18))),
    acknowledgement=Acknowledgement("anna", at(13, 19), "slack", Level.CRISIS),
    facts=(
        Fact("confirmed", "En kontaktledning är nedriven vid Älvsjö", "anna", at(13, 19)),
        Fact("unknown", "När trafiken går igen", "anna", at(13, 19)),
    ),
    message=CurrentMessage("Tågen står still. Nästa besked 15.00.", "anna", at(13, 19)),
    card_version=3,
)

WAITING = replace(
    WARNING,
    state=IncidentState.WAITING,
    acknowledgement=Acknowledgement("anna", at(13, 17), "slack", Level.WARNING),
    wait=Wait("trafikledningen lovar tåg kl. 15", "anna", at(13, 18), at(14, 30)),
    card_version=4,
)

CLOSED = replace(
    WARNING, state=IncidentState.CLOSED, closed_at=at(13, 20), obligations=(), signals=(PEOPLE,), card_version=9
)

FLAGGED = replace(
    WARNING,
    number=13,
    level=Level.WATCH,
    signals=(),
    evidence=None,
    themes=(),
    onset=None,
    flag="En kund i telefon säger att vi har läckt hennes adress",
    obligations=(),
    card_version=1,
)

STORIES = {
    "warning": WARNING,
    "crisis": CRISIS,
    "waiting": WAITING,
    "closed": CLOSED,
    "flag": FLAGGED,
    "drill": replace(WARNING, drill=True),
}
"""Name of a story → its incident."""

LATER = NOW + timedelta(minutes=58)
