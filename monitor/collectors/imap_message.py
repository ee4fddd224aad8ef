"""A mail as a Mention: whose it is, what it answers, what was written, and what is no person's mail at all."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parseaddr

from monitor.collectors.html_text import clean_text
from monitor.collectors.imap_text import own_words, own_words_of_html, unflowed
from monitor.mention import Mention, MentionKind

PLATFORM = "email"
_ID = re.compile(r"<([^<>\s]{3,250})>")
_PREFIX = re.compile(r"^(?:(?:re|sv|vs|fw|fwd|vb|aw|ang|vl|antw|svar)(?:\[\d+\])?\s*:\s*)+", re.IGNORECASE)
_FORWARDED = re.compile(r"^(?:fwd?|vb|vl|wg|videresendt)\s*:", re.IGNORECASE)
_MACHINES = ("mailer-daemon@", "postmaster@", "mail-daemon@")
_BULK = ("bulk", "junk", "auto_reply")
_AUTO_HEADERS = ("X-Autoreply", "X-Autorespond", "X-Auto-Reply-From", "X-MailAutoReply")
_AWAY = re.compile(
    r"^(?:automatic reply|auto(?:matiskt)? ?svar|autosvar|automatisk svar"
    r"|automaattinen (?:vastaus|poissaoloviesti)"
    r"|out of office|(?:frånvaro|fravær|poissaolo)\s*:|undeliver\w*|delivery status|kunde inte levereras)(?!\w)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Labels:
    """What the source adds to each of its mentions."""

    source: str
    language: str | None = None


def read_message(content: bytes) -> Message:
    """A mail as it came. Never raises: what is broken is read as far as it goes."""
    return message_from_bytes(content, policy=policy.compat32)  # the strict policy raises on some headers


def is_automatic(mail: Message) -> bool:
    """Whether a machine answered: absence notes, bounces, receipts. A storm of these is no crisis."""
    submitted = _header(mail, "Auto-Submitted").lower()
    sender = _address(mail)
    return (
        (submitted not in ("", "no"))
        or _header(mail, "Precedence").strip().lower() in _BULK
        or any(mail.get(name) is not None for name in _AUTO_HEADERS)
        or mail.get_content_type() in ("multipart/report", "message/delivery-status")
        or _header(mail, "Return-Path").strip() == "<>"
        or sender.startswith(_MACHINES)
        or bool(_AWAY.match(_PREFIX.sub("", _header(mail, "Subject"))))
    )


def message_id(mail: Message) -> str:
    """The Message-ID, or a hash of the headers where there is none."""
    found = _ID.search(_header(mail, "Message-ID"))
    return found[1] if found else f"without-id/{fingerprint(mail)}"


def fingerprint(mail: Message) -> str:
    """What tells two mails with the same (or no) Message-ID apart."""
    marks = [_header(mail, name) for name in ("Date", "From", "To", "Subject")]
    return hashlib.sha256("\n".join(marks).encode("utf-8", "replace")).hexdigest()[:20]


def mention_of(mail: Message, received_at: datetime, global_id: str, labels: Labels) -> Mention:
    """A mail as a Mention. Its time is when it came: the Date header is the sender's. Raises ValueError."""
    subject = clean_text(_header(mail, "Subject"))
    parent, root = _relations(mail, global_id)
    words = _words(mail, whole=bool(_FORWARDED.match(subject)))
    plain = _PREFIX.sub("", subject)
    answers = parent is not None or plain != subject
    text = words if answers and words else f"{plain}\n{words}".strip()
    if not text:
        raise ValueError("a mail without subject and text")
    sender = _address(mail)
    return Mention(
        platform=PLATFORM,
        global_id=global_id,
        source=labels.source,
        text=text,
        created_at=received_at,
        kind=MentionKind.EMAIL,
        author=sender or None,
        author_handles=(sender,) if sender else (),
        parent_id=parent,
        thread_id=root,
        language=labels.language,
        extra_text=plain if answers else "",
    )


def _relations(mail: Message, own: str) -> tuple[str | None, str]:
    """What a mail answers, and the first mail of the conversation."""
    answered = _ID.findall(_header(mail, "In-Reply-To"))
    above = _ID.findall(_header(mail, "References"))
    parent = answered[0] if answered else above[-1] if above else None
    return parent, above[0] if above else parent or own


def _words(mail: Message, *, whole: bool) -> str:
    """What was written: of the plain part if it says anything, else of the HTML. `whole`: with what is quoted."""
    for kind, cut in (("text/plain", own_words), ("text/html", own_words_of_html)):
        texts = [_text(part) for part in _parts(mail) if part.get_content_type() == kind]
        found = "\n".join(filter(None, (cut(text) for text in texts)))
        if not found and whole:
            found = clean_text("\n".join(texts)) if kind == "text/plain" else ""
        if found:
            return found
    return ""


def _parts(mail: Message) -> Iterator[Message]:
    """The parts to read; attachments and attached mails are not among them."""
    if mail.get_content_maintype() == "message":
        return
    if "attachment" in _header(mail, "Content-Disposition").lower():
        return
    payload = mail.get_payload()
    if not mail.is_multipart() or not isinstance(payload, list):
        yield mail
        return
    for part in payload:
        if isinstance(part, Message):
            yield from _parts(part)


def _text(part: Message) -> str:
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return ""
    text = _decoded(content, part.get_content_charset())
    return unflowed(text) if part.get_param("format") == "flowed" else text


def _decoded(content: bytes, charset: str | None) -> str:
    for name in (charset, "utf-8"):
        try:
            return content.decode(name or "utf-8")
        except (LookupError, UnicodeError):
            continue
    return content.decode("windows-1252", "replace")


def _header(mail: Message, name: str) -> str:
    """A header on one line, decoded (RFC 2047), whatever is wrong with it."""
    raw = mail.get(name)
    if raw is None:
        return ""
    try:
        text = str(make_header(decode_header(str(raw))))
    except (LookupError, UnicodeError, ValueError):
        text = str(raw)
    return " ".join(text.encode("utf-8", "replace").decode("utf-8").split())


def _address(mail: Message) -> str:
    return parseaddr(_header(mail, "From"))[1].strip().lower()
