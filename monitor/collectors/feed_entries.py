"""Feeds as they really are, parsed leniently by feedparser into entries with plain text and aware UTC times."""

from __future__ import annotations

import calendar
import hashlib
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from monitor.collectors.answers import Answer
from monitor.collectors.html_text import clean_text, html_to_text, mend_mojibake
from monitor.collectors.times import parse_time

MAX_ENTRIES = 1_000
LONGEST_GUID = 500
LONGEST_LINK = 2_000
_TRACKING = re.compile(r"^(utm_\w+|fbclid|gclid|at_\w+|cmpid|ocid|ref|xtor)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One entry. `text`: title and description, a line each; `extra`: links and full text, matched only."""

    guid: str
    link: str
    title: str
    text: str
    extra: str
    author: str
    created_at: datetime | None
    updated_at: datetime | None

    def global_id(self, host: str) -> str:
        """The guid (with the feed's host, unless it is an address), else the link, else title and date."""
        own = self.guid or self.normal_link() or self._digest()
        return own if "://" in own else f"{host}/{own}"

    def _digest(self) -> str:
        told = f"{self.title or self.text}|{self.created_at}"
        return hashlib.sha256(told.encode()).hexdigest()[:24]

    def normal_link(self) -> str:
        """The link without what changes from feed to feed: scheme, fragment, tracking parameters."""
        if not self.link:
            return ""
        parts = urlsplit(self.link)
        query = urlencode([pair for pair in parse_qsl(parts.query) if not _TRACKING.match(pair[0])])
        return f"{parts.netloc.lower()}{parts.path.rstrip('/')}{'?' + query if query else ''}"


@dataclass(frozen=True, slots=True)
class Feed:
    """A parsed feed. `broken` says that it was cut off or malformed, so that there may be more than was read;
    `unread` counts entries beyond MAX_ENTRIES, `wordless` those without any text.
    """

    entries: tuple[FeedEntry, ...]
    language: str | None
    broken: bool
    unread: int = 0
    wordless: int = 0

    def faults(self) -> list[str]:
        """What the operator should know of it, in sentences."""
        told = {
            "the feed is cut off or malformed; it was read as far as that goes": self.broken,
            f"entries beyond the first {MAX_ENTRIES} are not read": bool(self.unread),
            "some entries have no text at all and are left out": bool(self.wordless),
        }
        return [sentence for sentence, applies in told.items() if applies]


def read_feed(answer: Answer) -> Feed:
    """Parse an answer. Raises HttpError when it is no feed at all."""
    import feedparser

    headers = {"content-type": answer.headers.get("content-type", ""), "content-location": answer.url}
    # A stream, never a string: feedparser fetches strings that look like addresses. External entities are off.
    parsed = feedparser.parse(io.BytesIO(answer.body), response_headers=headers, sanitize_html=False)
    if not parsed.entries and not parsed.get("version"):
        kind = "a web page" if answer.looks_like_a_page() else "something"
        raise answer.error(
            f"answered with {kind} that is no feed ({len(answer.body)} bytes).", remedy="Check the feed's address."
        )
    fault = parsed.get("bozo_exception")
    harmless = isinstance(fault, feedparser.CharacterEncodingOverride | feedparser.NonXMLContentType)
    entries = tuple(_entry(raw) for raw in parsed.entries[:MAX_ENTRIES])
    language = str(parsed.feed.get("language") or "").strip().lower()[:2]
    return Feed(
        tuple(entry for entry in entries if entry.text),
        language if language.isalpha() else None,
        bool(parsed.get("bozo")) and not harmless,
        unread=max(len(parsed.entries) - MAX_ENTRIES, 0),
        wordless=sum(not entry.text for entry in entries),
    )


def _entry(raw: Mapping[str, Any]) -> FeedEntry:
    title = html_to_text(_text(raw.get("title")), maybe_escaped_twice=True)
    body = html_to_text(_body(raw), maybe_escaped_twice=True)
    title_text, body_text = mend_mojibake(title.text), mend_mojibake(body.text)
    whole = mend_mojibake(html_to_text(_content(raw), maybe_escaped_twice=True).text)
    repeated = body_text.startswith(title_text)
    created = _time(raw, "published") or _time(raw, "created") or _time(raw, "updated")
    return FeedEntry(
        guid=_bounded(_text(raw.get("id")).strip()),
        link=_link(raw),
        title=title_text,
        text=clean_text(body_text if repeated else f"{title_text}\n{body_text}"),
        extra="\n".join(filter(None, (title.extra, body.extra, whole if whole != body_text else ""))),
        author=clean_text(_text(raw.get("author")))[:200],
        created_at=created,
        updated_at=_time(raw, "updated"),
    )


def _body(raw: Mapping[str, Any]) -> str:
    return _text(raw.get("summary")) or _content(raw)


def _content(raw: Mapping[str, Any]) -> str:
    contents = raw.get("content") or ()
    return next((_text(part.get("value")) for part in contents if part.get("value")), "")


def _bounded(guid: str) -> str:
    """A guid, or, where a feed puts a whole text there, its hash."""
    return guid if len(guid) <= LONGEST_GUID else hashlib.sha256(guid.encode()).hexdigest()


def _link(raw: Mapping[str, Any]) -> str:
    link = _text(raw.get("link")).strip()
    return link if link.startswith(("http://", "https://")) and len(link) <= LONGEST_LINK else ""


def _time(raw: Mapping[str, Any], name: str) -> datetime | None:
    # Past FeedParserDict's own look-up, which takes another date (with a warning) where one is missing.
    plain = dict(raw.items())
    parsed = plain.get(f"{name}_parsed")
    if parsed is None:
        return parse_time(plain.get(name))
    try:
        return datetime.fromtimestamp(calendar.timegm(parsed), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
