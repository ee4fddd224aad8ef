"""The mandate: who is who, who is told at which level, and who may do what. The config's section `mandate:`.

A `Mandate` is frozen and survives `Mandate.model_validate(m.document())`, because every incident keeps a
snapshot of the one under which it was opened. What the sections mean together is checked in
`alerts.mandate_check`; who is reached at an hour is answered by `alerts.chain`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from pydantic import Field, ValidationError, field_validator

from alerts.mandate_parts import (
    ANYONE,
    CRISIS_GROUP,
    CUSTOMER_SERVICE,
    KNOWN,
    NEVER,
    RESERVED_ROLES,
    TOLD,
    AnswerTarget,
    BrandLevels,
    BrandPolicy,
    Flags,
    Grant,
    Grants,
    LevelName,
    LevelPolicy,
    Levels,
    Names,
    Person,
    Role,
    Step,
    Strict,
    ThemePolicy,
    Timing,
    known_countries,
    known_zone,
    readable_span,
)
from detectors.signal import Level

__all__ = [
    "ANYONE",
    "CRISIS_GROUP",
    "CUSTOMER_SERVICE",
    "KNOWN",
    "NEVER",
    "RESERVED_ROLES",
    "TOLD",
    "AnswerTarget",
    "BrandLevels",
    "BrandPolicy",
    "Flags",
    "Grant",
    "Grants",
    "LevelName",
    "LevelPolicy",
    "Levels",
    "Mandate",
    "Names",
    "Person",
    "Role",
    "Step",
    "Strict",
    "ThemePolicy",
    "Timing",
    "default_mandate",
    "from_snapshot",
]

_CUSTOMER_SERVICE_NAMES = ("customer_service", "customer-service", "kundservice", "kundeservice", "asiakaspalvelu")


def _everybody() -> dict[str, Role]:
    """Without roles, whoever reads the alerts' channel is the crisis group and customer service."""
    return {CRISIS_GROUP: Role(alert_channel=True, customer_service=True)}


class Mandate(Strict):
    """The whole section. Without `roles:` the readers of the alerts' channel are the crisis group."""

    people: Mapping[str, Person] = Field(default_factory=dict)
    roles: Mapping[str, Role] = Field(default_factory=_everybody)
    levels: Levels = Levels()
    flags: Flags = Flags()
    themes: Mapping[str, ThemePolicy] = Field(default_factory=dict)
    may: Mapping[str, Grants] = Field(default_factory=dict)
    brands: Mapping[str, BrandPolicy] = Field(default_factory=dict)
    channels: Mapping[str, str] = Field(default_factory=dict)
    customer_service_channel: str | None = None
    praise_channel: str | None = None
    safety_contact: Names = ()
    safety_by: Names = ("slack",)
    operator: Names = ()
    operator_by: Names = ("slack",)
    timezone: str = "Europe/Stockholm"
    holidays: Names = ()
    quiet: str | None = None
    timing: Timing = Timing()

    @field_validator("quiet")
    @classmethod
    def _quiet_can_be_read(cls, value: str | None) -> str | None:
        return readable_span(value)

    @field_validator("timezone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        known_zone(value)
        return value

    @field_validator("holidays")
    @classmethod
    def _countries_exist(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return known_countries(value) or ()

    def document(self) -> dict[str, Any]:
        """The JSON document that an incident keeps as its snapshot."""
        return self.model_dump(mode="json", exclude_none=True, by_alias=True)

    def policy(self, level: Level, brand: str = "") -> LevelPolicy:
        """What `level` sets going for `brand`."""
        own = getattr(self.brand(brand).levels, max(level, Level.WATCH).label)
        return cast(LevelPolicy, own) if own is not None else self.levels.of(level)

    def brand(self, brand: str) -> BrandPolicy:
        """What is written for `brand`; an empty policy for others."""
        return self.brands.get(brand, _NOTHING_OWN)

    def role_id(self, role: str, brand: str = "") -> str:
        """`crisis_group` and `customer_service` mean the brand's own, where it has one."""
        own = {CRISIS_GROUP: self.brand(brand).crisis_group, CUSTOMER_SERVICE: self.brand(brand).customer_service}
        return own.get(role) or role

    def role_zone(self, role: str) -> str:
        """The time zone in which `role` works."""
        known = self.roles.get(role)
        return (known.timezone if known else None) or self.timezone

    def role_holidays(self, role: str) -> tuple[str, ...]:
        """The countries whose public holidays `role` has."""
        known = self.roles.get(role)
        return self.holidays if known is None or known.holidays is None else known.holidays

    def quiet_hours(self, role: str) -> str | None:
        """The quiet hours of `role`: its own, else the mandate's; None when there are none."""
        known = self.roles.get(role)
        own = known.quiet if known else None
        return None if own == NEVER else own or self.quiet

    def is_customer_service(self, role: str) -> bool:
        """Does `role` count as customer service (by its own word, else by its id)?"""
        known = self.roles.get(role)
        if known is not None and known.customer_service is not None:
            return known.customer_service
        return any(name in role.casefold() for name in _CUSTOMER_SERVICE_NAMES)

    def person_id(self, who: str) -> str | None:
        """The person behind a person id, Slack id, e-mail address or web login; None for a stranger."""
        if who in self.people:
            return who
        for person_id, person in self.people.items():
            if who and who in (person.slack, person.email, person.login):
                return person_id
        return None

    def name_of(self, who: str) -> str:
        """The readable name of a person or role id, or the id itself."""
        known = self.people.get(who) or self.roles.get(who)
        return (known.name if known else "") or who

    def place(self, channel: str, brand: str = "") -> str:
        """Where in `channel` the crisis group of `brand` reads; empty for the channel's default."""
        return self.brand(brand).channels.get(channel) or self.channels.get(channel, "")

    def customer_service_place(self, brand: str = "") -> str:
        """Customer service's own Slack channel, or the crisis group's when it has none."""
        own = self.brand(brand).customer_service_channel or self.customer_service_channel
        return own or self.place("slack", brand)

    def safety_contacts(self, brand: str = "", themes: Iterable[str] = ()) -> tuple[str, ...]:
        """Who is called for threats: the themes' contacts, else the brand's, the mandate's, the crisis group."""
        of_themes = [who for theme in themes if theme in self.themes for who in self.themes[theme].safety_contact]
        named = tuple(of_themes) or self.brand(brand).safety_contact or self.safety_contact
        return named or ((CRISIS_GROUP,) if self.role_id(CRISIS_GROUP, brand) in self.roles else ())

    def praise_place(self, brand: str = "") -> str | None:
        """Where praise goes (practice P12); None when nobody asked for it."""
        return self.brand(brand).praise_channel or self.praise_channel

    def with_people_of(self, current: Mandate) -> Mandate:
        """This mandate's rules with the newest addresses of its people (a wrong number is mended at once)."""
        newest = {who: current.people.get(who, person) for who, person in self.people.items()}
        return self if newest == dict(self.people) else self.model_copy(update={"people": newest})


_NOTHING_OWN = BrandPolicy()


def from_snapshot(document: Mapping[str, object], otherwise: Mandate) -> Mandate:
    """The mandate of an incident's snapshot; `otherwise` where there is none, or an older version wrote it."""
    if not document:
        return otherwise
    try:
        return Mandate.model_validate(dict(document))
    except ValidationError:
        return otherwise


def default_mandate() -> Mandate:
    """What holds without a `mandate:` section: the alerts' channel is told, and told again, until one answers."""
    return Mandate()
