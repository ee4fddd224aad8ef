"""Videos and comments of YouTube as mentions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from monitor.collectors.html_text import clean_text, html_to_text
from monitor.collectors.times import parse_time
from monitor.mention import Mention, MentionKind

PLATFORM = "youtube"
VIDEO, COMMENT = "youtube.com/videos/", "youtube.com/comments/"
_ID = re.compile(r"[\w.-]{1,128}")
_MARKUP = re.compile(r"<br ?/?>|<a href=|</[abi]>|&(?:#39|quot|amp|lt|gt);")


def native_id(global_id: str, kind: str) -> str | None:
    """The platform's own id in a global id of `kind` (VIDEO or COMMENT); None for any other."""
    found = global_id.removeprefix(kind)
    return found if found != global_id and _ID.fullmatch(found) else None


def video_of(item: Mapping[str, Any], source: str, language: str | None) -> Mention:
    """A video with its whole description and its counts. Raises ValueError, TypeError, AttributeError."""
    snippet, numbers = item["snippet"], item.get("statistics") or {}
    number = _id(item.get("id"))
    title = clean_text(_words(snippet.get("title")))
    told = snippet.get("defaultAudioLanguage") or snippet.get("defaultLanguage")
    channel = snippet.get("channelId")
    return Mention(
        platform=PLATFORM,
        global_id=VIDEO + number,
        source=source,
        text=_needed(f"{title}\n{clean_text(_words(snippet.get('description')))}"),
        created_at=parse_time(snippet.get("publishedAt")),
        kind=MentionKind.POST,
        url=f"https://www.youtube.com/watch?v={number}",
        author=channel if isinstance(channel, str) else None,
        author_handles=_handles(snippet.get("channelTitle"), channel),
        thread_id=VIDEO + number,
        likes=whole(numbers.get("likeCount")),
        replies=whole(numbers.get("commentCount")),
        views=whole(numbers.get("viewCount")),
        language=told if isinstance(told, str) and told else language,
    )


def comment_of(
    item: Mapping[str, Any],
    source: str,
    language: str | None,
    *,
    video: str | None = None,
    replies: int | None = None,
) -> Mention:
    """A comment or a reply under `video`. Raises ValueError, TypeError, AttributeError."""
    snippet = item["snippet"]
    number, parent = _id(item.get("id")), snippet.get("parentId")
    video = snippet.get("videoId") or video
    root = VIDEO + _id(video) if video else None
    created, changed = parse_time(snippet.get("publishedAt")), parse_time(snippet.get("updatedAt"))
    channel = snippet.get("authorChannelId")
    author = channel.get("value") if isinstance(channel, Mapping) else None
    return Mention(
        platform=PLATFORM,
        global_id=COMMENT + number,
        source=source,
        text=_needed(_text(snippet)),
        created_at=created,
        kind=MentionKind.COMMENT,
        url=f"https://www.youtube.com/watch?v={video}&lc={number}" if video else None,
        author=author if isinstance(author, str) else None,
        author_handles=_handles(snippet.get("authorDisplayName"), author),
        parent_id=COMMENT + _id(parent) if parent else root,
        thread_id=root or COMMENT + _id(parent or number),
        likes=whole(snippet.get("likeCount")),
        replies=replies,
        language=language,
        edited_at=changed if changed and created and changed > created else None,
    )


def _text(snippet: Mapping[str, Any]) -> str:
    """As it was typed; else as it is shown, which is plain as we ask for it, and HTML where that was not heard."""
    shown = _words(snippet.get("textOriginal") or snippet.get("textDisplay"))
    if not snippet.get("textOriginal") and _MARKUP.search(shown):
        return html_to_text(shown).text
    return clean_text(shown)


def _id(value: object) -> str:
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise ValueError("something without a usable id")
    return value


def _words(value: object) -> str:
    if value is not None and not isinstance(value, str):
        raise ValueError("a text that is no text")
    return value or ""


def _needed(text: str) -> str:
    if not text.strip():
        raise ValueError("something without text")
    return text.strip()


def _handles(*names: object) -> tuple[str, ...]:
    return tuple(name for name in names if isinstance(name, str) and name)


def whole(value: object) -> int | None:
    """A count: a number or, of videos, digits as text; None for anything else."""
    text = str(value)
    return int(text) if text.isdecimal() and len(text) < 16 else None
