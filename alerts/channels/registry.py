"""Which channels there are: one file each, named here, loaded when first used. And the config's `alerts:` section.

A type that is registered twice is refused, so that two channels never fight over one name.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from importlib import import_module
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from alerts.channels.base import Channel, ChannelOptions
from alerts.channels.options import AppriseOptions, ConsoleOptions, SlackOptions
from alerts.durations import Duration

FALLBACK = "fallback"
"""Name of the channel that is used when another is permanently broken."""

Language = Literal["sv", "nb", "nn", "da", "fi", "en"]


class ChannelTypes:
    """A table from type name to (options model, `module:Class`)."""

    def __init__(self) -> None:
        self._types: dict[str, tuple[type[ChannelOptions], str]] = {}

    def register(self, name: str, options: type[ChannelOptions], where: str) -> None:
        """Add a type. Raises ValueError when the name is taken."""
        if name in self._types:
            raise ValueError(f"channel type {name!r} is registered twice: {self._types[name][1]} and {where}")
        self._types[name] = (options, where)

    @property
    def options_models(self) -> dict[str, type[ChannelOptions]]:
        """The options model of each type."""
        return {name: options for name, (options, _) in self._types.items()}

    def build(self, name: str, options: ChannelOptions | Mapping[str, Any]) -> Channel:
        """Build a channel of type `name`. Raises KeyError for an unknown type, ValidationError for options."""
        if name not in self._types:
            raise KeyError(f"no channel type {name!r}; there are {', '.join(sorted(self._types))}")
        model, where = self._types[name]
        module, _, cls = where.partition(":")
        checked = options if isinstance(options, model) else model.model_validate(options)
        channel: Channel = getattr(import_module(module), cls)(checked)
        return channel


TYPES = ChannelTypes()
TYPES.register("slack", SlackOptions, "alerts.channels.slack:SlackChannel")
TYPES.register("apprise", AppriseOptions, "alerts.channels.apprise:AppriseChannel")
TYPES.register("console", ConsoleOptions, "alerts.channels.console:ConsoleChannel")

build_channel = TYPES.build
OPTIONS = TYPES.options_models


class AlertsOptions(BaseModel):
    """The config's `alerts:` section.

    `channels` names further ways (`sms`, `email`, `teams` …) as lists of Apprise addresses; `{place}` inside an
    address stands for the person's own number or address. `late_after`: a message that leaves later than this
    after it was decided says so.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    language: Language | None = None
    slack: SlackOptions | None = None
    fallback: tuple[SecretStr, ...] = ()
    channels: Mapping[str, tuple[SecretStr, ...]] = Field(default_factory=dict)
    late_after: Duration = timedelta(minutes=2)

    @field_validator("channels")
    @classmethod
    def _names_are_free(cls, channels: Mapping[str, tuple[SecretStr, ...]]) -> Mapping[str, tuple[SecretStr, ...]]:
        taken = sorted({"slack", "console", FALLBACK} & set(channels))
        if taken:
            raise ValueError(f"expected other names than slack, console and fallback, found {', '.join(taken)}")
        return channels


def build_channels(options: AlertsOptions) -> dict[str, Channel]:
    """Build every configured channel by name. The console is always there."""
    built: dict[str, Channel] = {"console": build_channel("console", ConsoleOptions())}
    if options.slack is not None:
        built["slack"] = build_channel("slack", options.slack)
    named = {**options.channels, **({FALLBACK: options.fallback} if options.fallback else {})}
    for name, urls in named.items():
        built[name] = build_channel("apprise", AppriseOptions(urls=urls, name=name))
    return built
