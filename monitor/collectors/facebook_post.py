"""Posts, comments and recommendations of a Facebook page as Mentions.

A post is known as `facebook.com/PAGE_POST`, a comment as `facebook.com/PAGE/POST_COMMENT`: as Meta numbers them,
in answers and in webhooks alike, a comment with the page whose token can read it. Where an answer leaves a
comment's number out (it does for some permissions), its address tells it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from monitor.collectors.html_text import clean_text
from monitor.collectors.meta_fields import address_of, count_of, is_number, number_of, object_of, words_of
from monitor.collectors.times import dated
from monitor.mention import Mention, MentionKind

PLATFORM, SITE = "facebook", "facebook.com"

POST_FIELDS = (
    "id,message,created_time,updated_time,permalink_url,from{id,name},shares,"
    "attachments{title,description,unshimmed_url},comments.filter(stream).limit(0).summary(true),"
    "reactions.limit(0).summary(true)"
)
COMMENT_FIELDS = (
    "id,message,created_time,permalink_url,from{id,name},like_count,comment_count,parent{id},"
    "attachment{title,description,url}"
)
RATING_FIELDS = "created_time,rating,recommendation_type,review_text,reviewer{id,name},open_graph_story{id}"
AGAIN_FIELDS = "id,message,created_time,permalink_url,from{id,name}"
"""What posts and comments both have: a number does not tell which of them it is of."""

_PLACE = re.compile(r"facebook\.com/([0-9]+)/(?:posts|videos|photos)/([0-9]+)")
_GLOBAL_ID = re.compile(rf"{re.escape(SITE)}/(?:([0-9]+)/)?([0-9]+(?:_[0-9]+)?)")
_STARS = {"positive": 5, "negative": 1}


@dataclass(frozen=True, slots=True)
class Page:
    """A page that is read: its number, and what the source adds to each mention."""

    number: str
    source: str
    brand: str | None = None
    language: str | None = None

    def post_id(self, number: object) -> str:
        """The global id of a post by Meta's number. Raises ValueError."""
        return f"{SITE}/{number_of(number)}"

    def comment_id(self, number: object) -> str:
        """The global id of a comment on this page. Raises ValueError."""
        return f"{SITE}/{self.number}/{number_of(number)}"


def number_in(global_id: str) -> tuple[str | None, str] | None:
    """The page (only for comments) and Meta's number; None for what cannot be asked for by number."""
    found = _GLOBAL_ID.fullmatch(global_id)
    return (found[1], found[2]) if found else None


def post_of(item: Mapping[str, Any], page: Page, now: datetime) -> Mention:
    """A post on the page, by the page, or one that tags it; its text may be empty. Raises ValueError."""
    own_id = page.post_id(item.get("id"))
    return Mention(
        **_common(item, page, now),
        global_id=own_id,
        thread_id=own_id,
        url=address_of(item.get("permalink_url")) or f"https://www.{own_id}",
        likes=_total(item.get("reactions")),
        replies=_total(item.get("comments")),
        shares=count_of(object_of(item.get("shares")).get("count")),
        extra_text=_attached(object_of(item.get("attachments")).get("data")),
    )


def comment_of(item: Mapping[str, Any], page: Page, now: datetime, post: str | None = None) -> Mention:
    """A comment; `post` is the number of the post that it was read under. Raises ValueError."""
    address = address_of(item.get("permalink_url")) or ""
    root = page.post_id(post) if post is not None else _post_in(address)
    parent = object_of(item.get("parent")).get("id") or _parent_in(address)
    return Mention(
        **_common(item, page, now),
        global_id=page.comment_id(item.get("id") or _comment_in(address)),
        kind=MentionKind.COMMENT,
        parent_id=page.comment_id(parent) if parent is not None else root,
        thread_id=root,
        url=address or None,
        likes=count_of(item.get("like_count")),
        replies=count_of(item.get("comment_count")),
        extra_text=_attached([item.get("attachment")]),
    )


def rating_of(item: Mapping[str, Any], page: Page, now: datetime) -> Mention:
    """A recommendation (or an old review with stars); its text may be empty. Raises ValueError."""
    said, story = item.get("review_text"), object_of(item.get("open_graph_story")).get("id")
    reviewer = item.get("reviewer")
    stars = count_of(item.get("rating")) or _STARS.get(str(item.get("recommendation_type")).lower())
    named = {"message": said, "from": reviewer, "created_time": item.get("created_time")}
    return Mention(
        **_common(named, page, now),
        global_id=page.post_id(story) if story is not None else _made_up_id(page, named),
        kind=MentionKind.REVIEW,
        url=f"https://www.{SITE}/{page.number}/reviews",
        stars=stars,
    )


def comment_mark(item: Mapping[str, Any]) -> str:
    """What changes whenever a post's comments do: their number and the time of the last one."""
    return f"{_total(item.get('comments'))} {item.get('updated_time')}"


def _common(item: Mapping[str, Any], page: Page, now: datetime) -> dict[str, Any]:
    author = object_of(item.get("from")).get("id")
    known = is_number(author)
    return {
        "platform": PLATFORM,
        "source": page.source,
        "text": clean_text(words_of(item.get("message"))),
        "created_at": dated(item.get("created_time"), now),
        "author": f"{SITE}/{author}" if known else None,
        "author_handles": (f"{author}@{SITE}",) if known else (),
        "language": page.language,
        "brands": (page.brand,) if page.brand else (),
    }


def _made_up_id(page: Page, item: Mapping[str, Any]) -> str:
    """For recommendations, which need not have a number: who, when."""
    who = object_of(item.get("from")).get("id")
    if item.get("created_time") is None:
        raise ValueError("a recommendation without a number or a date")
    mark = sha256(f"{who} {item['created_time']}".encode()).hexdigest()[:16]
    return f"{SITE}/{page.number}/reviews/{mark}"


def _in_query(address: str, name: str) -> str | None:
    found = re.search(rf"[?&]{name}=([0-9]+)", address)
    return found[1] if found else None


def _comment_in(address: str) -> str | None:
    """`POST_COMMENT` out of `…/PAGE/posts/POST/?comment_id=PARENT&reply_comment_id=COMMENT`."""
    place = _PLACE.search(address)
    comment = _in_query(address, "reply_comment_id") or _in_query(address, "comment_id")
    return f"{place[2]}_{comment}" if place and comment else None


def _parent_in(address: str) -> str | None:
    """The number of the comment that a reply answers."""
    place, parent = _PLACE.search(address), _in_query(address, "comment_id")
    return f"{place[2]}_{parent}" if place and parent and "reply_comment_id=" in address else None


def _post_in(address: str) -> str | None:
    """The post that a comment stands under."""
    place = _PLACE.search(address)
    return f"{SITE}/{place[1]}_{place[2]}" if place else None


def _attached(found: object) -> str:
    """Titles and links of what is attached: matched, not scored."""
    entries = [entry for entry in found if isinstance(entry, Mapping)] if isinstance(found, list) else []
    parts = [entry.get(name) for entry in entries for name in ("title", "description", "unshimmed_url", "url")]
    return clean_text("\n".join(part for part in parts if isinstance(part, str)))


def _total(value: object) -> int | None:
    return count_of(object_of(object_of(value).get("summary")).get("total_count"))
