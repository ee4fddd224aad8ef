"""Which addresses may be called. What the operator wrote may be private; what a post contains may not.

A URL found in content (or a redirect to another host) could point into the operator's own network, so its host
is resolved once, refused unless every address is public, and then called at exactly that address: a second
look-up could answer differently.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Sequence
from typing import Annotated

import httpx
from pydantic import AfterValidator, WithJsonSchema

from monitor.collectors.base import SourceError

Resolver = Callable[[str], Sequence[str]]
"""Host name → its addresses. Raises OSError when there are none."""


_HOST = re.compile(r"[\w.-]+|[0-9a-f:.]+", re.IGNORECASE)


def _web_address(value: str) -> str:
    try:
        url = httpx.URL(value.strip())
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.scheme not in ("http", "https") or not _HOST.fullmatch(url.host):
        raise ValueError(f"expected a web address such as https://example.org, found {value!r}")
    return value.strip().rstrip("/") if url.path in ("", "/") else value.strip()


WebAddress = Annotated[str, AfterValidator(_web_address), WithJsonSchema({"type": "string", "format": "uri"})]
"""An http(s) address in options. It may be private: the operator wrote it."""

_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class BlockedUrlError(SourceError):
    """A URL from content that must not be called."""

    def __init__(self, message: str) -> None:
        super().__init__(message, permanent=True, remedy="Nothing to do: such addresses are never called.")


def resolve(host: str) -> Sequence[str]:
    """The machine's own resolver."""
    return [str(info[4][0]) for info in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet (IPv4 wrapped in IPv6 is unwrapped).

    >>> is_public("127.0.0.1"), is_public("::ffff:10.0.0.1"), is_public("93.184.215.14")
    (False, False, True)
    """
    ip = ipaddress.ip_address(address.split("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour
        if ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def public_address(url: httpx.URL, resolver: Resolver = resolve) -> str:
    """The public IP address at which a URL from content may be called. Raises BlockedUrlError or SourceError."""
    if url.scheme not in ("http", "https") or not url.host or url.userinfo:
        raise BlockedUrlError("A link that is not a plain http(s) address is not followed.")
    try:
        addresses = list(resolver(url.host))
    except (OSError, UnicodeError):
        addresses = []
    if not addresses:
        raise SourceError(f"{url.host} could not be found (no such host name, or no DNS).")
    if not all(is_public(address) for address in addresses):
        raise BlockedUrlError(f"A link to {url.host}, which is a private address, is not followed.")
    return addresses[0]


def refuse_private(url: httpx.URL, resolver: Resolver = resolve) -> None:
    """For calls through a proxy, which looks names up itself: refuse what we can see to be private."""
    try:
        public_address(url, resolver)
    except BlockedUrlError:
        raise
    except SourceError:
        if "." not in url.host.rstrip("."):  # a name of the local network, perhaps the proxy's own
            raise


def same_origin(one: httpx.URL, other: httpx.URL) -> bool:
    """Whether credentials for `one` may go to `other`: same host, and same port or the step from http to https."""
    if one.host != other.host:
        return False
    if (one.scheme, _port(one)) == (other.scheme, _port(other)):
        return True
    return (one.scheme, _port(one), other.scheme, _port(other)) == ("http", 80, "https", 443)


def _port(url: httpx.URL) -> int:
    return url.port or (443 if url.scheme == "https" else 80)
