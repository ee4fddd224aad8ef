"""A world for tests of the decision core: incidents that are restarted after every event, and what was said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter

from alerts.actions import Action, ActionKind, Event, OwnPost, Signals, Tick
from alerts.decide import decide
from alerts.incident import Decision, Incident, Notification, Obligation, ObligationKind, Reason, TimelineEvent
from alerts.mandate import Mandate
from alerts.obligations import active
from alerts.silences import Silence
from detectors.signal import (
    Direction,
    Evidence,
    Explanation,
    Finding,
    Level,
    Number,
    Onset,
    Scope,
    ScopeKind,
    Signal,
)

BRAND = "Nordtåg"
NOON = datetime(2026, 2, 3, 11, tzinfo=UTC)
"""A Tuesday, noon in Stockholm."""

_INCIDENT = TypeAdapter(Incident)
_NOTIFICATION = TypeAdapter(Notification)

STAFFED: dict[str, Any] = {
    "people": {
        "kim": {"name": "Kim", "slack": "U1KIM", "phone": "+461", "email": "kim@x.se", "login": "kim"},
        "dea": {"name": "Dea", "slack": "U2DEA", "phone": "+462"},
        "hanna": {"name": "Hanna", "slack": "U3HAN", "phone": "+463"},
        "stig": {"name": "Stig", "slack": "U4STI", "phone": "+464"},
        "agent": {"name": "Agent", "slack": "U5AGE"},
    },
    "roles": {
        "customer_service": {"name": "Customer service", "people": ["kim"]},
        "deputy": {"people": ["dea"]},
        "head": {"name": "Head of customer service", "people": ["hanna"], "customer_service": True},
        "crisis_group": {"people": ["hanna", "stig"]},
        "agents": {"people": ["agent"]},
        "safety": {"people": ["stig"]},
    },
    "levels": {
        "warning": {
            "steps": [
                {"tell": "customer_service"},
                {"tell": "deputy"},
                {"tell": "head", "by": ["slack", "sms"]},
                {"tell": "crisis_group", "by": ["slack", "sms"], "repeat_every": "10m", "at_most": 2},
            ]
        },
        "crisis": {
            "steps": [
                {"tell": ["head", "crisis_group"], "by": ["slack", "sms"], "acknowledge_within": "5m"},
                {"tell": "crisis_group", "by": ["sms"], "repeat_every": "10m", "at_most": 2},
            ],
            "pierces_quiet": True,
            "confirm_publicly_within": "45m",
            "message_within": "30m",
            "refresh_message_every": "2h",
        },
    },
    "channels": {"slack": "#kris"},
    "customer_service_channel": "#kundservice",
    "safety_contact": "safety",
    "safety_by": ["sms"],
}
"""Kundservice → deputy → head → crisis group, ten minutes apart."""


def staffed(**changes: Any) -> Mandate:
    """The mandate of `STAFFED`, with top-level sections replaced."""
    return Mandate.model_validate({**STAFFED, **changes})


def signal(
    level: Level = Level.WARNING,
    *,
    at: datetime = NOON,
    observed: float = 30.0,
    detector: str = "negative_people",
    kind: ScopeKind = ScopeKind.BRAND,
    name: str = "",
    brand: str = BRAND,
    ids: Iterable[int] = range(1, 21),
    themes: Mapping[str, int] | None = None,
    mentions: int = 40,
    sources: tuple[tuple[str, int], ...] = (),
    direction: Direction = Direction.TROUBLE,
    onset: datetime | None = None,
) -> Signal:
    """A signal as the detectors would give it."""
    finding = Finding(
        Scope(brand, kind, name),
        detector,
        level,
        at,
        observed,
        3.0,
        4.0,
        Explanation("negative_people_hour", {"people": observed}),
        direction=direction,
    )
    evidence = Evidence(mentions=mentions, themes=tuple((themes or {}).items()), sources=sources)
    began = Onset(onset, onset, onset) if onset else None
    return Signal(finding, began, tuple(ids), evidence)


@dataclass
class World:
    """Incidents, the time, and everything that was decided. Every stored incident went through JSON."""

    mandate: Mandate = field(default_factory=staffed)
    now: datetime = NOON
    silences: list[Silence] = field(default_factory=list)
    incidents: dict[int, Incident] = field(default_factory=dict)
    said: list[Notification] = field(default_factory=list)
    written: list[TimelineEvent] = field(default_factory=list)

    def happen(self, event: Event) -> Decision:
        """Decide about an event now and keep what came of it, as after a restart."""
        decision = decide(
            list(self.incidents.values()),
            event,
            self.mandate,
            self.now,
            next_number=len(self.incidents) + 1,
            silences=self.silences,
        )
        for incident in decision.incidents:
            self.incidents[incident.number] = reborn(incident)
        self.said += [_NOTIFICATION.validate_json(_NOTIFICATION.dump_json(n)) for n in decision.notifications]
        self.written += decision.timeline
        self.silences = [kept for kept in self.silences if kept.id not in decision.lifted]
        return decision

    def signals(
        self, *signals: Signal, brand: str = BRAND, covered: float = 1.0, blind: tuple[str, ...] = ()
    ) -> Decision:
        """The signals of one closed bucket, their times set to now."""
        timed = tuple(replace(s, finding=replace(s.finding, at=self.now)) for s in signals)
        return self.happen(Signals(brand, self.now, timed, covered, blind))

    def act(self, kind: ActionKind, by: str = "kim", incident: int | None = 1, **data: Number) -> Decision:
        """Somebody does something in Slack."""
        return self.happen(Action(kind, by, self.now, "slack", incident, data))

    def own_post(self, text: str = "Vi ser problemen.", **fields: Any) -> Decision:
        """Our own account posts."""
        return self.happen(OwnPost(fields.pop("brand", BRAND), self.now, text, **fields))

    def later(self, *, step: timedelta = timedelta(minutes=1), **length: float) -> list[Notification]:
        """Let time pass with a tick every `step`; answers what was said meanwhile."""
        before, until = len(self.said), self.now + timedelta(**length)
        while self.now < until:
            self.now = min(self.now + step, until)
            self.happen(Tick())
        return self.said[before:]

    def calm(
        self, *, step: timedelta = timedelta(minutes=5), covered: float = 1.0, **length: float
    ) -> list[Notification]:
        """Let calm buckets pass; answers what was said meanwhile."""
        before, until = len(self.said), self.now + timedelta(**length)
        while self.now < until:
            self.now = min(self.now + step, until)
            self.signals(covered=covered)
        return self.said[before:]

    @property
    def one(self) -> Incident:
        """The first incident."""
        return self.incidents[1]

    def owed(self, kind: ObligationKind, number: int = 1) -> tuple[Obligation, ...]:
        """Active obligations of a kind."""
        return active(self.incidents[number], kind)

    def kinds(self, number: int | None = None) -> list[str]:
        """The kinds of timeline events, of one incident or of all."""
        return [e.kind for e in self.written if number is None or e.incident == number]


def reborn(incident: Incident) -> Incident:
    """The incident after a restart; fails when JSON does not keep all of it."""
    after = _INCIDENT.validate_json(_INCIDENT.dump_json(incident))
    assert after == incident
    return after


def by_reason(said: Iterable[Notification], reason: Reason) -> list[Notification]:
    """Notifications of one reason."""
    return [n for n in said if n.reason is reason]


def addressed(said: Iterable[Notification]) -> list[tuple[str, str, tuple[str, ...]]]:
    """Channel, place and recipients of each."""
    return [(n.channel, n.place, n.recipients) for n in said]
