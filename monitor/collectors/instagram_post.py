"""Media and comments of Instagram as Mentions.

Media are known as `instagram.com/media/NUMBER`, comments under own ones as `instagram.com/ACCOUNT/comment/NUMBER`
(with the account whose token can read them); a comment on somebody else's media that mentions the account as
`instagram.com/mentioned/NUMBER`, since it cannot be read again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from monitor.collectors.html_text import clean_text
from monitor.collectors.meta_fields import address_of, count_of, name_of, number_of, object_of, words_of
from monitor.collectors.times import dated
from monitor.mention import Mention, MentionKind

PLATFORM, SITE = "instagram", "instagram.com"
MEDIA, MENTIONED = f"{SITE}/media/", f"{SITE}/mentioned/"

MEDIA_FIELDS = "id,caption,timestamp,permalink,username,comments_count,like_count"
HASHTAG_FIELDS = "id,caption,timestamp,permalink,comments_count,like_count"
REPLY_FIELDS = "id,text,timestamp,username,like_count"
COMMENT_FIELDS = f"{REPLY_FIELDS},parent_id,replies.limit(50){{{REPLY_FIELDS}}}"


@dataclass(frozen=True, slots=True)
class Account:
    """An account that is read: its number, and what the source adds to each mention."""

    number: str
    source: str
    brand: str | None = None
    language: str | None = None

    @property
    def comments(self) -> str:
        """What the global ids of comments under the account's media begin with."""
        return f"{SITE}/{self.number}/comment/"


def media_of(item: Mapping[str, Any], account: Account, now: datetime) -> Mention:
    """A picture or film by its caption, which may be empty. Raises ValueError."""
    own_id = MEDIA + number_of(item.get("id"))
    return Mention(
        **_common(item, item.get("caption"), account, now),
        global_id=own_id,
        thread_id=own_id,
        url=address_of(item.get("permalink")),
        replies=count_of(item.get("comments_count")),
    )


def comment_of(item: Mapping[str, Any], account: Account, now: datetime, media: str | None = None) -> Mention:
    """A comment under the account's own `media` (its number, where it is known). Raises ValueError."""
    root = MEDIA + number_of(media) if media is not None else None
    answered = item.get("parent_id")
    return Mention(
        **_common(item, item.get("text"), account, now),
        global_id=account.comments + number_of(item.get("id")),
        kind=MentionKind.COMMENT,
        parent_id=account.comments + number_of(answered) if answered is not None else root,
        thread_id=root,
    )


def foreign_comment_of(item: Mapping[str, Any], account: Account, now: datetime, media: str) -> Mention:
    """A comment that mentions the account, under somebody else's media. Raises ValueError."""
    made = comment_of({**item, "parent_id": None}, account, now, media)
    return replace(made, global_id=MENTIONED + number_of(item.get("id")))


def with_replies(items: Iterable[Any]) -> Iterator[Any]:
    """Comments, each followed by the replies that came with it, which name the comment as `parent_id`."""
    for item in items:
        yield item
        replies = item.get("replies") if isinstance(item, Mapping) else None
        data = replies.get("data") if isinstance(replies, Mapping) else None
        for reply in data if isinstance(data, list) else []:
            yield {**reply, "parent_id": item.get("id")} if isinstance(reply, Mapping) else reply


def has_more_replies(item: Mapping[str, Any]) -> bool:
    """Whether only some of the replies came with a comment."""
    replies = item.get("replies")
    paging = replies.get("paging") if isinstance(replies, Mapping) else None
    return isinstance(paging, Mapping) and isinstance(paging.get("next"), str)


def _common(item: Mapping[str, Any], text: object, account: Account, now: datetime) -> dict[str, Any]:
    name = name_of(item.get("username")) or name_of(object_of(item.get("from")).get("username"))
    return {
        "platform": PLATFORM,
        "source": account.source,
        "text": clean_text(words_of(text)),
        "created_at": dated(item.get("timestamp"), now),
        "author": f"{SITE}/{name}" if name else None,
        "author_handles": (f"{name}@{SITE}",) if name else (),
        "likes": count_of(item.get("like_count")),
        "language": account.language,
        "brands": (account.brand,) if account.brand else (),
    }
