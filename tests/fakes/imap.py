"""A fake IMAP server in memory, behind Python's own IMAP client: what goes over the line is the real protocol.

Each command is put to `handle` as a request, so that the faults of `platform_server` apply: a status other than
200 hangs up, a body comes instead of the answer, slowness becomes a time-out.
"""

from __future__ import annotations

import imaplib
import re
from base64 import b64decode
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any

import httpx

from tests.fakes.platform_server import FakePlatform

MAX_ANSWER = 2_000_000
PASSWORD = "s3cr3t-F+rtojd/42="  # the contract suite's


@dataclass
class Mail:
    uid: int
    received_at: datetime
    content: bytes
    seen: bool = False


@dataclass
class FakeImap(FakePlatform):
    """A mailbox. `folders` maps names (as the protocol writes them) to mails."""

    folders: dict[str, list[Mail]] = field(default_factory=lambda: {"INBOX": []})
    validity: int = 17
    next_uid: int = 5
    password: str = PASSWORD
    tokens: tuple[str, ...] = ()
    commands: list[str] = field(default_factory=list)
    no_date: bool = False

    # --- people

    def add(
        self,
        text: str,
        at: datetime,
        *,
        folder: str = "INBOX",
        subject: str = "Ärende",
        sender: str = "Anna <anna@kund.example>",
        **headers: str,
    ) -> str:
        """A mail arrives now, with `at` as its date of arrival; returns its Message-ID."""
        mail = EmailMessage()
        given = {"From": sender, "Subject": subject, "Message-ID": f"<mail-{self.next_uid}@kund.example>"}
        for name, value in {**given, **{name.replace("_", "-"): value for name, value in headers.items()}}.items():
            mail[name] = value
        mail.set_content(text)
        self.put(mail.as_bytes(), at, folder=folder)
        return str(mail["Message-ID"]).strip("<>")

    def put(self, content: bytes, at: datetime, *, folder: str = "INBOX") -> None:
        """A mail as it is."""
        self.folders.setdefault(folder, []).append(Mail(self.next_uid, at, content))
        self.next_uid += 2

    def renumber(self) -> None:
        """The server was moved: all UIDs are void."""
        self.validity += 1
        self.next_uid = 1
        for mails in self.folders.values():
            for mail in mails:
                mail.uid, self.next_uid = self.next_uid, self.next_uid + 1

    # --- the server

    def connect(self, host: str, port: int, *, starttls: bool) -> imaplib.IMAP4:
        """What `imap_server.connect` does, without a socket."""
        return _Client(self)

    def said(self, command: str) -> bytes:
        """The bytes that come after a command line, faults included. Raises OSError."""
        self.commands.append(command)
        started = self.clock.now()
        request = httpx.Request("GET", "https://imap.example/", headers=[(b"x-command", command.encode("utf-8"))])
        try:
            response = self.handle(request)
            content = b""
            for part in response.iter_bytes():
                content += part
                if len(content) > MAX_ANSWER:
                    break
                if self.clock.now() - started > timedelta(seconds=30):
                    raise TimeoutError
        except httpx.TimeoutException:
            raise TimeoutError from None
        except httpx.HTTPError as exc:
            raise ConnectionResetError(str(exc)) from None
        return content if response.status_code == 200 else b""

    def answer(self, request: httpx.Request) -> httpx.Response:
        line = request.headers.raw[-1][1].decode("utf-8")
        if not line:
            return httpx.Response(200, content=b"* OK ready\r\n")
        tag, _, command = line.partition(" ")
        lines, ending = self._run(command)
        if tag == "+":
            return httpx.Response(200, content=b"".join(lines))
        return httpx.Response(200, content=b"".join(lines) + f"{tag} {ending}\r\n".encode())

    def _run(self, command: str) -> tuple[list[bytes], str]:
        word = command.split(" ", 1)[0].upper()
        if word == "CAPABILITY":
            return [b"* CAPABILITY IMAP4rev1 AUTH=XOAUTH2\r\n"], "OK done"
        if word == "LOGIN":
            good = f'"{self.password}"' in command or command.endswith(self.password)
            return [], "OK in" if good else "NO [AUTHENTICATIONFAILED] Invalid credentials"
        if word == "EXAMINE":
            return self._examine(command)
        if command.upper().startswith("UID SEARCH"):
            return self._search(command)
        if command.upper().startswith("UID FETCH"):
            return self._fetch(command)
        return [], "OK" if word in ("LOGOUT", "NOOP") else "BAD not understood"

    def _examine(self, command: str) -> tuple[list[bytes], str]:
        self.open = command.split(" ", 1)[1].strip('"')
        if self.open not in self.folders:
            return [], "NO [NONEXISTENT] Unknown Mailbox"
        there = len(self.folders[self.open])
        return [f"* {there} EXISTS\r\n* OK [UIDVALIDITY {self.validity}] ok\r\n".encode()], "OK [READ-ONLY] done"

    def _search(self, command: str) -> tuple[list[bytes], str]:
        mails = self.folders[self.open]
        since, above = re.search(r"SINCE (\S+)", command), re.search(r"UID (\d+):\*", command)
        if since:
            day = datetime.strptime(since[1], "%d-%b-%Y").date()  # noqa: DTZ007  # a day
            found = [mail.uid for mail in mails if mail.received_at.date() >= day]
        else:
            assert above is not None
            newest = max((mail.uid for mail in mails), default=0)
            found = [mail.uid for mail in mails if mail.uid >= min(int(above[1]), newest)]  # `*` is always in
        return [f"* SEARCH {' '.join(map(str, found))}\r\n".encode()], "OK done"

    def _fetch(self, command: str) -> tuple[list[bytes], str]:
        wanted = {int(uid) for uid in command.split(" ")[2].split(",")}
        longest = int((re.search(r"<0\.(\d+)>", command) or ["", "0"])[1])
        lines = []
        for place, mail in enumerate(self.folders[self.open], 1):
            if mail.uid in wanted:
                mail.seen = mail.seen or "PEEK" not in command
                at = mail.received_at.strftime("%d-%b-%Y %H:%M:%S +0000")
                date = "" if self.no_date else f'INTERNALDATE "{at}" '
                body = mail.content[:longest]
                head = f"* {place} FETCH (UID {mail.uid} {date}BODY[]<0> {{{len(body)}}}\r\n"
                lines.append(head.encode() + body + b")\r\n")
        return lines, "OK done"


class _Client(imaplib.IMAP4):
    """Python's client on a buffer instead of a socket."""

    def __init__(self, server: FakeImap) -> None:
        self.server = server
        self.buffer = self.sent = b""
        super().__init__("imap.example")

    def open(self, host: str = "", port: int = 143, timeout: float | None = None) -> None:
        self.buffer = self.server.said("")

    def read(self, size: int) -> bytes:
        found, self.buffer = self.buffer[:size], self.buffer[size:]
        return found

    def readline(self) -> bytes:
        end = self.buffer.find(b"\n") + 1 or len(self.buffer)
        if end > 1_000_000:
            raise imaplib.IMAP4.error("got more than 1000000 bytes")
        return self.read(end)

    def send(self, data: Any) -> None:
        *lines, self.sent = (self.sent + bytes(data)).split(b"\r\n")
        for line in lines:
            if b"AUTHENTICATE" in line:
                self.tag = line.split(b" ")[0].decode()
                self.buffer += b"+ \r\n"
            elif b" " not in line and line:  # the answer to a challenge
                token = b64decode(line).decode()
                good = any(f"Bearer {known}\x01" in token for known in self.server.tokens)
                self.buffer += f"{self.tag} {'OK in' if good else 'NO [AUTHENTICATIONFAILED] no'}\r\n".encode()
            elif line:
                self.buffer += self.server.said(line.decode("utf-8"))

    def shutdown(self) -> None:
        self.buffer = b""
