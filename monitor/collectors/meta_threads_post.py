"""Posts and replies of Threads (Meta's network) as Mentions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from monitor.collectors.html_text import clean_text
from monitor.collectors.meta_api import is_number
from monitor.collectors.times import dated
from monitor.mention import Mention, MentionKind

PLATFORM, SITE = "threads", "threads.net"

SEARCH_FIELDS = "id,text,media_type,permalink,timestamp,username,has_replies,is_quote_post,is_reply"
POST_FIELDS = "id,text,media_type,permalink,timestamp,username,has_replies,is_reply,root_post{id},replied_to{id}"


@dataclass(frozen=True, slots=True)
class Named:
    """What the source adds to each mention."""

    source: str
    language: str | None = None


def post_id(number: object) -> str:
    """The global id of a post by Meta's number. Raises ValueError."""
    if not is_number(number):
        raise ValueError("a post without its number")
    return f"{SITE}/{number}"


def number_in(global_id: str) -> str | None:
    """Meta's number; None for anything else."""
    number = global_id.removeprefix(f"{SITE}/")
    return number if number != global_id and is_number(number) else None


def post_of(item: Mapping[str, Any], named: Named, now: datetime, root: str | None = None) -> Mention:
    """A post or a reply; `root` is the number of the post that it was read under. Raises ValueError.

    A repost carries no words of its own: its text is empty.
    """
    text, name = item.get("text"), item.get("username")
    if text is not None and not isinstance(text, str):
        raise ValueError("a post whose text is no text")
    is_reply = item.get("is_reply") is True or root is not None
    own_id = post_id(item.get("id"))
    thread = _linked(item, "root_post") or (post_id(root) if root is not None else None)
    known = isinstance(name, str) and bool(name)
    return Mention(
        platform=PLATFORM,
        global_id=own_id,
        source=named.source,
        text="" if item.get("media_type") == "REPOST_FACADE" else clean_text(text or ""),
        created_at=dated(item.get("timestamp"), now),
        kind=MentionKind.COMMENT if is_reply else MentionKind.POST,
        url=_address(item.get("permalink")),
        author=f"{SITE}/@{name}" if known else None,
        author_handles=(f"{name}@{SITE}",) if known else (),
        parent_id=_linked(item, "replied_to") or (thread if is_reply else None),
        thread_id=thread if is_reply else own_id,
        language=named.language,
    )


def _linked(item: Mapping[str, Any], name: str) -> str | None:
    """The global id of the post that a field links to."""
    found = item.get(name)
    number = found.get("id") if isinstance(found, Mapping) else None
    return post_id(number) if number is not None else None


def _address(value: object) -> str | None:
    return value if isinstance(value, str) and value.startswith("https://") else None
