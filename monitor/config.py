"""The config as the program sees it: one immutable tree, joined from the models that each floor owns.

Loading it, with every error at once and its line, is `monitor/config_loader.py`. A loaded `Config` is never
changed: a reload swaps the whole object.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, field_validator

from alerts.calendar import known_country
from alerts.channels.registry import AlertsOptions
from alerts.mandate import Mandate
from detectors.options import DetectionOptions
from monitor.collectors.base import SourceOptions
from monitor.durations import Duration
from monitor.matching import BrandRules

Language = Literal["sv", "nb", "nn", "da", "fi", "en"]
"""Languages of alerts and pages."""


Valence = Annotated[float, Field(ge=-4, le=4)]
Words = Mapping[str, Valence | Mapping[str, Valence]]
"""Own words with their weight, for every language (`strejk: 0`) or under one (`sv: {strejk: 0}`)."""


class Section(BaseModel):
    """A part of the config: unknown keys are refused, and it cannot be changed once loaded."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def _known_timezone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("a time zone such as Europe/Stockholm")
    return name


TimezoneName = Annotated[str, AfterValidator(_known_timezone)]


def _known_country(code: str) -> str:
    if code and not known_country(code):
        raise ValueError("a country whose public holidays are known (SE, NO, DK, FI …)")
    return code


CountryCode = Annotated[str, Field(max_length=2), AfterValidator(_known_country)]
"""Two letters, or none where no public holidays count."""


class BrandOptions(Section):
    """One brand that is watched: what it is called, what only looks like it, our own voice, its themes.

    `detection` overrides single thresholds of the `detection` section for this brand; `words` gives words
    their own weight for this brand (−4 … 4, 0 silences a word).
    """

    name: str = Field(min_length=1)
    keywords: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    themes: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    words: Words = Field(default_factory=dict)
    detection: DetectionOptions | None = None
    country: CountryCode = ""

    @property
    def rules(self) -> BrandRules:
        """What the matcher needs of this brand. Its own name is a keyword, too."""
        words = dict.fromkeys((self.name, *self.keywords))
        return BrandRules(
            name=self.name,
            keywords=tuple(words),
            exclude=self.exclude,
            accounts=self.accounts,
            themes=self.themes,
        )


class WebOptions(Section):
    """Where the web pages and the hooks listen: `host:port`. Behind a proxy when not on this machine."""

    listen: str = "127.0.0.1:8321"

    @field_validator("listen")
    @classmethod
    def _host_and_port(cls, value: str) -> str:
        host, colon, port = value.rpartition(":")
        if not colon or not host or not port.isdigit() or not 0 <= int(port) <= 65535:
            raise ValueError("host:port, such as 127.0.0.1:8321")
        return value

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        host, _, port = self.listen.rpartition(":")
        return host.strip("[]"), int(port)


class RetentionOptions(Section):
    """How long texts and counts are kept. Texts are personal data: keep them short."""

    text: Duration = timedelta(days=90)
    counts: Duration = timedelta(days=3 * 365)


class SentimentOptions(Section):
    """How texts are judged: languages in play, own words for all brands, and an own model by dotted path."""

    languages: tuple[Literal["sv", "nb", "nn", "no", "da", "fi", "en"], ...] = ("sv", "no", "da", "fi", "en")
    words: Words = Field(default_factory=dict)
    model: str | None = None
    trained: str | None = None


class WatchdogOptions(Section):
    """The dead-man's switch: a URL that is called only while everything is well."""

    heartbeat: SecretStr | None = None
    every: Duration = timedelta(minutes=1)


class Config(Section):
    """Everything that is set. `sources` holds each collector's own options model, in the file's order."""

    language: Language = "en"
    timezone: TimezoneName = "Europe/Stockholm"
    country: CountryCode = "SE"
    database: str = "sqlite:///monitor.db"
    secret: SecretStr | None = None
    contact: str = Field(default="", max_length=200)
    web: WebOptions = WebOptions()
    brands: tuple[BrandOptions, ...] = ()
    sources: tuple[Any, ...] = ()
    detection: DetectionOptions = Field(default_factory=DetectionOptions)
    sentiment: SentimentOptions = SentimentOptions()
    mandate: Mandate = Field(default_factory=Mandate)
    alerts: AlertsOptions = Field(default_factory=AlertsOptions)
    retention: RetentionOptions = RetentionOptions()
    watchdog: WatchdogOptions = WatchdogOptions()

    @field_validator("contact")
    @classmethod
    def _fit_for_a_header(cls, value: str) -> str:
        if not (value.isascii() and value.isprintable()) or set(value) & set("()"):
            raise ValueError("an e-mail or web address, such as monitor@nordtag.example")
        return value.strip()

    @cached_property
    def zone(self) -> ZoneInfo:
        """The time zone in which hours and weekdays are meant."""
        return ZoneInfo(self.timezone)

    def detection_for(self, brand: str) -> DetectionOptions:
        """The detection options of a brand: the common ones with what the brand sets otherwise."""
        own = self.brand(brand).detection
        if own is None:
            return self.detection
        common = self.detection.model_dump(exclude_unset=True)
        return DetectionOptions.model_validate(_merged(common, own.model_dump(exclude_unset=True)))

    def country_for(self, brand: str) -> str | None:
        """The country whose public holidays count for a brand; None when none is set."""
        return self.brand(brand).country or self.country or None

    def brand(self, name: str) -> BrandOptions:
        """The options of a brand; the defaults for a brand that the config does not know."""
        found = next((brand for brand in self.brands if brand.name == name), None)
        return found or BrandOptions.model_construct(name=name)  # "" for posts about no brand


def _merged(common: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """`common` with `own` laid over it, mapping by mapping."""
    merged = dict(common)
    for key, value in own.items():
        below = merged.get(key)
        merged[key] = _merged(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged


@dataclass(frozen=True, slots=True)
class SwitchedOff:
    """A source or channel that is off because `${variable}` has no value."""

    what: str
    variable: str

    def __str__(self) -> str:
        """`source "support-desk" is off: SUPPORT_DESK_TOKEN is not set`."""
        return f"{self.what} is off: {self.variable} is not set"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A config that loaded, what is switched off in it, and the text it came from."""

    config: Config
    off: tuple[SwitchedOff, ...] = ()
    text: str = ""

    @property
    def sources(self) -> tuple[SourceOptions, ...]:
        """The options of every source that is on."""
        return self.config.sources
