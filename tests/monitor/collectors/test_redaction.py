"""Secrets are blanked in every spelling; ordinary text is left alone."""

from __future__ import annotations

from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.collectors.redaction import Redactor, one_line


@given(st.text(min_size=6, max_size=40).map(str.strip).filter(lambda s: len(s) >= 6), st.text(max_size=30))
def test_a_known_secret_never_survives(secret: str, around: str) -> None:
    """As it is, and as addresses write it."""
    redact = Redactor([secret])
    for spelling in (secret, quote(secret, safe=""), quote_plus(secret)):
        told = redact(f"{around} «{spelling}» {around}")
        assert f"«{spelling}»" not in told


@pytest.mark.parametrize(
    "text",
    [
        "https://a.example/?access_token=hemligt123&x=1",
        '{"password": "hemligt123"}',
        "Authorization: Bearer hemligt123abc",
        "https://anna:hemligt123@a.example/",
        "api_key=hemligt123",
        "client_secret: hemligt123",
    ],
)
def test_what_looks_like_a_secret_is_blanked_too(text: str) -> None:
    """Keys and tokens that nobody told us of."""
    assert "hemligt123" not in Redactor()(text)


@pytest.mark.parametrize(
    "text", ["mastodon.nu refuses the credentials (401).", "det är en nyckelfråga", "a=1 b: 2", ""]
)
def test_ordinary_text_stays(text: str) -> None:
    """No false blanks."""
    assert Redactor(["hemlig-nyckel"])(text) == text


def test_short_words_are_no_secrets() -> None:
    """A secret of three letters would blank half of every sentence."""
    assert Redactor(["abc", "", "  "])("abc") == "abc"


def test_longer_secrets_go_first() -> None:
    """One secret inside another leaves no rest."""
    assert Redactor(["abcdef", "abcdefghijkl"])("abcdefghijkl") == "[secret]"


def test_one_line() -> None:
    """A foreign text is one printable line of bounded length."""
    assert one_line("a\r\n\tb\x1b[31m\u202e c") == "a b [31m c"
    assert len(one_line("x" * 10_000)) == 200
