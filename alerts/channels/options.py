"""The typed options of each channel, apart from the channels, so that the config loads without their libraries."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field, SecretStr, field_validator

from alerts.channels.base import ChannelOptions
from alerts.durations import Duration

SLACK_API = "https://slack.com/api/"


class SlackOptions(ChannelOptions):
    """`alerts.slack`: bot token (`xoxb-…`), app token for Socket Mode (`xapp-…`), default channel, API address.

    `timeout` bounds one call. Without `app_token` messages go out, but no clicks come in.
    """

    token: SecretStr
    app_token: SecretStr | None = None
    channel: str = Field(min_length=1)
    api_url: str = SLACK_API
    timeout: Duration = timedelta(seconds=10)

    @field_validator("api_url")
    @classmethod
    def _ends_with_slash(cls, value: str) -> str:
        if not value.startswith(("https://", "http://")):
            raise ValueError("an http(s) address such as https://slack.com/api/")
        return value if value.endswith("/") else value + "/"


class AppriseOptions(ChannelOptions):
    """A named list of Apprise addresses. They hold passwords, so they are secrets."""

    urls: tuple[SecretStr, ...] = Field(min_length=1)
    name: str = "apprise"


class ConsoleOptions(ChannelOptions):
    """Where the console channel prints."""

    stream: Literal["stdout", "stderr"] = "stdout"
