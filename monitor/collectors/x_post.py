"""Posts of X as mentions, and the times inside their ids."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.collectors.html_text import clean_text
from monitor.collectors.times import parse_time
from monitor.mention import Mention, MentionKind

PLATFORM = "x"
POST = "x.com/status/"
_EPOCH = datetime(2010, 11, 4, 1, 42, 54, 657_000, tzinfo=UTC)  # ids count milliseconds from here, 22 bits below
_ID = re.compile(r"\d{1,19}")
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))  # in this order: the ampersand itself comes last

Users = Mapping[str, Mapping[str, Any]]


def time_of(number: str) -> datetime:
    """When the id was given.

    >>> time_of("1578516068309794817").isoformat(timespec="seconds")
    '2022-10-07T22:42:12+00:00'
    """
    return _EPOCH + timedelta(milliseconds=int(number) >> 22)


def id_at(at: datetime) -> str:
    """The lowest id of a moment."""
    return str(max(int((at - _EPOCH) / timedelta(milliseconds=1)), 0) << 22)


def native_id(global_id: str) -> str | None:
    """The platform's id in a global id; None for any other."""
    number = global_id.removeprefix(POST)
    return number if number != global_id and _ID.fullmatch(number) else None


def users_in(body: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The users sent along with posts, by id. Some may be missing."""
    includes = body.get("includes")
    users = includes.get("users") if isinstance(includes, Mapping) else None
    found = [user for user in users if isinstance(user, Mapping)] if isinstance(users, list) else []
    return {str(user.get("id")): user for user in found}


def is_repost(post: Mapping[str, Any]) -> bool:
    """A repost holds nothing of its own."""
    return _referred(post, "retweeted") is not None


def mention_of(post: Mapping[str, Any], users: Users, source: str, language: str | None) -> Mention:
    """A post; all versions of an edited one are one mention. Raises ValueError, TypeError, AttributeError."""
    versions = [_id(number) for number in post.get("edit_history_tweet_ids") or [post.get("id")]]
    first, latest = min(versions, key=int), max(versions, key=int)
    user = users.get(str(post.get("author_id"))) or {}
    name = user.get("username") if isinstance(user.get("username"), str) else None
    answered, root = _referred(post, "replied_to"), post.get("conversation_id")
    numbers = post.get("public_metrics") or {}
    told = post.get("lang")
    return Mention(
        platform=PLATFORM,
        global_id=POST + first,
        source=source,
        text=_text(post),
        created_at=_created(post, first, latest),
        kind=MentionKind.COMMENT if answered else MentionKind.POST,
        url=f"https://x.com/{name or 'i'}/status/{_id(post.get('id'))}",
        author=str(post["author_id"]) if post.get("author_id") else None,
        author_handles=(name, f"x.com/{name}") if name else (),
        followers=_count((user.get("public_metrics") or {}).get("followers_count")),
        parent_id=POST + _id(answered) if answered else None,
        thread_id=POST + _id(root) if root else POST + first,
        likes=_count(numbers.get("like_count")),
        replies=_count(numbers.get("reply_count")),
        shares=_sum(numbers.get("retweet_count"), numbers.get("quote_count")),
        views=_count(numbers.get("impression_count")),
        language=told
        if isinstance(told, str) and len(told) == 2
        else language,  # und, qme, zxx … are no languages
        edited_at=time_of(latest) if latest != first else None,
        extra_text="\n".join(_links(post)),
    )


def _created(post: Mapping[str, Any], first: str, latest: str) -> datetime:
    told = parse_time(post.get("created_at")) if first == latest else None
    return told or time_of(first)


def _text(post: Mapping[str, Any]) -> str:
    """The whole of a long post, with its three entities unescaped."""
    note = post.get("note_tweet")
    text = note.get("text") if isinstance(note, Mapping) else post.get("text")
    if not isinstance(text, str) or not text.strip():
        raise ValueError("a post without text")
    for entity, character in _ENTITIES:
        text = text.replace(entity, character)
    return clean_text(text)


def _links(post: Mapping[str, Any]) -> Iterable[str]:
    """Where the shortened links lead."""
    entities = post.get("entities")
    urls = entities.get("urls") if isinstance(entities, Mapping) else None
    for url in urls if isinstance(urls, list) else []:
        if isinstance(url, Mapping) and isinstance(url.get("expanded_url"), str):
            yield url["expanded_url"]


def _referred(post: Mapping[str, Any], kind: str) -> str | None:
    others = post.get("referenced_tweets")
    for other in others if isinstance(others, list) else []:
        if isinstance(other, Mapping) and other.get("type") == kind:
            return str(other.get("id"))
    return None


def _id(value: object) -> str:
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise ValueError("a post without a usable id")
    return value


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _sum(*values: object) -> int | None:
    counts = [count for value in values if (count := _count(value)) is not None]
    return sum(counts) if counts else None
