"""Mastodon's streams: with a token a server tells at once what comes under the tags, and who mentions the account.

An addition only. A stream has no memory: what it misses (a broken connection, a restart) the polling brings, which
goes on as without it. So a stream that does not open is told and tried again later, and nothing else changes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from monitor.collectors.backoff import wait_after
from monitor.collectors.base import SourceError
from monitor.collectors.http import HttpSession
from monitor.collectors.websocket import Frames, Hello, open_socket
from monitor.mention import Refusal

PATH = "/api/v1/streaming"
_PING_SECONDS = 30.0

Connect = Callable[[str, HttpSession, datetime | None, Hello], AbstractContextManager[Frames]]
"""(address, session, now, hello) → the open stream. Raises SourceError."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a server's stream told: a status (new or edited), or the local id of one that is gone."""

    server: str
    status: Mapping[str, Any] | None = None
    gone: str | None = None


@dataclass(frozen=True, slots=True)
class Station:
    """A server to listen to: the address of its stream, the login, and what is subscribed to there."""

    server: str
    address: str
    login: Mapping[str, str]
    tags: Sequence[str]
    mentions: bool

    def hello(self) -> Hello:
        """The login, and a subscription for each tag and the account's mentions."""
        wanted: list[dict[str, str]] = [{"stream": "hashtag", "tag": tag.lower()} for tag in self.tags]
        wanted += [{"stream": "user:notification"}] if self.mentions else []
        first = [json.dumps({"type": "subscribe", **found}) for found in wanted]
        return Hello(self.login, first=first, ping_seconds=_PING_SECONDS)


def stream_address(server: str, told: str | None) -> str:
    """Where a server's stream is. Raises SourceError where the token would have to go to another host.

    >>> stream_address("https://mastodon.example", "wss://streaming.mastodon.example")
    'wss://streaming.mastodon.example/api/v1/streaming'
    """
    home = urlsplit(server)
    place = urlsplit(told or f"{'ws' if home.scheme == 'http' else 'wss'}://{home.netloc}")
    at_home = place.hostname == home.hostname or (place.hostname or "").endswith(f".{home.hostname}")
    safe = place.scheme == "wss" or (place.scheme, home.scheme) == ("ws", "http")
    if not at_home or not safe or place.username is not None:
        raise SourceError(
            f"{home.netloc} streams at {place.scheme}://{place.netloc}, where its token is not sent.",
            remedy="Nothing to do: it is polled.",
            permanent=True,
        )
    return f"{place.scheme}://{place.netloc}{place.path.rstrip('/')}{PATH}"


def read_frame(frame: str) -> tuple[str, Any] | None:
    """A frame as (event, payload); None for what is no event. Raises ValueError."""
    found = json.loads(frame)
    if not isinstance(found, Mapping):
        raise ValueError("a frame that is no object")
    if found.get("error"):
        raise ValueError(f'the server says "{str(found["error"])[:80]}"')
    event, payload = found.get("event"), found.get("payload")
    if event not in ("update", "status.update", "delete", "notification"):
        return None
    return str(event), payload if event == "delete" or not isinstance(payload, str) else json.loads(payload)


def heard_of(server: str, event: str, payload: Any) -> Heard | None:
    """What an event says of statuses; None where it says nothing of them. Raises ValueError."""
    if event == "delete":
        return Heard(server, gone=str(payload))
    if not isinstance(payload, Mapping):
        raise ValueError("an event without a status")
    if event != "notification":
        return Heard(server, payload)
    status = payload.get("status")
    return Heard(server, status) if payload.get("type") == "mention" and isinstance(status, Mapping) else None


@dataclass
class _Line:
    """One server's stream: open or not, and when it is tried again."""

    frames: Frames | None = None
    closing: AbstractContextManager[Frames] | None = None
    station: Station | None = None
    failures: int = 0
    again_at: datetime | None = None


@dataclass
class Live:
    """The open streams of a source's servers. They stay open from poll to poll; `close` ends them."""

    http: HttpSession
    connect: Connect = open_socket
    lines: dict[str, _Line] = field(default_factory=dict)

    def tune_in(self, stations: Sequence[Station], now: datetime) -> list[Refusal]:
        """Open what is not open; what does not open the second time is told."""
        told = []
        for station in stations:
            line = self.lines.setdefault(station.server, _Line())
            if line.frames is not None and line.station == station:
                continue
            if line.again_at is not None and now < line.again_at:
                continue
            self._hang_up(line)
            try:
                line.closing = self.connect(station.address, self.http, now, station.hello())
                line.frames, line.station = line.closing.__enter__(), station
            except SourceError as exc:
                line.closing = None
                told += self._failed(station.server, line, exc, now)
        return told

    def is_open(self) -> bool:
        """Whether anything can be heard."""
        return any(line.frames is not None for line in self.lines.values())

    def listen(self, now: Callable[[], datetime]) -> Iterator[Heard | Refusal | None]:
        """What the servers tell, None about each second without anything; ends when no stream is open."""
        while self.is_open():
            for server, line in list(self.lines.items()):
                if line.frames is not None:
                    yield from self._next(server, line, now())

    def close(self) -> None:
        """End all streams."""
        for line in self.lines.values():
            self._hang_up(line)

    def _next(self, server: str, line: _Line, now: datetime) -> Iterator[Heard | Refusal | None]:
        assert line.frames is not None
        try:
            frame = next(line.frames)
            found = read_frame(frame) if frame is not None else None
            yield heard_of(server, *found) if found else None
        except StopIteration:
            yield from self._failed(server, line, SourceError("it ended"), now)
        except SourceError as exc:
            yield from self._failed(server, line, exc, now)
        except (ValueError, RecursionError) as exc:
            yield Refusal(f"{urlsplit(server).netloc} stream", f"cannot be understood: {str(exc)[:100]}")
        else:
            line.failures = 0

    def _failed(self, server: str, line: _Line, exc: SourceError, now: datetime) -> list[Refusal]:
        self._hang_up(line)
        line.failures += 1
        line.again_at = now + (exc.retry_after or wait_after(line.failures))
        if line.failures != 2:  # a connection breaks now and then
            return []
        where = f"{urlsplit(server).netloc} stream"
        return [Refusal(where, f"is not open, and only polled for now: {exc}")]

    @staticmethod
    def _hang_up(line: _Line) -> None:
        closing, line.closing, line.frames = line.closing, None, None
        if closing is not None:
            closing.__exit__(None, None, None)
