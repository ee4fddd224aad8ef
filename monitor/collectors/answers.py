"""An HTTP answer read whole, and failures put into words for the operator."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import httpx

from monitor.collectors.base import SourceError
from monitor.collectors.redaction import Redactor, one_line

_NOT_PERMANENT = {408, 421, 423, 425, 429}


class HttpError(SourceError):
    """A SourceError that stems from an HTTP answer: `status`, and `body` (cut, without secrets) for collectors."""

    status: int = 0
    body: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. `moved_to` is the URL to use from now on when the server said that it moved for good."""

    status: int
    url: str
    headers: httpx.Headers
    body: bytes
    redact: Redactor
    moved_to: str | None = None

    @property
    def host(self) -> str:
        """Who answered."""
        return httpx.URL(self.url).host

    def text(self) -> str:
        """The body as text, by the charset that the answer names, else UTF-8; bad bytes are replaced."""
        charset = httpx.Response(
            200, headers={"content-type": self.headers.get("content-type", "")}
        ).charset_encoding
        try:
            return self.body.decode(charset or "utf-8", "replace")
        except LookupError:
            return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON. Raises HttpError when it is a web page, cut off or broken."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            problem = self._why_not_json()
        raise self.error(problem, remedy="It is tried again. If this stays, check the address in the config.")

    def looks_like_a_page(self) -> bool:
        """Whether this is HTML: a login page, an error page, a consent page."""
        start = self.body[:300].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
        return start.startswith((b"<!doctype html", b"<html")) or "text/html" in self.headers.get(
            "content-type", ""
        )

    def error(
        self, problem: str, *, remedy: str = "", permanent: bool = False, retry_after: timedelta | None = None
    ) -> HttpError:
        """A failure in this answer: `problem` completes the sentence "HOST …"."""
        made = HttpError(
            self.redact(f"{self.host} {problem}"), remedy=remedy, permanent=permanent, retry_after=retry_after
        )
        made.status = self.status
        made.body = self.redact(one_line(self.text()[:2000], 1000))
        return made

    def _why_not_json(self) -> str:
        if self.looks_like_a_page():
            return f"answered with a web page instead of data (status {self.status})."
        if not self.body.strip():
            return f"answered with nothing at all (status {self.status})."
        return f"sent data that is cut off or broken ({len(self.body)} bytes, status {self.status})."


def objects(found: Iterable[object]) -> list[Mapping[str, Any]]:
    """The entries of a list; what is no object becomes an empty one, which is refused with a report further on."""
    return [entry if isinstance(entry, Mapping) else {} for entry in found]


def error_of_status(answer: Answer, retry_after: timedelta | None) -> HttpError:
    """The sentence and the remedy for an answer that is an error."""
    problem, remedy = _STATUS.get(answer.status, _other(answer.status))
    said = _what_it_says(answer)
    permanent = 400 <= answer.status < 500 and answer.status not in _NOT_PERMANENT
    return answer.error(f"{problem}{said}.", remedy=remedy, permanent=permanent, retry_after=retry_after)


_STATUS: dict[int, tuple[str, str]] = {
    400: ("did not understand the request (400)", "Check the source's options; the platform may have changed."),
    401: ("refuses the credentials (401)", "Renew the token or password of this source and set it in the config."),
    402: ("wants to be paid (402)", "Check the plan of the account."),
    403: ("forbids the access (403)", "Check what the token may do, and whether the place is open to us."),
    404: ("has no such place (404)", "Check the address, the tag or the name in the config."),
    410: ("says that this is gone for good (410)", "Take it out of the config."),
    429: ("was asked too often (429)", "Nothing to do now. If this repeats, ask less often (`every`)."),
    451: ("may not show this for legal reasons (451)", "Take it out of the config."),
}


def _other(status: int) -> tuple[str, str]:
    try:
        name = HTTPStatus(status).phrase
    except ValueError:
        name = "not a known status"
    if status >= 500:
        return f"is in trouble itself ({status} {name})", "Nothing to do; it is tried again."
    return f"answered {status} ({name})", "Check the source's options."


def _what_it_says(answer: Answer) -> str:
    """The platform's own words, where they are short and no web page."""
    if answer.looks_like_a_page() or not answer.body.strip():
        return ""
    try:
        found = _message_in(json.loads(answer.body))
    except (ValueError, RecursionError):
        found = answer.text()
    return f' and says "{one_line(found)}"' if found else ""


def _message_in(data: object) -> str:
    """The first of the usual places of an error message in a JSON body."""
    if isinstance(data, str):
        return data
    if isinstance(data, list):
        return _message_in(data[0]) if data else ""
    if not isinstance(data, dict):
        return ""
    for key in ("message", "error_description", "detail", "error", "errors", "title"):
        found = _message_in(data.get(key))
        if found:
            return found
    return ""


def error_of_exception(host: str, exc: Exception, redact: Redactor) -> SourceError:
    """The sentence for a request that got no answer."""
    problem, remedy, permanent = _describe(exc)
    return SourceError(redact(f"{host} {problem}"), remedy=remedy, permanent=permanent)


def _describe(exc: Exception) -> tuple[str, str, bool]:
    said = str(exc)
    again = "Nothing to do; it is tried again."
    if isinstance(exc, httpx.UnsupportedProtocol | httpx.InvalidURL):
        return "cannot be called: the address is not a web address.", "Correct the address in the config.", True
    if isinstance(exc, httpx.ProxyError):
        return (
            f"cannot be reached through the proxy ({one_line(said, 80)}).",
            "Check HTTPS_PROXY and NO_PROXY.",
            False,
        )
    if isinstance(exc, httpx.TimeoutException):
        return "did not answer in time.", again, False
    if "CERTIFICATE_VERIFY" in said or "certificate" in said.lower():
        return (
            f"shows a certificate that cannot be trusted ({one_line(said, 120)}).",
            "Have its owner renew it; for an authority of your own set SSL_CERT_FILE.",
            False,
        )
    if isinstance(exc, httpx.ConnectError):
        return f"cannot be reached ({one_line(said, 120)}).", "Check the address, DNS and the firewall.", False
    if isinstance(exc, httpx.DecodingError):
        return "sent data that cannot be decompressed.", again, False
    return f"broke off in the middle of the answer ({type(exc).__name__}).", again, False
