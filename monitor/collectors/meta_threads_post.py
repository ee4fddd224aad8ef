"""Posts and replies of Threads (Meta's network) as Mentions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from monitor.collectors.html_text import clean_text
from monitor.collectors.meta_fields import address_of, is_number, name_of, number_of, object_of, words_of
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
    return f"{SITE}/{number_of(number)}"


def number_in(global_id: str) -> str | None:
    """Meta's number; None for anything else."""
    number = global_id.removeprefix(f"{SITE}/")
    return number if number != global_id and is_number(number) else None


def post_of(item: Mapping[str, Any], named: Named, now: datetime, root: str | None = None) -> Mention:
    """A post or a reply; `root` is the number of the post that it was read under. Raises ValueError.

    A repost carries no words of its own: its text is empty.
    """
    text, name = clean_text(words_of(item.get("text"))), name_of(item.get("username"))
    is_reply = item.get("is_reply") is True or root is not None
    own_id = post_id(item.get("id"))
    thread = _linked(item, "root_post") or (post_id(root) if root is not None else None)
    return Mention(
        platform=PLATFORM,
        global_id=own_id,
        source=named.source,
        text="" if item.get("media_type") == "REPOST_FACADE" else text,
        created_at=dated(item.get("timestamp"), now),
        kind=MentionKind.COMMENT if is_reply else MentionKind.POST,
        url=address_of(item.get("permalink")),
        author=f"{SITE}/@{name}" if name else None,
        author_handles=(f"{name}@{SITE}",) if name else (),
        parent_id=_linked(item, "replied_to") or (thread if is_reply else None),
        thread_id=thread if is_reply else own_id,
        language=named.language,
    )


def _linked(item: Mapping[str, Any], name: str) -> str | None:
    """The global id of the post that a field links to."""
    number = object_of(item.get(name)).get("id")
    return post_id(number) if number is not None else None
