"""What the operator may set about detection: one word (`sensitivity`), or each threshold on its own."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator


class Sensitivity(StrEnum):
    """How early one wants to be woken, against how often for nothing."""

    CALM = "calm"
    BALANCED = "balanced"
    SENSITIVE = "sensitive"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PlannedEvent(_Section):
    """Something that is known to bring mentions (strike, timetable change, launch): it widens the baseline.

    `factor` is how many times the usual is still usual between `starts` and `ends`. Without `themes` it counts for
    all; with them for these themes and for the brand as a whole.
    """

    name: str
    starts: AwareDatetime
    ends: AwareDatetime
    themes: tuple[str, ...] = ()
    factor: float = Field(default=3.0, ge=1.0, le=100.0)

    @model_validator(mode="after")
    def _order(self) -> PlannedEvent:
        if self.ends <= self.starts:
            raise ValueError(f"expected `ends` later than `starts` ({self.starts}), found {self.ends}")
        return self

    def covers(self, at: datetime) -> bool:
        """Whether the event is on at `at`."""
        return self.starts <= at <= self.ends


class FlaggedAuthor(_Section):
    """An author whose posts reach far or often start something: one mention is a watch by itself.

    `author` is the keyed hash, as in mentions; `note` says why.
    """

    author: str
    note: str = ""


class Thresholds(_Section):
    """Every number that separates calm, watch, warning and crisis. Surprises are −log10 of a day's chance.

    `*_z` are in standard deviations of different negative people against the same clock hour; `*_people` are the
    least different people. `cold_*` hold
    while there is no baseline: negative people an hour and the least negative share.
    """

    watch_z: float = Field(default=3.0, gt=0)
    watch_burst_z: float = Field(default=4.0, gt=0)
    watch_people: int = Field(default=8, ge=1)
    watch_small_people: int = Field(default=5, ge=1)
    watch_surprise: float = Field(default=1.5, ge=0)
    burst_surprise: float = Field(default=1.0, ge=0)
    warning_z: float = Field(default=3.5, gt=0)
    warning_people: int = Field(default=8, ge=1)
    warning_small_people: int = Field(default=6, ge=1)
    warning_surprise: float = Field(default=2.5, ge=0)
    warning_negativity: float = Field(default=0.85, ge=0)
    warning_sustained: float = Field(default=1.5, gt=0)
    crisis_z: float = Field(default=7.0, gt=0)
    crisis_people: int = Field(default=15, ge=1)
    crisis_surprise: float = Field(default=3.5, ge=0)
    day_watch_z: float = Field(default=4.0, gt=0)
    day_warning_z: float = Field(default=6.0, gt=0)
    cold_watch_people: int = Field(default=20, ge=1)
    cold_watch_share: float = Field(default=0.5, ge=0, le=1)
    cold_warning_people: int = Field(default=26, ge=1)
    cold_warning_authors: int = Field(default=40, ge=1)
    cold_warning_share: float = Field(default=0.45, ge=0, le=1)
    cold_growth: float = Field(default=3.0, gt=1)
    volume_watch: float = Field(default=2.0, gt=0)
    measurement_watch: float = Field(default=2.0, gt=0)
    measurement_warning: float = Field(default=5.0, gt=0)
    praise_z: float = Field(default=4.0, gt=0)
    praise_people: int = Field(default=10, ge=1)
    thread_watch_people: int = Field(default=10, ge=1)
    thread_watch_ratio: float = Field(default=2.0, ge=1)
    thread_warning_people: int = Field(default=25, ge=1)
    thread_warning_surprise: float = Field(default=2.0, gt=0)
    news_surprise: float = Field(default=1.0, ge=0)
    flagged_reach: int = Field(default=100_000, ge=1)


_SCALE = {Sensitivity.CALM: 1.25, Sensitivity.BALANCED: 1.0, Sensitivity.SENSITIVE: 0.85}
_SCALED = (
    "watch_z", "watch_surprise", "watch_burst_z", "burst_surprise", "warning_z", "warning_surprise", "crisis_z",
    "crisis_surprise", "day_watch_z", "day_warning_z", "volume_watch", "measurement_watch", "measurement_warning",
    "praise_z", "thread_watch_ratio", "thread_warning_surprise",
)  # fmt: skip


class DetectionOptions(_Section):
    """The section `detection` of the config. What is not set follows from `sensitivity`.

    `thresholds` holds only what was set; `effective` is what counts. `reach_per_person` is the audience assumed
    for a person of whom the platform tells nothing (about 400 in practice, P9).
    """

    sensitivity: Sensitivity = Sensitivity.BALANCED
    thresholds: Thresholds = Thresholds()
    planned_events: tuple[PlannedEvent, ...] = ()
    flagged_authors: tuple[FlaggedAuthor, ...] = ()
    reach_per_person: int = Field(default=400, ge=0)

    @property
    def effective(self) -> Thresholds:
        """The thresholds after `sensitivity`; a threshold that was set on its own is taken as it is."""
        scale = _SCALE[self.sensitivity]
        if scale == 1.0:
            return self.thresholds
        given = self.thresholds
        scaled = {n: getattr(given, n) * scale for n in _SCALED if n not in given.model_fields_set}
        return given.model_copy(update={n: max(1.0, v) if n.endswith("ratio") else v for n, v in scaled.items()})

    def event_factor(self, at: datetime, theme: str | None = None) -> tuple[float, str]:
        """Return how many times the usual is usual now because of planned events, and the event's name."""
        factor, name = 1.0, ""
        for event in self.planned_events:
            fits = theme is None or not event.themes or theme in event.themes
            if fits and event.factor > factor and event.covers(at):
                factor, name = event.factor, event.name
        return factor, name
