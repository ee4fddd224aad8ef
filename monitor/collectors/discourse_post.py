"""A Discourse post as a Mention.

A post is known by topic and number within it (`HOST/t/7/3`): parent and root are told by number only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from monitor.collectors.html_text import clean_text, html_to_text
from monitor.collectors.times import parse_time
from monitor.mention import Mention, MentionKind

PLATFORM = "discourse"
_LIKE = 2
_BY_PEOPLE = 1  # other kinds are what moderators and the software did
_ONEBOX = re.compile(r'<aside class="onebox.*?</aside>', re.DOTALL)
_LINK = re.compile(r'<aside class="onebox[^>]*data-onebox-src="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Forum:
    """A forum: its address, and what the source adds to each mention."""

    url: str
    source: str
    language: str | None = None

    @property
    def host(self) -> str:
        """The forum's host with its folder, which is part of every id."""
        parts = urlsplit(self.url)
        return f"{parts.netloc}{parts.path.rstrip('/')}"

    def post_id(self, topic: object, number: object) -> str:
        """The global id of a post. Raises ValueError."""
        if not all(isinstance(part, int) and not isinstance(part, bool) for part in (topic, number)):
            raise ValueError("a post without topic and number")
        return f"{self.host}/t/{topic}/{number}"

    def place_of(self, global_id: str) -> tuple[str, str] | None:
        """Topic and number of one of the forum's posts; None for anything else."""
        found = re.fullmatch(rf"{re.escape(self.host)}/t/(\d{{1,18}})/(\d{{1,9}})", global_id)
        return (found[1], found[2]) if found else None


def is_by_people(post: Mapping[str, Any]) -> bool:
    """Whether somebody wrote it, and it may be seen."""
    return post.get("post_type", _BY_PEOPLE) == _BY_PEOPLE and not is_gone(post)


def is_gone(post: Mapping[str, Any]) -> bool:
    """Whether it was taken back, deleted or hidden."""
    return bool(post.get("deleted_at") or post.get("user_deleted") or post.get("hidden"))


def mention_of(post: Mapping[str, Any], forum: Forum) -> Mention:
    """A post as a Mention, a topic's first one with its title; its text may be empty. Raises ValueError."""
    topic, number = post.get("topic_id"), post.get("post_number")
    created = parse_time(post.get("created_at"))
    if created is None:
        raise ValueError("a post without a date")
    text, extra = _texts(post)
    answered = post.get("reply_to_post_number")
    is_root = number == 1
    user = post.get("username")
    return Mention(
        platform=PLATFORM,
        global_id=forum.post_id(topic, number),
        source=forum.source,
        text=text,
        created_at=created,
        kind=MentionKind.POST if is_root else MentionKind.COMMENT,
        url=f"{forum.url}/t/{post.get('topic_slug') or '-'}/{topic}/{number}",
        author=f"{forum.host}/u/{user}" if isinstance(user, str) else None,
        author_handles=(f"{user}@{forum.host}",) if isinstance(user, str) else (),
        parent_id=None if is_root else forum.post_id(topic, answered if isinstance(answered, int) else 1),
        thread_id=forum.post_id(topic, 1),
        likes=_likes(post),
        replies=_count(post.get("reply_count")),
        views=_count(post.get("reads")),
        language=forum.language,
        edited_at=parse_time(post.get("updated_at")) if (_count(post.get("version")) or 1) > 1 else None,
        extra_text=extra,
    )


def _texts(post: Mapping[str, Any]) -> tuple[str, str]:
    """What was written, without quotes and previews of links, and what is only matched."""
    cooked, title = post.get("cooked"), clean_text(str(post.get("topic_title") or ""))
    if not isinstance(cooked, str):
        raise ValueError("a post whose text is no text")
    found = html_to_text(_ONEBOX.sub("", cooked), drop_quotes=True)
    links = [html_to_text(link).text for link in _LINK.findall(cooked)]
    extra = [*filter(None, (found.extra,)), *links]
    if post.get("post_number") == 1:
        text = f"{title}\n{found.text}".strip()
    else:
        text, extra = found.text, [title, *extra]
    if not text:  # a picture alone: what it is said to show
        text = next((line for line in found.extra.split("\n") if not line.startswith(("http", "/"))), "")
    return text, "\n".join(filter(None, extra))


def _likes(post: Mapping[str, Any]) -> int | None:
    actions = post.get("actions_summary")
    if not isinstance(actions, list):
        return None
    likes = [found for found in actions if isinstance(found, Mapping) and found.get("id") == _LIKE]
    return _count(likes[0].get("count", 0)) if likes else 0


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
