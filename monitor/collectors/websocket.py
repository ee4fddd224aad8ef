"""Streams by WebSocket: TLS verified, proxy from the environment, failures in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from monitor.collectors.answers import Answer, HttpError, error_of_exception, error_of_status
from monitor.collectors.base import SourceError
from monitor.collectors.http import HttpSession
from monitor.collectors.rate_limits import read_wait

MAX_FRAME_BYTES = 4_000_000
_OPEN_SECONDS = 15
_TICK_SECONDS = 1

Frames = Iterator[str | None]
"""Text frames; None for each second in which none came."""


@dataclass(frozen=True, slots=True)
class Hello:
    """How a stream is opened: headers (a login), subprotocol, what is sent first, how often it is pinged."""

    headers: Mapping[str, str] = field(default_factory=dict)
    subprotocols: Sequence[str] = ()
    first: Sequence[str] = ()
    ping_seconds: float | None = None


@contextmanager
def open_socket(url: str, http: HttpSession, now: datetime | None, hello: Hello | None = None) -> Iterator[Frames]:
    """Connect and say hello. Raises SourceError."""
    from websockets.exceptions import InvalidStatus, WebSocketException
    from websockets.sync.client import connect
    from websockets.typing import Subprotocol

    hello, host = hello or Hello(), urlsplit(url).hostname or ""
    problem: SourceError
    try:
        connection = connect(
            url,
            additional_headers=dict(hello.headers),
            subprotocols=[Subprotocol(name) for name in hello.subprotocols] or None,
            user_agent_header=http.user_agent,
            open_timeout=_OPEN_SECONDS,
            ping_interval=hello.ping_seconds,
            close_timeout=2,
            max_size=MAX_FRAME_BYTES,
        )
    except InvalidStatus as exc:
        said = exc.response
        problem = refused(
            said.status_code, url, dict(said.headers.raw_items()), bytes(said.body or b""), http, now
        )
    except TimeoutError as exc:
        problem = error_of_exception(host, httpx.ConnectTimeout(str(exc)), http.redact)
    except (OSError, WebSocketException) as exc:
        problem = error_of_exception(host, httpx.ConnectError(str(exc)), http.redact)
    else:
        with connection:
            yield _frames(connection, host, hello.first)
        return
    raise problem


def refused(
    status: int, url: str, headers: Mapping[str, str], body: bytes, http: HttpSession, now: datetime | None
) -> HttpError:
    """The error for an answer that is no open stream."""
    web = url.replace("ws", "http", 1)
    answer = Answer(status, web, httpx.Headers(dict(headers)), body, http.redact)
    if status < 400:
        return answer.error(
            f"did not open the stream (status {status}).", remedy="Check the stream's address in the config."
        )
    return error_of_status(answer, read_wait(answer.headers, now) if now and status in (429, 503) else None)


def _frames(connection: Any, host: str, first: Sequence[str]) -> Frames:
    from websockets.exceptions import ConnectionClosed, ConnectionClosedOK

    try:
        for message in first:
            connection.send(message)
        while True:
            yield _received(connection)
    except ConnectionClosedOK:
        return
    except ConnectionClosed as exc:
        code = exc.rcvd.code if exc.rcvd else "no reason"
        raise SourceError(f"{host} broke off the stream ({code}).", remedy="Nothing to do.") from None


def _received(connection: Any) -> str | None:
    try:
        message = connection.recv(timeout=_TICK_SECONDS)
    except TimeoutError:
        return None
    return message if isinstance(message, str) else message.decode("utf-8", "replace")
