"""A Mastodon status (of any compatible server) as a Mention, and where on the net it can be read again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from monitor.collectors.html_text import clean_text, html_to_text
from monitor.collectors.times import dated, parse_time
from monitor.mention import Mention, MentionKind

PLATFORM = "mastodon"
_PUBLIC = ("public", "unlisted")
_LOCAL_ID = re.compile(r"[0-9A-Za-z_-]{1,40}")
_HOME = re.compile(r"(https?://[^/]+)/(?:users/[^/]+/statuses|ap/users/[^/]+/statuses|@[^/]+)/(\d{1,20})/?")


@dataclass(frozen=True, slots=True)
class Labels:
    """What the source adds to each of its mentions."""

    source: str
    brand: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a status can be asked for: a server and the status's id there."""

    server: str
    local_id: str


def home_of(uri: str, url: str | None = None) -> Place | None:
    """The status on its own server, as its uri or url tells (Mastodon's forms only)."""
    for address in (uri, url or ""):
        found = _HOME.fullmatch(address)
        if found:
            return Place(found[1], found[2])
    return None


def order_of(local_id: str) -> tuple[int, str]:
    """Ids are numbers as text (or ULIDs): longer is later, then by the alphabet."""
    return len(local_id), local_id


def local_id_of(status: object) -> str | None:
    """The id on the server that answered; None for what is no status or has no id that an address can hold."""
    found = status.get("id") if isinstance(status, Mapping) else None
    return str(found) if isinstance(found, str | int) and _LOCAL_ID.fullmatch(str(found)) else None


def shown(status: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The status that may be stored: the original of a boost (whose counts hold the boost), None if not public."""
    inner = status.get("reblog")
    status = inner if isinstance(inner, Mapping) else status
    return status if status.get("visibility", "public") in _PUBLIC else None


def uri_of(status: Mapping[str, Any]) -> str:
    """The id that all servers share. Raises ValueError."""
    uri = status.get("uri")
    if not isinstance(uri, str) or not uri.strip():
        raise ValueError("a status without uri")
    return uri.strip()


def mention_of(
    status: Mapping[str, Any],
    server: str,
    labels: Labels,
    relation: tuple[str | None, str | None],
    now: datetime,
) -> Mention:
    """A public status as a Mention. `relation` are its parent's and root's uri, if known. Raises ValueError."""
    account = status.get("account") or {}
    if not isinstance(status.get("content"), str):  # an account, or a draft that a deletion gives back
        raise ValueError("a status without content")
    text, extra = _texts(status)
    handle = _handle(account, server)
    uri = uri_of(status)
    return Mention(
        platform=PLATFORM,
        global_id=uri,
        source=labels.source,
        text=text,
        created_at=dated(status.get("created_at"), now),
        kind=MentionKind.COMMENT if status.get("in_reply_to_id") else MentionKind.POST,
        url=_address(status.get("url")) or _address(uri),
        author=str(account.get("uri") or account.get("url") or handle) or None,
        author_handles=(handle, f"@{handle}") if handle else (),
        followers=_count(account.get("followers_count")),
        parent_id=relation[0],
        thread_id=relation[1],
        likes=_count(status.get("favourites_count")),
        replies=_count(status.get("replies_count")),
        shares=_count(status.get("reblogs_count")),
        language=str(status.get("language") or "")[:2].lower() or labels.language,
        brands=(labels.brand,) if labels.brand else (),
        edited_at=parse_time(status.get("edited_at")),
        extra_text=extra,
    )


def _texts(status: Mapping[str, Any]) -> tuple[str, str]:
    """What people read (warning, text, poll) and what is matched only (links, pictures, card, quoted post)."""
    content = html_to_text(_text(status.get("content")))
    poll = status.get("poll") or {}
    answers = [_text(option.get("title")) for option in poll.get("options") or ()]
    text = clean_text("\n".join(filter(None, (_text(status.get("spoiler_text")), content.text, *answers))))
    card = status.get("card") or {}
    pictures = [_text(media.get("description")) for media in status.get("media_attachments") or ()]
    beside = (content.extra, *pictures, _text(card.get("url")), _text(card.get("title")), _quoted(status))
    extra = "\n".join(filter(None, beside))
    return text or clean_text(" ".join(pictures)), clean_text(extra)


def _quoted(status: Mapping[str, Any]) -> str:
    quote = status.get("quote") or {}
    quoted = quote.get("quoted_status") or {}
    return html_to_text(_text(quoted.get("content"))).text


def _handle(account: Mapping[str, Any], server: str) -> str:
    """`name@host`; the server leaves the host out for its own people."""
    acct = _text(account.get("acct"))
    return f"{acct}@{urlsplit(server).hostname}" if acct and "@" not in acct else acct


def _address(value: object) -> str | None:
    return value if isinstance(value, str) and value.startswith(("https://", "http://")) else None


def _count(value: object) -> int | None:
    """Counts of remote accounts may be hidden (−1)."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def snowflake(at: datetime) -> str:
    """The lowest id that a Mastodon server gives to a status of that time (milliseconds, shifted by 16 bits)."""
    return str(max(int(at.timestamp() * 1000), 0) << 16)
