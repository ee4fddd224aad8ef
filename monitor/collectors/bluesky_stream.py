"""Jetstream, Bluesky's stream of all posts, in both of its versions.

Version 1 sends bare events, version 2 wraps them in envelopes; both are asked for "since this instant", since
sequence numbers hold on one server only. Delivery is at least once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlencode, urlsplit

from monitor.collectors.base import SourceError
from monitor.collectors.bluesky_options import V1_PATH
from monitor.collectors.http import HttpSession
from monitor.collectors.times import parse_time
from monitor.collectors.websocket import Frames, Hello, open_socket

POSTS = "app.bsky.feed.post"
Connect = Callable[[str, HttpSession, datetime | None], AbstractContextManager[Frames]]
"""(address, session, now) → the open stream. Raises SourceError."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at `at`, by the server's clock. Without a `uri` it is nothing about a post."""

    at: datetime
    operation: Literal["create", "update", "delete", ""] = ""
    uri: str = ""
    did: str = ""
    record: Mapping[str, Any] | None = None


def stream_url(address: str, since: datetime | None) -> str:
    """The address of all posts since an instant (None: from now on), in the server's version."""
    if urlsplit(address).path == V1_PATH:
        parts = [("wantedCollections", POSTS)]
    else:
        parts = [("collections", POSTS), ("kinds", "commit")]
    if since is not None:
        parts.append(("cursor", str(int(since.timestamp() * 1_000_000))))
    return f"{address}?{urlencode(parts)}"


def read_frame(frame: str, host: str) -> Event | None:
    """A frame of either version as an Event; None for what is only advice. Raises ValueError, SourceError."""
    found = json.loads(frame)
    if not isinstance(found, Mapping):
        raise ValueError("a frame that is no object")
    if found.get("$type") == "error":
        said = str(found.get("error") or found.get("message") or "without a reason")[:80]
        raise SourceError(f"{host} ended the stream ({said}).", remedy="It goes on where it stopped.")
    if "payload" in found:
        return _version_2(found["payload"])
    return _version_1(found)


def _version_1(found: Mapping[str, Any]) -> Event:
    commit = found.get("commit")
    at = _time(found.get("time_us"))
    return Event(at) if not isinstance(commit, Mapping) else _commit(at, found.get("did"), commit)


def _version_2(payload: object) -> Event | None:
    if not isinstance(payload, Mapping):
        raise ValueError("an envelope without a payload")
    kind = str(payload.get("$type", "")).rpartition("#")[2]
    if kind == "info" or "seq" not in payload:
        return None
    at = _time(payload.get("witnessedAt") or payload.get("time"))
    return Event(at) if kind != "commit" else _commit(at, payload.get("did"), payload)


def _commit(at: datetime, did: object, commit: Mapping[str, Any]) -> Event:
    operation, rkey = commit.get("operation"), commit.get("rkey")
    if commit.get("collection") != POSTS:
        return Event(at)
    if operation not in ("create", "update", "delete") or not isinstance(did, str) or not isinstance(rkey, str):
        raise ValueError("a post's event without operation, author or key")
    record = commit.get("record")
    if operation != "delete" and not isinstance(record, Mapping):
        raise ValueError("a post's event without the post")
    return Event(at, operation, f"at://{did}/{POSTS}/{rkey}", did, record)


def _time(value: object) -> datetime:
    at = parse_time(value)
    if at is None:
        raise ValueError("an event without a time")
    return at


@contextmanager
def open_stream(url: str, http: HttpSession, now: datetime | None) -> Iterator[Frames]:
    """Connect by WebSocket. Raises SourceError.

    Version 2 has a subprotocol and wants nothing sent, not even pings; silence is noticed by the listener.
    """
    subprotocols = () if urlsplit(url).path == V1_PATH else ("xrpc.v1.json",)
    with open_socket(url, http, now, Hello(subprotocols=subprotocols)) as frames:
        yield frames
