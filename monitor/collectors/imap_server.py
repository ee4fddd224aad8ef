"""Reading a mailbox over IMAP (RFC 3501): folders opened read-only, messages peeked at, nothing changed."""

from __future__ import annotations

import imaplib
import re
import ssl
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from monitor.collectors.base import SourceError
from monitor.collectors.redaction import Redactor, one_line
from monitor.collectors.times import parse_time

MAX_BYTES = 300_000  # of one mail: texts come first, and attachments are ignored
_TIMEOUT_SECONDS = 30
_UID = re.compile(rb"UID (\d+)")
_DATE = re.compile(rb'INTERNALDATE "([^"]+)"')
_AGAIN = "Nothing to do; it is tried again."


@dataclass(frozen=True, slots=True)
class Raw:
    """A mail as the server has it."""

    uid: int
    received_at: datetime | None
    content: bytes


@contextmanager
def problems_told(host: str, redact: Redactor) -> Iterator[None]:
    """Whatever goes wrong with the server as a SourceError."""
    problem: SourceError
    try:
        yield
        return
    except imaplib.IMAP4.abort as exc:
        problem = SourceError(f"{host} broke off ({_said(exc, redact)}).", remedy=_AGAIN)
    except imaplib.IMAP4.error as exc:
        problem = SourceError(f"{host} refuses: {_said(exc, redact)}.", remedy="Check user, password and folder.")
    except ssl.SSLError as exc:
        problem = SourceError(
            f"{host} shows a certificate that cannot be trusted ({_said(exc, redact)}).",
            remedy="Have its owner renew it; for an authority of your own set SSL_CERT_FILE.",
        )
    except TimeoutError:
        problem = SourceError(f"{host} did not answer in time.", remedy=_AGAIN)
    except (OSError, EOFError) as exc:
        problem = SourceError(
            f"{host} cannot be reached ({_said(exc, redact)}).",
            remedy="Check the address, the port and the firewall.",
        )
    raise problem


def connect(host: str, port: int, *, starttls: bool) -> imaplib.IMAP4:
    """A connection with TLS, verified. Raises OSError, imaplib.IMAP4.error."""
    context = ssl.create_default_context()
    if not starttls:
        return imaplib.IMAP4_SSL(host, port, ssl_context=context, timeout=_TIMEOUT_SECONDS)
    plain = imaplib.IMAP4(host, port, timeout=_TIMEOUT_SECONDS)
    plain.starttls(context)
    return plain


class Mailbox:
    """One connection. All methods raise SourceError."""

    def __init__(self, server: imaplib.IMAP4, host: str, redact: Redactor) -> None:
        self._server = server
        self._host = host
        self._redact = redact

    def log_in(self, user: str, password: str) -> None:
        """By name and password."""
        with problems_told(self._host, self._redact):
            self._server.login(user, password)

    def log_in_by_token(self, user: str, token: str) -> None:
        """By an OAuth access token (XOAUTH2: Microsoft 365, Gmail)."""
        answer = f"user={user}\x01auth=Bearer {token}\x01\x01".encode()
        self._redact.hide(b64encode(answer).decode("ascii"))
        with problems_told(self._host, self._redact):
            self._server.authenticate("XOAUTH2", lambda challenge: answer if not challenge else b"")

    def open(self, folder: str) -> int:
        """Open a folder read-only; returns its UIDVALIDITY."""
        with problems_told(self._host, self._redact):
            status, told = self._server.select(f'"{_utf7(folder)}"', readonly=True)
            if status != "OK":
                raise SourceError(
                    f'{self._host} has no folder "{folder}" ({_said(told, self._redact)}).',
                    remedy="Check `folders`; nested ones are written as the server does, such as INBOX/Press.",
                    permanent=True,
                )
            _, found = self._server.response("UIDVALIDITY")
        return int(found[0]) if found and found[0] else 0

    def since(self, at: datetime) -> list[int]:
        """UIDs of mails received on the day of `at` (in any time zone) or later, ascending."""
        day = at - timedelta(days=1)
        months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        return self._search("SINCE", f"{day.day:02}-{months[day.month - 1]}-{day.year}")

    def above(self, uid: int) -> list[int]:
        """UIDs above one, ascending. (`n:*` always names the newest, too.)"""
        return [found for found in self._search("UID", f"{uid + 1}:*") if found > uid]

    def fetch(self, uids: Sequence[int]) -> list[Raw]:
        """Mails without marking them as read, ascending; those gone meanwhile are missing."""
        if not uids:
            return []
        wanted = f"(UID INTERNALDATE BODY.PEEK[]<0.{MAX_BYTES}>)"
        parts = self._uid("FETCH", ",".join(map(str, uids)), wanted)
        return sorted(_raws(parts), key=lambda raw: raw.uid)

    def close(self) -> None:
        """Say good-bye; a server that is gone does not matter any more."""
        with suppress(imaplib.IMAP4.error, OSError, EOFError):
            self._server.logout()

    def _search(self, *criteria: str) -> list[int]:
        found = self._uid("SEARCH", *criteria)
        return sorted(int(number) for line in found if isinstance(line, bytes) for number in line.split())

    def _uid(self, command: str, *arguments: str) -> list[Any]:
        with problems_told(self._host, self._redact):
            status, found = self._server.uid(command, *arguments)
            if status != "OK":
                raise imaplib.IMAP4.error(_said(found, self._redact))
        return [part for part in found if part is not None]


def _raws(parts: list[Any]) -> Iterator[Raw]:
    """imaplib gives (head, content) pairs and, for what stands behind the content, single lines."""
    for place, part in enumerate(parts):
        if not isinstance(part, tuple):
            continue
        tail = parts[place + 1] if place + 1 < len(parts) and isinstance(parts[place + 1], bytes) else b""
        head = part[0] + b" " + tail
        uid, date = _UID.search(head), _DATE.search(head)
        if uid is not None:
            received = (
                parse_time(date[1].decode("ascii", "replace").strip().replace("-", " ", 2)) if date else None
            )
            yield Raw(int(uid[1]), received, part[1])


def _utf7(folder: str) -> str:
    """A folder's name in IMAP's own UTF-7 (RFC 3501, 5.1.3), quotes escaped."""
    made = ""
    for run in re.findall(r"[\x20-\x7e]+|[^\x20-\x7e]+", folder):
        if run.isascii():
            made += run.replace("&", "&-").replace("\\", "\\\\").replace('"', '\\"')
        else:
            coded = b64encode(run.encode("utf-16-be")).decode("ascii").rstrip("=").replace("/", ",")
            made += f"&{coded}-"
    return made


def _said(what: object, redact: Redactor) -> str:
    if isinstance(what, list):
        what = b" ".join(part for part in what if isinstance(part, bytes)).decode("utf-8", "replace")
    return one_line(redact(str(what)), 120).rstrip(".")
