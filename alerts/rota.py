"""Who is on call: a rotation with hand-over times and overrides, asked of an aware time.

Turns are counted in local calendar days, so a hand-over at 09:00 stays at 09:00 when the clocks change.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from alerts.calendar import local, wall_clock, zone


class Turn(NamedTuple):
    """Who is on call and until when (aware UTC); `override` tells that it is not the planned person."""

    person: str
    until: datetime
    override: bool = False


class Period(BaseModel):
    """A span of time written in the config; a time without an offset is meant on the role's own wall clock."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    start: datetime = Field(alias="from")
    end: datetime = Field(alias="until")

    @model_validator(mode="after")
    def _in_order(self) -> Period:
        if (self.start.tzinfo is None) == (self.end.tzinfo is None) and self.start >= self.end:
            raise ValueError(f"expected `until` later than `from` ({self.start}), found {self.end}")
        return self

    def span(self, timezone: str) -> tuple[datetime, datetime]:
        """From and until as aware UTC times."""
        return aware(self.start, timezone), aware(self.end, timezone)

    def holds(self, at: datetime, timezone: str) -> bool:
        """Is `at` within the period?"""
        start, end = self.span(timezone)
        return start <= at < end


class Override(Period):
    """Somebody takes another's turn for a while."""

    person: str


class Rotation(BaseModel):
    """Turns of equal length, in the order of `people`, the first of them beginning on `start` at `handover`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    people: tuple[str, ...] = Field(min_length=1)
    start: date
    handover: str = "09:00"
    days: int = Field(default=7, ge=1, le=366)
    overrides: tuple[Override, ...] = ()

    @field_validator("handover")
    @classmethod
    def _is_a_time(cls, value: str) -> str:
        time.fromisoformat(value)
        return value


def aware(when: datetime, timezone: str) -> datetime:
    """`when` as aware UTC; a naive time is read on the wall clock of `timezone`."""
    return (when if when.tzinfo else when.replace(tzinfo=zone(timezone))).astimezone(UTC)


def on_call(rotation: Rotation, at: datetime, timezone: str) -> Turn:
    """Who is on call at `at`. Before `start` the turns run backwards, so that there is always somebody."""
    planned = _planned(rotation, at, timezone)
    for override in rotation.overrides:
        start, end = override.span(timezone)
        if start <= at < end:
            return Turn(override.person, end, override=True)
        if at < start < planned.until:
            planned = planned._replace(until=start)
    return planned


def _planned(rotation: Rotation, at: datetime, timezone: str) -> Turn:
    handover = time.fromisoformat(rotation.handover)
    here = local(at, timezone)
    turn = (here.date() - rotation.start).days // rotation.days
    first_day = rotation.start + timedelta(days=turn * rotation.days)
    if at < wall_clock(first_day, handover, timezone):
        turn -= 1
    ends = rotation.start + timedelta(days=(turn + 1) * rotation.days)
    return Turn(rotation.people[turn % len(rotation.people)], wall_clock(ends, handover, timezone))
