"""Which addresses are public, and which hosts share credentials."""

from __future__ import annotations

import httpx
import pytest
from pydantic import TypeAdapter, ValidationError

from monitor.collectors.base import SourceError
from monitor.collectors.urls import (
    BlockedUrlError,
    WebAddress,
    is_public,
    public_address,
    refuse_private,
    same_origin,
)

PRIVATE = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "224.0.0.1", "255.255.255.255", "240.0.0.1", "198.18.0.1", "::1", "::", "fe80::1%eth0", "fc00::1", "ff02::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:db8::1",
]  # fmt: skip
PUBLIC = ["93.184.215.14", "8.8.8.8", "2606:2800:21f::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.parametrize("address", PRIVATE)
def test_private(address: str) -> None:
    """Loopback, private, link-local, shared, multicast, reserved, and all of them wrapped in IPv6."""
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public(address: str) -> None:
    """What the open internet routes."""
    assert is_public(address)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "gopher://x", "https://user:pw@a.example/", "https:///x"])
def test_only_plain_web_addresses_are_called(url: str) -> None:
    """Other schemes, and user names in addresses, are not followed."""
    with pytest.raises(BlockedUrlError):
        public_address(httpx.URL(url), lambda host: ["8.8.8.8"])


@pytest.mark.parametrize("url", ["http://2130706433/", "http://0x7f.1/", "http://localhost/", "http://127.1/"])
def test_spellings_of_loopback_do_not_help(url: str) -> None:
    """The machine's own resolver is asked what a spelling means."""
    with pytest.raises(SourceError):
        public_address(httpx.URL(url))


def test_one_private_address_among_public_ones_is_enough() -> None:
    """A name that resolves to both is refused."""
    with pytest.raises(BlockedUrlError):
        public_address(httpx.URL("https://a.example/"), lambda host: ["8.8.8.8", "10.0.0.1"])


def test_unknown_hosts_are_an_error_and_behind_a_proxy_the_proxys_matter() -> None:
    """No DNS of our own is normal behind a proxy, except for names of the local network."""

    def no_dns(host: str) -> list[str]:
        raise OSError("no such name")

    with pytest.raises(SourceError, match="could not be found"):
        public_address(httpx.URL("https://a.example/"), no_dns)
    refuse_private(httpx.URL("https://a.example/"), no_dns)
    with pytest.raises(SourceError):
        refuse_private(httpx.URL("https://intranet/"), no_dns)
    with pytest.raises(BlockedUrlError):
        refuse_private(httpx.URL("https://a.example/"), lambda host: ["127.0.0.1"])


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://a.example/x", "https://a.example/y", True),
        ("https://a.example", "https://a.example:443/", True),
        ("http://a.example/", "https://a.example/", True),
        ("https://a.example/", "http://a.example/", False),
        ("https://a.example/", "https://a.example:8443/", False),
        ("https://a.example/", "https://b.example/", False),
        ("https://a.example/", "https://a.example.evil.example/", False),
    ],
)
def test_same_origin(one: str, other: str, same: bool) -> None:
    """Same host and port, or the step up to https."""
    assert same_origin(httpx.URL(one), httpx.URL(other)) is same


def test_addresses_in_options() -> None:
    """http(s) only; a bare slash at the end is dropped so that paths can be put after it."""
    read = TypeAdapter(WebAddress).validate_python
    assert read(" https://mastodon.nu/ ") == "https://mastodon.nu"
    assert read("http://10.0.0.5:8080/rss?x=1") == "http://10.0.0.5:8080/rss?x=1"
    for wrong in ("mastodon.nu", "ftp://x.example", "https://", "http://["):
        with pytest.raises(ValidationError, match="expected a web address"):
            read(wrong)
