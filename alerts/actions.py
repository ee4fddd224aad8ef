"""What `decide` is asked about: signals of a tick, an action of a person, an own post, or only the time.

An `Action` is the same record whether it came from Slack, the command line or the web page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from detectors.signal import Number, Signal


class ActionKind(StrEnum):
    """What a person can do with an incident, and the name under which `may:` in the config grants it.

    Lifting a silence has no name there: it goes with the right to silence (`alerts.rights.GRANTED`).
    """

    ACKNOWLEDGE = "acknowledge"
    WAIT = "wait"
    RAISE = "raise"
    LOWER = "lower"
    HAND_OVER = "hand_over"
    STAND_DOWN = "stand_down"
    FALSE_ALARM = "false_alarm"
    NOTE = "note"
    FACT = "fact"
    MESSAGE = "message"
    POSTED = "posted"
    PROMISE = "promise"
    FLAG = "flag"
    ANSWER_FLAG = "answer_flag"
    MERGE = "merge"
    SPLIT = "split"
    REOPEN = "reopen"
    SILENCE = "silence"
    LIFT_SILENCE = "lift_silence"


@dataclass(frozen=True, slots=True)
class Action:
    """Something a person did. `by` is a person id of the mandate (or the raw user id of somebody unknown).

    `data` holds what the action needs: `level`, `until` (ISO time), `reason`, `to`, `text`, `status`, `url`,
    `brand`, `theme`, `thread`, `other` (incident number), `scope` (`theme:payment`), `next_update` (ISO time),
    `lasts` (`4h`) and `up_to` (a level) of a silence, `groups` (Slack user groups and channels of the person,
    comma-separated), `event_id` (for redelivered clicks). With `only_asks` nothing is done: the answer tells
    whether it would be allowed, and a refusal is written down.
    """

    kind: ActionKind
    by: str
    at: datetime
    channel: str = "cli"
    incident: int | None = None
    data: Mapping[str, Number] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Signals:
    """All signals of one brand at the end of one closed bucket; empty when it was calm.

    `covered` is the share of the brand's sources that were heard: 0 means that silence is not calm. `blind` names
    the sources that were not heard.
    """

    brand: str
    at: datetime
    signals: tuple[Signal, ...] = ()
    covered: float = 1.0
    blind: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OwnPost:
    """A post by one of the brand's own accounts: it may confirm publicly, and it may promise.

    `thread` is the thread it answers in (None for a post of its own), `themes` those whose words it holds.
    """

    brand: str
    at: datetime
    text: str
    thread: str | None = None
    url: str | None = None
    themes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tick:
    """Only time has passed."""


Event = Signals | Action | OwnPost | Tick
