"""A Stack Exchange question, answer or comment as a Mention. Ids are `SITE/questions/7`, by kind."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from monitor.collectors.html_text import clean_text, html_to_text
from monitor.collectors.times import dated, parse_time
from monitor.mention import Mention, MentionKind

PLATFORM = "stackexchange"
_ID = re.compile(r"([a-z0-9.-]+)/(questions|answers|comments)/(\d{1,15})")


@dataclass(frozen=True, slots=True)
class Labels:
    """What the source adds to each of its mentions."""

    site: str
    source: str
    brand: str | None = None
    language: str | None = None


def ids_of(global_ids: Iterable[str]) -> dict[tuple[str, str], list[str]]:
    """The numbers of posts by (site, kind); ids of other platforms are passed over."""
    found: dict[tuple[str, str], list[str]] = {}
    for global_id in global_ids:
        parts = _ID.fullmatch(global_id)
        if parts:
            found.setdefault((parts[1], parts[2]), []).append(parts[3])
    return found


def mention_of(item: Mapping[str, Any], labels: Labels, roots: Mapping[str, str], now: datetime) -> Mention:
    """A post as a Mention. `roots` are the questions of answers, for comments on these. Raises ValueError."""
    global_id, parent, root = _relations(item, labels.site, roots)
    title = html_to_text(_text(item.get("title"))).text
    body = html_to_text(_text(item.get("body")))
    text = clean_text(f"{title}\n{body.text}")
    if not text:
        raise ValueError("a post without text")
    owner = item.get("owner")
    user = owner.get("user_id") if isinstance(owner, Mapping) else None
    return Mention(
        platform=PLATFORM,
        global_id=global_id,
        source=labels.source,
        text=text,
        created_at=dated(item.get("creation_date"), now),
        kind=MentionKind.POST if parent is None else MentionKind.COMMENT,
        url=_link(item, labels.site, global_id),
        author=f"{labels.site}/users/{user}" if isinstance(user, int) else None,
        parent_id=parent,
        thread_id=root,
        likes=_count(item.get("score")),
        replies=_count(item.get("answer_count")),
        views=_count(item.get("view_count")),
        language=labels.language,
        brands=(labels.brand,) if labels.brand else (),
        edited_at=parse_time(item.get("last_edit_date")),
        extra_text=body.extra,
    )


def _relations(item: Mapping[str, Any], site: str, roots: Mapping[str, str]) -> tuple[str, str | None, str | None]:
    """The post's id, its parent's and its question's."""
    question = item.get("question_id")
    if "comment_id" in item:
        post = str(item.get("post_id"))
        of_answer = post in roots or item.get("post_type") == "answer"
        parent = f"{site}/{'answers' if of_answer else 'questions'}/{post}"
        root = roots.get(post, None if of_answer else post)
        return _id(site, "comments", item["comment_id"]), parent, f"{site}/questions/{root}" if root else None
    if "answer_id" in item:
        above = _id(site, "questions", question) if question is not None else None
        return _id(site, "answers", item["answer_id"]), above, above
    own = _id(site, "questions", question)
    return own, None, own


def _id(site: str, kind: str, number: object) -> str:
    if isinstance(number, bool) or not isinstance(number, int) or number < 0:
        raise ValueError("a post without a number")
    return f"{site}/{kind}/{number}"


def _link(item: Mapping[str, Any], site: str, global_id: str) -> str | None:
    link = item.get("link")
    if isinstance(link, str) and link.startswith("https://"):
        return link
    _, kind, number = global_id.rsplit("/", 2)
    host = site if "." in site else _HOSTS.get(site, f"{site}.stackexchange.com")
    return f"https://{host}/a/{number}" if kind == "answers" else None


_HOSTS = {
    "stackoverflow": "stackoverflow.com",
    "superuser": "superuser.com",
    "serverfault": "serverfault.com",
    "askubuntu": "askubuntu.com",
}


def _text(value: object) -> str:
    if value is not None and not isinstance(value, str):
        raise ValueError("a post whose text is no text")
    return value or ""


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
