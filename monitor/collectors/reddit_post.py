"""Submissions and comments of Reddit as mentions, and the trees and lists that they come in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from monitor.collectors.html_text import clean_text
from monitor.collectors.times import parse_time
from monitor.mention import Mention, MentionKind

PLATFORM = "reddit"
HOST = "reddit.com/"
GONE = ("[deleted]", "[removed]")
SUBMISSION, COMMENT, MORE, SUBREDDIT = "t3", "t1", "more", "t5"
_NAME = re.compile(r"t[13]_[0-9a-z]{1,13}")

Thing = Mapping[str, Any]
"""`{"kind": …, "data": {…}}`."""


def native_id(global_id: str) -> str | None:
    """Reddit's full name (`t1_…`, `t3_…`) in a global id; None for any other."""
    name = global_id.removeprefix(HOST)
    return name if name != global_id and _NAME.fullmatch(name) else None


def children_of(listing: object) -> list[Thing]:
    """The things of a Listing; none where it is the empty text that stands for no replies."""
    data = listing.get("data") if isinstance(listing, Mapping) else None
    children = data.get("children") if isinstance(data, Mapping) else None
    return [thing for thing in children if is_thing(thing)] if isinstance(children, list) else []


def is_thing(value: object) -> bool:
    """Whether it has the form of a thing."""
    return isinstance(value, Mapping) and isinstance(value.get("data"), Mapping)


def next_of(listing: Mapping[str, Any]) -> str | None:
    """The name after which the next page begins."""
    data = listing.get("data")
    after = data.get("after") if isinstance(data, Mapping) else None
    return after if isinstance(after, str) and after else None


def walk_tree(things: list[Thing]) -> Iterator[Thing]:
    """All comments and `more` of a tree, of any depth."""
    left = list(things)
    while left:
        thing = left.pop()
        yield thing
        left += children_of(thing["data"].get("replies"))


def is_gone(data: Mapping[str, Any]) -> bool:
    """Whether its author or a moderator took it away: the words are gone, the place stays."""
    body = data.get("body", data.get("selftext"))
    return body in GONE or data.get("removed_by_category") is not None


def mention_of(thing: Thing, source: str, language: str | None) -> Mention:
    """A submission or a comment. Raises ValueError, TypeError, AttributeError."""
    data = thing["data"]
    name = data.get("name") or f"{thing.get('kind')}_{data.get('id')}"
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError("something without a usable name")
    comment = name.startswith(COMMENT)
    author, edited = data.get("author"), data.get("edited")
    handle = author if isinstance(author, str) and author not in GONE else None
    link = data.get("url") if not comment and data.get("is_self") is not True else None
    return Mention(
        platform=PLATFORM,
        global_id=HOST + name,
        source=source,
        text=_text(data),
        created_at=parse_time(data.get("created_utc")),
        kind=MentionKind.COMMENT if comment else MentionKind.POST,
        url=_url(data, name),
        author=str(data.get("author_fullname") or handle) if handle else None,
        author_handles=(handle, f"u/{handle}") if handle else (),
        parent_id=_related(data.get("parent_id")),
        thread_id=_related(data.get("link_id")) or (None if comment else HOST + name),
        likes=_count(data.get("score")),
        replies=None if comment else _count(data.get("num_comments")),
        language=language,
        # Very old edits are `true` without a time.
        edited_at=parse_time(edited) if isinstance(edited, float | int) and not isinstance(edited, bool) else None,
        extra_text=link if isinstance(link, str) else "",
    )


def _text(data: Mapping[str, Any]) -> str:
    parts = [data.get("body")] if "body" in data else [data.get("title"), data.get("selftext")]
    if not all(part is None or isinstance(part, str) for part in parts):
        raise ValueError("something whose text is no text")
    text = clean_text("\n".join(part for part in parts if part))
    if not text:
        raise ValueError("something without text")
    return text


def _url(data: Mapping[str, Any], name: str) -> str:
    """Where people see it; lists of an inbox name a `context` instead."""
    path = data.get("permalink") or data.get("context")
    if isinstance(path, str) and path.startswith("/"):
        return f"https://www.reddit.com{path}"
    link = data.get("link_id")
    thread = link.removeprefix("t3_") if isinstance(link, str) else ""
    return f"https://www.reddit.com/comments/{thread}/_/{name[3:]}" if thread else f"https://redd.it/{name[3:]}"


def _related(name: object) -> str | None:
    return HOST + name if isinstance(name, str) and _NAME.fullmatch(name) else None


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
