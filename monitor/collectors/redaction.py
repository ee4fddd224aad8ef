"""Keeps secrets out of whatever people and logs get to see."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

HIDDEN = "[secret]"
_SHORTEST_SECRET = 4  # below this, blanking would eat ordinary words and protects nothing
_PARAMETER = re.compile(
    r"(?i)\b((?:access_|refresh_|id_|api_?|app_?|auth_?|client_)?(?:token|key|secret|password|passwd|signature|sig|jwt))"
    r"(\"?\s*[=:]\s*\"?)[^\s&\"',;}]+"
)
_BEARER = re.compile(r"(?i)\b(bearer|basic|token)\s+[a-z0-9._~+/=-]{8,}")
_USERINFO = re.compile(r"(?<=://)[^/\s@]+@")


class Redactor:
    """Replaces known secrets (as they are and as URLs write them), and what looks like one, by `[secret]`."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._lock = threading.Lock()
        self._spellings: tuple[str, ...] = ()
        for secret in secrets:
            self.hide(secret)

    def hide(self, secret: str) -> None:
        """Never show `secret` from now on: for tokens that a login brings while running."""
        secret = secret.strip()
        if len(secret) < _SHORTEST_SECRET:
            return
        spellings = {secret, quote(secret, safe=""), quote(secret), quote_plus(secret)}
        with self._lock:
            # The longest first: a secret may contain another one.
            self._spellings = tuple(sorted({*self._spellings, *spellings}, key=len, reverse=True))

    def __call__(self, text: str) -> str:
        """`text` without secrets."""
        for spelling in self._spellings:
            text = text.replace(spelling, HIDDEN)
        text = _USERINFO.sub(f"{HIDDEN}@", text)
        text = _BEARER.sub(rf"\1 {HIDDEN}", text)
        return _PARAMETER.sub(rf"\1\2{HIDDEN}", text)


def one_line(text: str, longest: int = 200) -> str:
    """A foreign text fit for a log line: printable, on one line, cut at `longest` characters."""
    words = " ".join("".join(c if c.isprintable() else " " for c in text[: longest * 8]).split())
    return words if len(words) <= longest else words[: longest - 1] + "…"
