"""The records of the first floor: incident, obligation, timeline event, notification, decision.

All are frozen and survive a round trip through JSON (`pydantic.TypeAdapter`), because the store keeps an
incident as one document beside the columns that are queried.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from alerts.silences import Silence
from detectors.signal import Evidence, Level, Number, Onset, Scope, Signal


class IncidentState(StrEnum):
    """Where an incident stands."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    WAITING = "waiting"
    AFTERCARE = "aftercare"
    CLOSED = "closed"


class ObligationKind(StrEnum):
    """Every business deadline is one of these, and all are ticked the same way."""

    ACKNOWLEDGE = "acknowledge"
    ANSWER_FLAG = "answer_flag"
    CONFIRM_PUBLICLY = "confirm_publicly"
    REFRESH_MESSAGE = "refresh_message"
    NEXT_PUBLIC_UPDATE = "next_public_update"
    PROMISE = "promise"
    WAIT_ENDS = "wait_ends"
    ANSWER_THREAD = "answer_thread"


@dataclass(frozen=True, slots=True)
class Obligation:
    """Something that is due: who owes it, when, and whether it was met or told of.

    `step` is the step of the escalation chain that an unmet acknowledgement has reached; `target` is a role
    or person id; `told_at` is when the owner was reminded (once). `ended` is why it no longer counts
    (`met`, `superseded`, `chain_ended`, `closed` …), None while it counts. `where` is the thread that it is about.
    """

    kind: ObligationKind
    due_at: datetime
    created_at: datetime
    level: Level = Level.WATCH
    target: str = ""
    step: int = 0
    repeats: int = 0
    told_at: datetime | None = None
    met_at: datetime | None = None
    met_by: str | None = None
    ended: str | None = None
    note: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True)
class Wait:
    """A decision to wait and watch (practice P21): reason, person, expiry, and what breaks it.

    `observed` is what each scope and detector showed then, against which "twice the volume" is measured.
    """

    reason: str
    by: str
    since: datetime
    until: datetime
    baseline_observed: float = 0.0
    observed: tuple[tuple[str, float], ...] = ()
    tripwires: tuple[str, ...] = ("twice_the_volume", "news", "threat", "level_raised")


@dataclass(frozen=True, slots=True)
class MessageReference:
    """Where an incident's root message stands: channel name of ours, place there, message id (ts)."""

    channel: str
    place: str
    message_id: str


@dataclass(frozen=True, slots=True)
class Fact:
    """Something said about the matter and whether it is confirmed, disputed or unknown (practice P28)."""

    status: str
    text: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CurrentMessage:
    """What we say now (budskap), who wrote it and when."""

    text: str
    by: str
    at: datetime
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Who took it on, when, through what, and up to which level that covers."""

    by: str
    at: datetime
    channel: str
    level: Level


@dataclass(frozen=True, slots=True)
class HeldDown:
    """A person judged lower than the detectors: signals up to `level` no longer raise the incident.

    It ends when the signals go beyond `level`, double what was `observed` then, or have been calm.
    """

    level: Level
    by: str
    at: datetime
    observed: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Incident:
    """One story of one brand, numbered (INC-12), holding scopes (brand, themes, threads …).

    `signals` holds the newest signal per scope and detector; `mandate` is the snapshot of the mandate in force
    when the incident opened (a JSON document); `peak_at`/`peak_observed` belong to the highest signal.
    `seen` is, per level, when signals last asked for at least it (moved on by the time in which sources were
    blind); `judged_at` the newest bucket judged. `leading` is the theme that leads (`alerts.leading`), `familiar`
    are the themes that no longer make a new turn. `silenced` is the id of the silence that keeps it quiet.
    `root_place` is where its root message was ordered. `handled` are the newest event ids of actions, so that a
    redelivered click is harmless. `stages` are the first times of P6 (customer service, social, questions, media).
    `owner` is whoever took it on first, or whom it was handed to. `answered` are the threads that we answered in.
    """

    number: int
    brand: str
    level: Level
    state: IncidentState
    opened_at: datetime
    scopes: frozenset[Scope]
    peak_level: Level = Level.CALM
    levels: tuple[tuple[Level, datetime], ...] = ()
    onset: Onset | None = None
    peak_at: datetime | None = None
    peak_observed: float = 0.0
    last_signal_at: datetime | None = None
    calm_since: datetime | None = None
    closed_at: datetime | None = None
    state_since: datetime | None = None
    signals: tuple[Signal, ...] = ()
    evidence: Evidence | None = None
    themes: tuple[str, ...] = ()
    mention_ids: frozenset[int] = frozenset()
    acknowledgement: Acknowledgement | None = None
    wait: Wait | None = None
    obligations: tuple[Obligation, ...] = ()
    facts: tuple[Fact, ...] = ()
    message: CurrentMessage | None = None
    first_own_post_at: datetime | None = None
    root: MessageReference | None = None
    flag: str | None = None
    merged_into: int | None = None
    false_alarm: bool = False
    drill: bool = False
    mandate: Mapping[str, object] = field(default_factory=dict)
    card_version: int = 0
    seen: tuple[tuple[Level, datetime], ...] = ()
    judged_at: datetime | None = None
    held_down: HeldDown | None = None
    familiar: frozenset[str] = frozenset()
    silenced: str | None = None
    root_place: str | None = None
    owner: str | None = None
    stages: tuple[tuple[str, datetime], ...] = ()
    threat_ids: frozenset[int] = frozenset()
    card_at: datetime | None = None
    updated_at: datetime | None = None
    aftercare_until: datetime | None = None
    digest_due_at: datetime | None = None
    own_story_url: str | None = None
    leading: str = ""
    answered: frozenset[str] = frozenset()
    handled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TimelineEvent:
    """One line of an incident's history; append-only. What did not happen is an event, too.

    `kind` is a snake_case name (`opened`, `level_raised`, `told`, `acknowledged`, `deadline_missed`,
    `suppressed`, `nobody_on_call` …); `data` is JSON. `incident` is None for the daemon's own events.
    """

    kind: str
    at: datetime
    incident: int | None = None
    actor: str = "monitor"
    channel: str = ""
    data: Mapping[str, Number | None] = field(default_factory=dict)


class NotificationState(StrEnum):
    """Where a notification stands in the outbox."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    UNKNOWN = "unknown"
    FAILED = "failed"
    SUPERSEDED = "superseded"
    HELD = "held"
    REROUTED = "rerouted"


class Reason(StrEnum):
    """Why a notification is sent; it travels to the message, the log and the timeline."""

    FIRST = "first"
    LEVEL_RAISED = "level_raised"
    ESCALATED = "escalated"
    REMINDER = "reminder"
    UPDATE = "update"
    EDIT = "edit"
    NEW_TURN = "new_turn"
    ACKNOWLEDGED = "acknowledged"
    WAITING = "waiting"
    STATE_CHANGED = "state_changed"
    CLOSED = "closed"
    FLAG = "flag"
    PRAISE = "praise"
    BLIND = "blind"
    HEALTH = "health"
    DIGEST = "digest"
    DRILL = "drill"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Notification:
    """One message to one place. `key` is its idempotency key: the same decision gives the same key.

    `channel` names a configured channel (`slack`, `email` …), `place` where in it (a Slack channel or user id,
    an address; empty for the channel's default). `root` marks the incident's one root message; `edit` changes it
    in place; else it is a reply in its thread (`broadcast`: shown in the channel as well), unless `place` is not
    the root's: then it is a message of its own there (a copy for customer service). `data` says what the
    text is about (JSON); the card is rendered from the incident when it is sent. `priority` 0 overtakes 1.
    """

    key: str
    reason: Reason
    created_at: datetime
    incident: int | None = None
    channel: str = "slack"
    place: str = ""
    recipients: tuple[str, ...] = ()
    root: bool = False
    edit: bool = False
    broadcast: bool = False
    priority: int = 1
    data: Mapping[str, Number | None] = field(default_factory=dict)
    state: NotificationState = NotificationState.PENDING
    attempts: int = 0
    next_attempt_at: datetime | None = None
    first_attempt_at: datetime | None = None
    sent_at: datetime | None = None
    message_id: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """An action that the mandate does not allow: which, who asked, and who would have been allowed (P13)."""

    action: str
    by: str
    allowed: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What `decide` answers: changed incidents, what to write down, what to send. One transaction stores it.

    `silences` are new ones; their ids are empty until the shell has stored them. `lifted` are the ids of those
    that end now.
    """

    incidents: tuple[Incident, ...] = ()
    timeline: tuple[TimelineEvent, ...] = ()
    notifications: tuple[Notification, ...] = ()
    refusal: Refusal | None = None
    silences: tuple[Silence, ...] = ()
    lifted: tuple[str, ...] = ()
