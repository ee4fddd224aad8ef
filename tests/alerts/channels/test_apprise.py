"""Apprise's channels: real requests to a server on loopback; e-mail through a real SMTP conversation."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_string, policy
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar
from urllib.parse import unquote

import pytest
from pydantic import SecretStr

from alerts.card import build_card
from alerts.channels.apprise import AppriseChannel
from alerts.channels.base import ChannelError, RenderedMessage
from alerts.channels.options import AppriseOptions
from alerts.texts.reader import Reader
from tests.alerts.card_stories import NOW, PLAN, STOCKHOLM, WARNING

MESSAGE = RenderedMessage("k", build_card(WARNING, PLAN, Reader("sv", STOCKHOLM, NOW)))


class Hook:
    """A web hook on loopback that keeps what it gets and answers with `status`."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.status = 200

    @contextmanager
    def serving(self) -> Iterator[int]:
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                hook.paths.append(self.path)
                hook.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(hook.status)
                self.end_headers()

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        with HTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.02,))
            thread.start()
            yield server.server_address[1]
            server.shutdown()
            thread.join()


@pytest.fixture
def hook() -> Iterator[tuple[Hook, int]]:
    made = Hook()
    with made.serving() as port:
        yield made, port


def channel(*urls: str) -> AppriseChannel:
    return AppriseChannel(AppriseOptions(urls=tuple(SecretStr(url) for url in urls), name="sms"))


def test_a_hook_gets_the_title_and_the_card_as_text(hook):
    server, port = hook
    channel(f"json://127.0.0.1:{port}/alarm").send(MESSAGE)
    assert server.got[0]["title"] == "Varning: Nordtåg · delays (INC-12)"
    assert "37 olika personer" in server.got[0]["message"]
    assert "<" not in server.got[0]["message"].replace("< skandal", "")


def test_the_persons_own_address_takes_its_place_in_the_address(hook):
    server, port = hook
    message = RenderedMessage("k", MESSAGE.card, place="+46 70/1?x")
    channel(f"json://127.0.0.1:{port}/to/{{place}}/").send(message)
    assert unquote(server.paths[0]).rstrip("/") == "/to/+46 70/1?x"
    assert server.paths[0].count("/") == 3, "the address must not add to the path"


def test_an_address_that_needs_somebody_is_refused_without_one():
    with pytest.raises(ChannelError, match="whom to reach") as caught:
        channel("json://127.0.0.1:1/{place}").send(MESSAGE)
    assert (caught.value.permanent, caught.value.code) == (True, "no_place")


def test_one_dead_address_does_not_hide_a_living_one(hook):
    server, port = hook
    channel("json://127.0.0.1:1/dead", f"json://127.0.0.1:{port}/alive").send(MESSAGE)
    assert len(server.got) == 1


@pytest.mark.parametrize("status", [400, 404, 500])
def test_when_nobody_takes_it_nobody_knows_whether_it_arrived(hook, status):
    server, port = hook
    server.status = status
    with pytest.raises(ChannelError, match="none of 1 addresses") as caught:
        channel(f"json://127.0.0.1:{port}/alarm").send(MESSAGE)
    assert (caught.value.unclear, caught.value.permanent) == (True, False)


def test_an_address_that_cannot_be_read_is_named_without_its_secrets():
    with pytest.raises(ChannelError, match="begins with nonsense:") as caught:
        channel("nonsense://user:hemligt@host").check()
    assert "hemligt" not in f"{caught.value!r}{caught.value.remedy}"


def test_check_names_the_services(hook):
    _, port = hook
    assert channel(f"json://127.0.0.1:{port}/", "mailto://a:b@mail.example").check() == "JSON, E-Mail"


def test_it_never_pretends_to_look():
    with pytest.raises(ChannelError, match="cannot tell"):
        channel("json://127.0.0.1:1/").find("k", "", NOW)
    assert AppriseChannel.reconciles is False


class Mailbox(socketserver.StreamRequestHandler):
    """An SMTP server that takes one mail."""

    mails: ClassVar[list[str]] = []

    def handle(self) -> None:
        self.say("220 loopback")
        lines: list[str] = []
        in_data = False
        while line := self.rfile.readline().decode():
            word = line.strip().upper()
            if in_data and word == ".":
                in_data = False
                Mailbox.mails.append("".join(lines))
                self.say("250 taken")
            elif in_data:
                lines.append(line.removeprefix("."))
            elif word == "DATA":
                in_data = True
                self.say("354 go on")
            elif word == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 ok")

    def say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


def test_a_mail_arrives_with_our_subject_and_html_that_cannot_be_scripted():
    Mailbox.mails.clear()
    with socketserver.TCPServer(("127.0.0.1", 0), Mailbox) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        port = server.server_address[1]
        channel(f"mailto://127.0.0.1:{port}?from=vakt@nordtag.example&to=anna@nordtag.example").send(MESSAGE)
        server.shutdown()
        thread.join()
    mail = message_from_string(Mailbox.mails[0], policy=policy.default)
    assert mail["Subject"] == "Varning: Nordtåg · delays (INC-12)"
    html = mail.get_body(("html",)).get_content()
    assert "&lt; skandal &gt;" in html
    assert "<script" not in html
