"""A Lemmy post or comment (API version 3) as a Mention. Ids are `ap_id`s, the same on every server."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from monitor.collectors.html_text import clean_text
from monitor.collectors.times import dated, parse_time
from monitor.mention import Mention, MentionKind

PLATFORM = "lemmy"
_HOME = re.compile(r"(https?://[^/?#]+)/(post|comment)/(\d{1,15})")


@dataclass(frozen=True, slots=True)
class Labels:
    """What the source adds to each of its mentions."""

    source: str
    brand: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a `post` or `comment` is at home, and its number there."""

    server: str
    kind: str
    number: str


def home_of(ap_id: str) -> Place | None:
    """Where a post or comment can be asked for; None for other software's addresses."""
    found = _HOME.fullmatch(ap_id)
    return Place(found[1], found[2], found[3]) if found else None


def is_gone(view: Mapping[str, Any]) -> bool:
    """Whether its author deleted or a moderator removed it (its text is blank then)."""
    inner = view.get("comment") or view.get("post")
    return isinstance(inner, Mapping) and (inner.get("deleted") is True or inner.get("removed") is True)


def mention_of(view: Mapping[str, Any], labels: Labels, parents: Mapping[str, str], now: datetime) -> Mention:
    """A post's or comment's view as a Mention. `parents` are ap_ids by local number. Raises ValueError."""
    comment, post, creator = view.get("comment"), view["post"], view.get("creator") or {}
    inner = post if comment is None else comment
    counts = view.get("counts") or {}
    root = _ap_id(post)
    author = creator.get("actor_id")
    text = _text(inner.get("content")) if comment is not None else _text(post.get("name"), post.get("body"))
    if not text:
        raise ValueError("a post without text")
    return Mention(
        platform=PLATFORM,
        global_id=_ap_id(inner),
        source=labels.source,
        text=text,
        created_at=dated(inner.get("published"), now),
        kind=MentionKind.POST if comment is None else MentionKind.COMMENT,
        url=_ap_id(inner),
        author=author if isinstance(author, str) else None,
        author_handles=_handles(creator, author),
        parent_id=None if comment is None else _parent(comment, parents, root),
        thread_id=root,
        likes=_count(counts.get("upvotes")),
        replies=_count(counts.get("comments", counts.get("child_count"))),
        language=labels.language,
        brands=(labels.brand,) if labels.brand else (),
        edited_at=parse_time(inner.get("updated")),
        extra_text=_beside(post, comment),
    )


def _ap_id(inner: Mapping[str, Any]) -> str:
    found = inner.get("ap_id")
    if not isinstance(found, str) or not found.startswith(("https://", "http://")):
        raise ValueError("a post without ap_id")
    return found


def _parent(comment: Mapping[str, Any], parents: Mapping[str, str], root: str) -> str | None:
    """What a comment answers, by its path `0.GRANDPARENT.PARENT.OWN`; None where that one was not seen."""
    path = comment.get("path")
    above = path.split(".")[1:-1] if isinstance(path, str) else []
    return parents.get(above[-1]) if above else root


def _handles(creator: Mapping[str, Any], author: object) -> tuple[str, ...]:
    name = creator.get("name")
    host = urlsplit(author).hostname if isinstance(author, str) else None
    return (f"{name}@{host}", f"@{name}@{host}") if isinstance(name, str) and name and host else ()


def _text(*parts: object) -> str:
    if not all(part is None or isinstance(part, str) for part in parts):
        raise ValueError("a post whose text is no text")
    return clean_text("\n".join(str(part) for part in parts if part))


def _beside(post: Mapping[str, Any], comment: object) -> str:
    """What a post links to; for a comment, the title above it is not matched: threads inherit their brand."""
    link = post.get("url")
    return link if comment is None and isinstance(link, str) else ""


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
