"""One call on its way: what may be sent, where redirects may lead, and the request as it goes out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

import httpx

from monitor.collectors.answers import Answer
from monitor.collectors.base import SourceError
from monitor.collectors.urls import Resolver, public_address, refuse_private, same_origin

_HARMLESS = ("accept", "if-none-match", "if-modified-since")
CHECK_ADDRESS = "Check the address in the config."


@dataclass(frozen=True, slots=True)
class Limits:
    """What one call may cost us."""

    connect_seconds: float = 10.0
    read_seconds: float = 20.0
    total_seconds: float = 60.0
    max_bytes: int = 10_000_000
    max_redirects: int = 5


@dataclass(frozen=True, slots=True)
class Validators:
    """For conditional GET: what the server gave with the last answer, sent back as it was."""

    etag: str = ""
    last_modified: str = ""

    @classmethod
    def of(cls, answer: Answer) -> Validators:
        """The validators of an answer, to be kept in the cursor."""
        return cls(answer.headers.get("etag", ""), answer.headers.get("last-modified", ""))

    def headers(self) -> dict[str, str]:
        """The request headers that ask for changes only."""
        pairs = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in pairs.items() if value}


@dataclass(frozen=True, slots=True)
class Call:
    """One request on its way through redirects."""

    method: str
    url: httpx.URL
    headers: dict[str, str]
    credentials: dict[str, str]
    content: bytes | None = None
    guarded: bool = False


def refuse_unlisted(call: Call, non_get: Collection[str]) -> None:
    """The monitor never publishes: what is not declared is not sent."""
    wanted = f"{call.method} {call.url.path}"
    if call.method != "GET" and not any(fnmatchcase(wanted, pattern) for pattern in non_get):
        raise SourceError(f"The call {wanted} is not on this collector's list and was not made.", permanent=True)


def redirected(call: Call, answer: Answer) -> Call:
    """The call to where an answer sends us. Raises HttpError where that is not safe."""
    try:
        target = call.url.join(answer.headers["location"])
    except (httpx.InvalidURL, ValueError):
        target = httpx.URL("invalid:")
    if target.scheme not in ("http", "https") or (call.url.scheme, target.scheme) == ("https", "http"):
        raise answer.error("redirects to an address that is not safe (not https).", remedy="Check the address.")
    if call.method != "GET":
        raise answer.error("redirects a call that may not be redirected.", remedy=CHECK_ADDRESS)
    if same_origin(call.url, target):
        return replace(call, url=target)
    kept = {name: value for name, value in call.headers.items() if name.lower() in _HARMLESS}
    return Call("GET", target, kept, {}, None, guarded=True)


def prepared(call: Call, user_agent: str, resolver: Resolver, *, proxied: bool) -> httpx.Request:
    """The request as it is sent; one from content goes to an address that was judged. Raises SourceError."""
    headers = {"User-Agent": user_agent, **call.headers, **call.credentials}
    if not all(value.isascii() and value.isprintable() for value in headers.values()):
        raise SourceError(
            "The token (or another setting that is sent along) holds a character that none can have.",
            remedy="Copy it anew, without spaces or line ends.",
            permanent=True,
        )
    url, extensions = call.url, {}
    if call.guarded and not proxied:
        headers["Host"] = url.netloc.decode("ascii")
        extensions = {"sni_hostname": url.host}
        url = url.copy_with(host=public_address(url, resolver))
    elif call.guarded:
        refuse_private(url, resolver)
    return httpx.Request(call.method, url, headers=headers, extensions=extensions)
