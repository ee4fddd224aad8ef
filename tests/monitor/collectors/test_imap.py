"""Mailboxes: own words out of real mails, machines' mails, identities, UIDs, logins; nothing is ever changed."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from monitor.clock import SimulatedClock
from monitor.collecting import PollOutcome, SourceRunner
from monitor.collectors.base import CollectContext, SourceError
from monitor.collectors.http import Network
from monitor.collectors.imap import ImapCollector, ImapOptions
from monitor.collectors.imap_message import Labels, is_automatic, mention_of, read_message
from monitor.collectors.imap_server import _utf7, connect, problems_told
from monitor.collectors.imap_text import own_words, own_words_of_html, unflowed
from monitor.collectors.redaction import Redactor
from monitor.collectors.registry import build
from monitor.mention import Mention, MentionKind
from tests.fakes.imap import PASSWORD, FakeImap
from tests.fakes.sink import MemorySink
from tests.monitor.collectors.recorded import files

NOW = datetime(2026, 1, 12, 12, 0, tzinfo=UTC)
LABELS = Labels("mail")


class Postbox:
    """The fake mailbox and a source that reads it."""

    def __init__(self, answer: Any = None, **options: Any) -> None:
        self.clock = SimulatedClock(NOW)
        self.fake = FakeImap(self.clock)
        self.sink = MemorySink()
        login = {} if "oauth" in options else {"password": PASSWORD}
        common = {"name": "mail", "host": "imap.example", "user": "kund@nordtag.example"}
        self.options = ImapOptions.model_validate({**common, **login, **options})
        transport = httpx.MockTransport(answer or (lambda request: httpx.Response(500)))
        network = Network(self.clock, transport=transport)
        collector = build(self.options, network)
        assert isinstance(collector, ImapCollector)
        collector.connect = self.fake.connect
        self.runner: SourceRunner = SourceRunner(
            self.options, collector, self.sink, self.clock, lambda s, now: CollectContext(now), rng=Random(1)
        )

    def poll(self, minutes: float = 1) -> PollOutcome:
        self.clock.advance(timedelta(minutes=minutes))
        return self.runner.poll()

    def mention(self, global_id: str) -> Mention:
        return self.sink.mentions["email", global_id]


def test_a_mail_becomes_a_mention() -> None:
    """Subject and text, the sender, the time of arrival whatever the Date header claims."""
    box = Postbox()
    found = box.fake.add("Tåget kom aldrig.\n\nMvh\nAnna\n070-123", NOW, Date="Mon, 1 Jan 2001 00:00:00 +0000")
    assert not box.poll().failed
    mention = box.mention(found)
    assert (mention.text, mention.kind) == ("Ärende\nTåget kom aldrig.", MentionKind.EMAIL)
    assert (mention.author, mention.author_handles) == ("anna@kund.example", ("anna@kund.example",))
    assert (mention.created_at, mention.parent_id, mention.thread_id) == (NOW, None, found)


def test_an_answer_is_what_was_added() -> None:
    """Its subject is not said again, but matched; it knows what it answers and where the thread began."""
    box = Postbox()
    found = box.fake.add(
        "Nej.\n\nDen mån 12 jan. 2026 kl 10:02 skrev Nordtåg <kund@nordtag.se>:\n> Är allt bra?",
        NOW,
        subject="Sv: RE: Nordtåg försenat",
        In_Reply_To="<two@nordtag.example>",
        References="<one@kund.example> <two@nordtag.example>",
    )
    box.poll()
    mention = box.mention(found)
    assert (mention.text, mention.extra_text) == ("Nej.", "Nordtåg försenat")
    assert (mention.parent_id, mention.thread_id) == ("two@nordtag.example", "one@kund.example")


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Precedence": "bulk"},
        {"X_Autoreply": "yes"},
        {"Return_Path": "<>"},
        {"sender": "MAILER-DAEMON@mx.example"},
        {"subject": "Automatiskt svar: Ärende"},
        {"subject": "SV: Frånvaro: semester"},
        {"subject": "Automaattinen vastaus: asia"},
        {"subject": "Undeliverable: Ärende"},
    ],
)
def test_machines_mails_are_left_out(headers: dict[str, str]) -> None:
    """A storm of absence notes is no crisis; `Auto-Submitted: no` is a person."""
    box = Postbox()
    box.fake.add("Jag är på semester", NOW, **headers)
    person = box.fake.add("Automatiskt låsta dörrar!", NOW, Auto_Submitted="no")
    box.poll()
    assert [i for _, i in box.sink.mentions] == [person]
    assert box.sink.refusals == []


def test_bounces_are_machines() -> None:
    """By their type."""
    mail = read_message(b"From: a@b.se\r\nContent-Type: multipart/report; boundary=x\r\n\r\n--x--")
    assert is_automatic(mail)


def test_attachments_are_ignored_and_html_is_read_where_there_is_no_text() -> None:
    """Text files that are attached, too."""
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "a@b.se", "Se bild"
    mail.set_content("<p>Tåget<br>brinner</p><blockquote>gammalt</blockquote>", subtype="html")
    mail.add_attachment("HEMLIG LISTA", filename="lista.txt")
    mail.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="b.png")
    made = mention_of(read_message(mail.as_bytes()), NOW, "x", LABELS)
    assert made.text == "Se bild\nTåget\nbrinner"


def test_a_bare_forward_is_read_whole() -> None:
    """Otherwise nothing would be left of it."""
    text = "-----Ursprungligt meddelande-----\nFrån: Bo\nSkickat: igår\nTill: oss\nÄmne: x\n\nTåget brinner"
    head = "From: a@b.se\nSubject: VB: brand\nContent-Type: text/plain; charset=utf-8\n\n"
    mail = read_message(f"{head}{text}".encode())
    assert "Tåget brinner" in mention_of(mail, NOW, "x", LABELS).text


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"From: a@b.se\nSubject: =?iso-8859-1?Q?F=F6rsenat?=\n\n", "Försenat"),
        (b"From: a@b.se\nSubject: =?utf-8?B?w5ZzdA==?= =?x-unknown?Q?a?=\n\nHej", "Hej"),
        (b"From: a@b.se\nContent-Type: text/plain; charset=klingon\n\nbl\xe5b\xe4r", "blåbär"),
        (b"From: a@b.se\nContent-Type: text/plain; charset=utf-8\n\nbl\xe5b\xe4r", "blåbär"),
        (b"From: a@b.se\nContent-Transfer-Encoding: base64\nContent-Type: text/plain\n\n5Q", "å"),
        (b"From: a@b.se\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\nutan slut", "utan slut"),
    ],
)
def test_encodings_whatever_is_wrong_with_them(content: bytes, text: str) -> None:
    """Unknown charsets, wrong ones, cut bodies."""
    assert text in mention_of(read_message(content), NOW, "x", LABELS).text


def test_a_message_id_that_is_used_twice_hides_nothing() -> None:
    """Web forms do that; the same mail in two folders is still one, and mails without id are told apart."""
    box = Postbox(folders=["INBOX", "Arkiv"])
    same = {"Message_ID": "<form@nordtag.example>"}
    for number in range(3):
        box.fake.add(f"formulär {number}", NOW, subject=f"Ärende {number}", **same)
    box.fake.put(b"From: a@b.se\nSubject: ett\n\nutan id 1", NOW)
    box.fake.put(b"From: a@b.se\nSubject: tva\n\nutan id 2", NOW)
    twice = b"Message-ID: <kopia@b.se>\nFrom: a@b.se\nSubject: x\n\nkopia"
    box.fake.put(twice, NOW)
    box.fake.put(twice, NOW, folder="Arkiv")
    box.poll()
    assert len(box.sink.mentions) == 6
    box.fake.renumber()
    box.poll()
    assert len(box.sink.mentions) == 6


def test_uids_that_are_void_are_searched_by_date() -> None:
    """What came meanwhile is found, what is known is not taken again."""
    box = Postbox()
    box.fake.add("gammalt", NOW - timedelta(days=40))
    box.fake.add("ett", NOW)
    box.poll()
    assert [m.text for m in box.sink.mentions.values()] == ["Ärende\nett"]
    box.fake.renumber()
    box.fake.add("två", NOW + timedelta(minutes=1), Message_ID="<ny@kund.example>")
    assert box.poll().report.taken == 1
    assert box.sink.load_cursor("mail")["targets"]["INBOX"]["validity"] == 18


def test_the_newest_mail_is_not_fetched_again_and_again() -> None:
    """A search above it names it all the same."""
    box = Postbox()
    box.fake.add("ett", NOW)
    box.poll()
    box.fake.commands.clear()
    box.poll()
    assert not any("FETCH" in command for command in box.fake.commands)


def test_nothing_is_changed_in_the_mailbox() -> None:
    """Only reading commands, and no mail is marked as read."""
    box = Postbox()
    box.fake.add("ett", NOW)
    box.poll()
    words = {command.split(" ")[1] for command in box.fake.commands if " " in command}
    assert words <= {"CAPABILITY", "LOGIN", "EXAMINE", "UID", "LOGOUT"}
    assert not any(mail.seen for mail in box.fake.folders["INBOX"])


def test_a_folder_that_is_missing_does_not_stop_the_others() -> None:
    """It is named."""
    box = Postbox(folders=["INBOX", "Pressen"])
    box.fake.add("ett", NOW)
    outcome = box.poll()
    assert 'no folder "Pressen"' in outcome.health.error
    assert len(box.sink.mentions) == 1


@pytest.mark.parametrize(
    ("name", "written"),
    [("INBOX", "INBOX"), ("Skräppost", "Skr&AOQ-ppost"), ('a"b\\c', 'a\\"b\\\\c'), ("å/R&D", "&AOU-/R&-D")],
)
def test_folder_names(name: str, written: str) -> None:
    """In the protocol's own UTF-7."""
    assert _utf7(name) == written


def test_wrong_password() -> None:
    """A sentence without it."""
    box = Postbox()
    box.fake.password = "another"
    told = box.poll().health.error
    assert "Invalid credentials" in told
    assert PASSWORD not in told


def test_a_login_by_token() -> None:
    """The refresh token becomes an access token at the provider; neither is ever shown."""
    asked: list[httpx.Request] = []

    def provider(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"access_token": "access-1", "expires_in": 3600})

    oauth = {
        "token_url": "https://login.example/tenant/oauth2/v2.0/token",
        "client_id": "app",
        "client_secret": "app-secret",
        "refresh_token": "refresh-1",
    }
    box = Postbox(provider, oauth=oauth)
    box.fake.tokens = ("access-1",)
    box.fake.add("ett", NOW)
    assert not box.poll().failed
    assert b"refresh_token=refresh-1" in asked[0].content
    assert len(box.sink.mentions) == 1
    box.fake.tokens = ()
    told = box.poll().health.error
    assert told
    assert "access-1" not in told


@pytest.mark.parametrize("answer", [{}, {"access_token": ""}, {"access_token": 7}])
def test_a_provider_that_gives_no_token(answer: dict[str, object]) -> None:
    """Somebody must consent anew."""
    oauth = {"token_url": "https://login.example/token", "client_id": "app", "refresh_token": "refresh-1"}
    outcome = Postbox(lambda request: httpx.Response(200, json=answer), oauth=oauth).poll()
    assert "no access token" in outcome.health.error


def test_check_and_options() -> None:
    """One login, and folders that are there."""
    assert "1 folder" in Postbox().runner.collector.check()
    with pytest.raises(SourceError, match="no folder"):
        Postbox(folders=["Nej"]).runner.collector.check()
    for wrong in ({}, {"password": "x", "oauth": {}}):
        with pytest.raises(ValidationError):
            ImapOptions.model_validate({"host": "h", "user": "u", **wrong})


@pytest.mark.parametrize("starttls", [False, True])
def test_nobody_listens(starttls: bool) -> None:
    """A sentence."""
    with pytest.raises(SourceError, match="cannot be reached"), problems_told("imap.example", Redactor()):
        connect("127.0.0.1", 9, starttls=starttls)


# --- own words


@pytest.mark.parametrize("path", files("email"))
def test_recorded_answers(path: Path) -> None:
    """Of each mail program's answer what was written remains, and nothing that was quoted."""
    content = path.read_bytes()
    if path.suffix == ".html":
        found = own_words_of_html(content.decode())
    elif path.suffix == ".eml":
        found = mention_of(read_message(content), NOW, "x", LABELS).text
    else:
        found = own_words(content.decode())
    assert "Hello! How are you?" not in found
    assert "wrote" not in found
    assert not any(line.startswith(">") for line in found.split("\n"))
    if path.suffix == ".html":
        assert found.startswith("Hi. I am fine.")
        assert "Sasha" not in found
    elif "share-block" in path.name:
        assert found.startswith("Hi Katharine")
        assert "new booking inquiry" not in found
    else:
        assert found.split("\n")[-1] == "Hello"


@pytest.mark.parametrize(
    "quoted",
    [
        "Den mån 5 jan. 2026 kl 10:02 skrev Nordtåg <kund@nordtag.se>:\n\n> Hej\n> Tack",
        "Den 5 jan. 2026 10:02 skrev Nordtåg <kund@nordtag.se>:\nHej utan märken",
        "man. 5. jan. 2026 kl. 10:02 skrev Nordtog\n<kunde@nordtog.no>:\n\n> Hei",
        "Den 5. januar 2026 kl. 10.02 skrev Nordtog <x@y.dk>:\nHej",
        "ma 5. tammik. 2026 klo 10.02 Nordjuna (a@b.fi) kirjoitti:\n> moi",
        "-----Opprinnelig melding-----\nFra: x",
        "________________________________\nFrån: Nordtåg <x@y.se>\nSkickat: den 5\nTill: Anna\nÄmne: x\n\nHej",
        "Lähettäjä: A\nLähetetty: eilen\nVastaanottaja: B\nAihe: C\n\nmoi",
        "Med vänlig hälsning\nAnna Svensson\nStorgatan 1",
        "Med venlig hilsen\nAnna",
        "Vennlig hilsen\nAnna",
        "Ystävällisin terveisin\nAnna",
        "-- \nAnna",
        "Skickat från min iPhone",
        "Sendt fra min Galaxy",
        "Lähetetty iPhonesta",
        "Hämta Outlook för iOS",
    ],
)
def test_quotes_and_signatures_in_nordic_mails(quoted: str) -> None:
    """What follows is cut away, what stands before remains."""
    assert own_words(f"Tåget kom aldrig.\nVarför?\n\n{quoted}\n").rstrip("_\n") == "Tåget kom aldrig.\nVarför?"


@pytest.mark.parametrize(
    "text",
    [
        "Den 5 januari skrev jag till er:\nIngen svarade.",
        "Från: Stockholm till Malmö tog det nio timmar.",
        "Jag skrev: kom hit!\nIngen kom.",
        "Varma hälsningar får ni inte.\n" + "\n".join(f"Rad {i} i ett långt brev." for i in range(12)),
        "Sent again: nothing works, I have waited for eleven hours on a platform without any information here",
        "Hej -- det är nog.",
    ],
)
def test_what_only_looks_like_a_quote_is_kept(text: str) -> None:
    """A complaint must not be cut for a turn of phrase."""
    assert own_words(text) == text


def test_answers_below_and_between_quotes() -> None:
    """All own lines remain."""
    text = "On 1/2/2026 10:00, A <a@b.se> wrote:\n> Kom tåget?\nNej.\n> Säkert?\nJa."
    assert own_words(text) == "Nej.\nJa."


def test_flowed_text_is_paragraphs() -> None:
    """RFC 3676: a space at the end goes on; stuffed lines and signatures."""
    assert unflowed("en lång \nmening\n >inget citat\n-- \nAnna") == "en lång mening\n>inget citat\n-- \nAnna"


@given(st.text(max_size=400))
def test_any_text_is_survived_and_never_grows(text: str) -> None:
    """Mails hold anything."""
    assert len(own_words(text)) <= len(text) * 3 + 3
    own_words_of_html(text)


@given(st.binary(max_size=600))
def test_any_bytes_are_a_mail_or_a_sentence(content: bytes) -> None:
    """Never anything but ValueError."""
    mail = read_message(content)
    is_automatic(mail)
    with suppress(ValueError):
        assert mention_of(mail, NOW, "x", LABELS).text
