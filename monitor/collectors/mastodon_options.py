"""What can be set for a Mastodon source."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from monitor.collectors.base import SourceOptions
from monitor.collectors.urls import WebAddress
from monitor.durations import Duration

_TAG = re.compile(r"[\w·]*[^\W\d][\w·]*")


class MastodonServer(BaseModel):
    """One server to ask, with a token of an account there if it wants one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: WebAddress = Field(description="the server's address")
    token: SecretStr | None = Field(None, description="a token with the right read:statuses")


class MastodonOptions(SourceOptions):
    """Tag timelines of one or several servers, and the threads that grow there."""

    type: Literal["mastodon"] = "mastodon"
    instance: WebAddress | None = Field(None, description="one server's address")
    token: SecretStr | None = Field(None, description="a token for `instance` with the right read:statuses")
    instances: tuple[MastodonServer, ...] = Field((), description="several servers: addresses, or {url, token}")
    hashtags: tuple[str, ...] = Field((), description="tags without #; default: the brands' keywords")
    every: Duration = Field(timedelta(minutes=1), ge=timedelta(seconds=10), description="how often they are asked")
    mentions: bool = Field(True, description="posts that mention the account of a server's token")
    streams: bool = Field(True, description="with a token: hear at once what comes, by the server's stream")
    threads: bool = Field(True, description="follow the comments of threads that concern a brand")
    look_back: Duration = Field(timedelta(days=1), description="how far back the first poll goes")
    only_indexable: bool = Field(False, description="leave out accounts that do not want to be indexed")

    @field_validator("instances", mode="before")
    @classmethod
    def _addresses_are_servers(cls, value: object) -> object:
        if not isinstance(value, list | tuple):
            return value
        return [{"url": entry} if isinstance(entry, str) else entry for entry in value]

    @field_validator("hashtags")
    @classmethod
    def _plain_tags(cls, tags: tuple[str, ...]) -> tuple[str, ...]:
        plain = tuple(tag.strip().removeprefix("#") for tag in tags)
        wrong = [tag for tag in plain if not _TAG.fullmatch(tag)]
        if wrong:
            raise ValueError(f"expected hashtags of one word of letters and digits, found {', '.join(wrong)}")
        return plain

    @model_validator(mode="after")
    def _some_server(self) -> MastodonOptions:
        if not self.servers():
            raise ValueError("a server: `instance: https://mastodon.nu`, or several under `instances`")
        return self

    def servers(self) -> dict[str, SecretStr | None]:
        """Every server's address with its token."""
        first: dict[str, Any] = {self.instance: self.token} if self.instance else {}
        return {**first, **{server.url: server.token for server in self.instances}}

    def tags(self, terms: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
        """The tags to read: the configured ones, else the brands' words that can be a tag."""
        words = [word.removeprefix("#") for brand in terms.values() for word in brand]
        return self.hashtags or tuple(dict.fromkeys(word for word in words if _TAG.fullmatch(word)))

    def default_name(self) -> str:
        """`mastodon` and the first server's host."""
        return f"mastodon {urlsplit(next(iter(self.servers()))).hostname}"
