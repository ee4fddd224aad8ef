"""The parts of the mandate: people, roles, steps, levels, themes, brands, rights. Each is frozen and strict.

`alerts.mandate` puts them together; use the names from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time, timedelta
from typing import Annotated, cast

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
    field_validator,
)

from alerts.calendar import known_country, parse_days, parse_span, zone
from alerts.durations import Duration
from alerts.rota import Period, Rotation
from detectors.signal import Level

CRISIS_GROUP = "crisis_group"
CUSTOMER_SERVICE = "customer_service"
ANYONE = "anyone"
KNOWN = "known"
TOLD = "told"
NEVER = "never"
"""As a role's `quiet`: not even the mandate's quiet hours hold for it."""

RESERVED_ROLES = frozenset({ANYONE, KNOWN, TOLD})
"""Names that `may:` understands without a role: anyone at all, everybody in `people`, whoever the level tells."""


def _level(value: object) -> Level:
    if isinstance(value, Level):
        return value
    named = {level.label: level for level in Level if level}
    if not isinstance(value, str) or value not in named:
        raise ValueError(f"expected watch, warning or crisis, found {value!r}")
    return named[value]


LevelName = Annotated[
    Level,
    BeforeValidator(_level),
    PlainSerializer(lambda level: level.label, return_type=str),
    WithJsonSchema({"enum": ["watch", "warning", "crisis"]}),
]
"""A `Level` that reads and writes `watch`, `warning`, `crisis`."""


def _as_tuple(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]
"""One name or a list of names."""


class Strict(BaseModel):
    """Frozen, and unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Person(Strict):
    """One human being and how to reach them. `addresses` is for channels beyond Slack, e-mail and phone."""

    name: str = ""
    slack: str | None = None
    email: str | None = None
    phone: str | None = None
    login: str | None = None
    language: str | None = None
    addresses: Mapping[str, str] = Field(default_factory=dict)
    away: tuple[Period, ...] = ()


class Role(Strict):
    """People who stand in for each other. `people` and `deputies` hold person ids or other roles.

    `slack` is a user group (`S…`) or a channel (`#…`, `C…`) that stands for the whole role; `alert_channel` means
    everybody who reads the channel the alerts go to. Outside `hours` the role is not told; `outside_hours` is.
    `quiet` replaces the mandate's quiet hours; `never` means that there are none.
    """

    name: str = ""
    people: Names = ()
    deputies: Names = ()
    rotation: Rotation | None = None
    slack: str | None = None
    alert_channel: bool = False
    customer_service: bool | None = None
    timezone: str | None = None
    hours: Mapping[str, str] = Field(default_factory=dict)
    holidays: Names | None = None
    outside_hours: str | None = None
    quiet: str | None = None

    @field_validator("hours")
    @classmethod
    def _hours_can_be_read(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        for days, span in value.items():
            parse_days(days)
            parse_span(span)
        return value

    @field_validator("quiet")
    @classmethod
    def _quiet_can_be_read(cls, value: str | None) -> str | None:
        return value if value == NEVER else readable_span(value)

    @field_validator("timezone")
    @classmethod
    def _zone_exists(cls, value: str | None) -> str | None:
        return known_zone(value)

    @field_validator("holidays")
    @classmethod
    def _countries_exist(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return known_countries(value)


def readable_span(value: str | None) -> str | None:
    """The hours as they were written. Raises ValueError when they cannot be read."""
    if value is not None:
        parse_span(value)
    return value


def known_zone(value: str | None) -> str | None:
    """The time zone as it was written. Raises ValueError when there is none of that name."""
    if value is not None:
        zone(value)
    return value


def known_countries(value: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """The countries as they were written. Raises ValueError when one has no calendar of holidays."""
    for country in value or ():
        if not known_country(country):
            raise ValueError(
                f"expected countries whose public holidays are known (SE, NO, DK, FI …), found {country!r}"
            )
    return value


class Step(Strict):
    """Whom to tell, through what, and how long to wait for an answer before the next step.

    `repeat_every` tells the same people again meanwhile, at most `at_most` times.
    """

    tell: Annotated[Names, Field(min_length=1)]
    by: Names = ("slack",)
    acknowledge_within: Duration = timedelta(minutes=10)
    repeat_every: Duration | None = None
    at_most: int = Field(default=0, ge=0, le=50)


class LevelPolicy(Strict):
    """What a level sets going. Durations run from when the level was reached; None means no such deadline."""

    steps: tuple[Step, ...] = ()
    pierces_quiet: bool = False
    down_after: Duration = timedelta(hours=6)
    confirm_publicly_within: Duration | None = None
    message_within: Duration | None = None
    refresh_message_every: Duration | None = None
    update_every: Duration | None = None


_ASK_AGAIN = Step(tell=(CRISIS_GROUP,), repeat_every=timedelta(minutes=10), at_most=3)


class Levels(Strict):
    """The policy of each level. Under `brands:` only what differs is written, level by level."""

    watch: LevelPolicy = LevelPolicy(down_after=timedelta(hours=3))
    warning: LevelPolicy = LevelPolicy(
        steps=(_ASK_AGAIN,), message_within=timedelta(hours=1), refresh_message_every=timedelta(hours=4)
    )
    crisis: LevelPolicy = LevelPolicy(
        steps=(_ASK_AGAIN,),
        pierces_quiet=True,
        confirm_publicly_within=timedelta(minutes=60),
        message_within=timedelta(minutes=30),
        refresh_message_every=timedelta(hours=2),
        update_every=timedelta(hours=1),
    )

    def of(self, level: Level) -> LevelPolicy:
        """The policy of `level`; calm has the watch's."""
        return cast(LevelPolicy, getattr(self, max(level, Level.WATCH).label))


class BrandLevels(Strict):
    """What a brand does otherwise than the rest, level by level."""

    watch: LevelPolicy | None = None
    warning: LevelPolicy | None = None
    crisis: LevelPolicy | None = None


class ThemePolicy(Strict):
    """The plan's six questions for one kind of matter (practice P16), printed with the alert.

    `label` is what readers call the theme: one word for all, or one a language; else its name in the config.
    """

    label: str | Mapping[str, str] | None = None
    owner: str | None = None
    departments: Names = ()
    final_message: str | None = None
    confirm_at_once: bool | None = None
    call_manager_when: str | None = None
    extra_staff: str | None = None
    holding_statement: str | Mapping[str, str] | None = None
    page: str | None = None
    safety_contact: Names = ()


class BrandPolicy(Strict):
    """Crisis group, customer service, channels and levels of one brand, where they differ."""

    crisis_group: str | None = None
    customer_service: str | None = None
    channels: Mapping[str, str] = Field(default_factory=dict)
    customer_service_channel: str | None = None
    praise_channel: str | None = None
    safety_contact: Names = ()
    levels: BrandLevels = BrandLevels()


class Grant(Strict):
    """Roles that may do something, at some levels and hours only when these are written."""

    roles: Names
    levels: tuple[LevelName, ...] = ()
    hours: str | None = None

    @field_validator("hours")
    @classmethod
    def _hours_can_be_read(cls, value: str | None) -> str | None:
        return readable_span(value)


def _as_grants(value: object) -> object:
    """`[a, b]`, `{warning: [a], crisis: [b]}` or a list of grants, all as grants."""
    if isinstance(value, str):
        value = [value]
    if isinstance(value, Mapping):
        return tuple({"roles": roles, "levels": (level,)} for level, roles in value.items())
    if isinstance(value, list | tuple):
        return tuple({"roles": (item,)} if isinstance(item, str) else item for item in value)
    return value


Grants = Annotated[tuple[Grant, ...], BeforeValidator(_as_grants)]


class Flags(Strict):
    """A flagged warning sign must be answered; unanswered it climbs these steps (else the warning's)."""

    steps: tuple[Step, ...] = ()


class AnswerTarget(Strict):
    """A thread with so many comments an hour, or more, is answered by us within this time (practice P23)."""

    comments_per_hour: float = Field(ge=0)
    within: Duration


class Timing(Strict):
    """Times that no level owns."""

    aftercare_for: Duration = timedelta(days=2)
    relapse_within: Duration = timedelta(days=2)
    digest_at: str = "08:30"
    promise_within: Duration = timedelta(hours=2)
    remind_before: Duration = timedelta(minutes=10)
    edit_every: Duration = timedelta(minutes=15)
    heard_at_least: float = Field(default=0.75, ge=0, le=1)
    open_at_most: int = Field(default=5, ge=1)
    answer_targets: tuple[AnswerTarget, ...] = (
        AnswerTarget(comments_per_hour=0, within=timedelta(hours=4)),
        AnswerTarget(comments_per_hour=20, within=timedelta(hours=1)),
        AnswerTarget(comments_per_hour=60, within=timedelta(minutes=30)),
    )

    @field_validator("digest_at")
    @classmethod
    def _is_a_time(cls, value: str) -> str:
        try:
            time.fromisoformat(value)
        except ValueError:
            raise ValueError("expected a time of day such as 08:30") from None
        return value
