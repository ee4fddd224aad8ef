"""What can be set for a Bluesky source."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from monitor.collectors.base import SourceOptions
from monitor.collectors.urls import WebAddress
from monitor.durations import Duration

V2_PATH = "/xrpc/network.bsky.jetstream.subscribeEvents"
V1_PATH = "/subscribe"
STREAMS = (
    f"wss://jetstream.us-east.bsky.network{V2_PATH}",
    f"wss://jetstream.us-west.bsky.network{V2_PATH}",
    f"wss://jetstream2.us-east.bsky.network{V1_PATH}",
)


def _stream_address(value: str) -> str:
    parts = urlsplit(value.strip())
    if parts.scheme not in ("ws", "wss") or not parts.hostname or parts.query:
        raise ValueError(f"expected a stream's address such as {STREAMS[0]}, found {value!r}")
    if parts.path not in (V1_PATH, V2_PATH):
        raise ValueError(f"a Jetstream's address, ending in {V2_PATH} (version 2) or {V1_PATH} (version 1)")
    return value.strip()


StreamAddress = Annotated[str, AfterValidator(_stream_address)]


class BlueskyOptions(SourceOptions):
    """The stream of all posts, the threads that grow there, and a login for what a stream cannot give."""

    type: Literal["bluesky"] = "bluesky"
    streams: tuple[StreamAddress, ...] = Field(
        STREAMS, min_length=1, description="Jetstream servers; the next one is taken when one fails"
    )
    api_url: WebAddress = Field("https://public.api.bsky.app", description="where threads and profiles are read")
    login_url: WebAddress = Field("https://bsky.social", description="where the account logs in")
    identifier: str | None = Field(None, description="an account's handle, to search for what the stream missed")
    password: SecretStr | None = Field(None, description="an app password of that account")
    every: Duration = Field(
        timedelta(minutes=2),
        ge=timedelta(seconds=10),
        description="how long the stream is followed before threads have their turn",
    )
    threads: bool = Field(True, description="follow the comments of threads that concern a brand")
    quotes: bool = Field(True, description="follow the quotes of posts that concern a brand")
    look_back: Duration = Field(
        timedelta(minutes=15), le=timedelta(hours=36), description="how far back the first poll goes"
    )

    @model_validator(mode="after")
    def _whole_login(self) -> BlueskyOptions:
        if (self.identifier is None) != (self.password is None):
            raise ValueError("both `identifier` and `password`, or neither")
        return self
