"""A Bluesky post, as a bare record of the stream or as the app shows it, as a Mention."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from monitor.collectors.html_text import clean_text
from monitor.collectors.times import believable, parse_time
from monitor.mention import Mention, MentionKind

PLATFORM = "bluesky"
NOT_FOR_VISITORS = "!no-unauthenticated"
_INVALID = "handle.invalid"


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of an author. `hidden`: does not want to be shown to visitors who are not logged in."""

    handle: str | None = None
    followers: int | None = None
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Labels:
    """What the source adds to each of its mentions."""

    source: str
    language: str | None = None


def read_profile(author: Mapping[str, Any]) -> Profile:
    """An author or profile view."""
    handle, followers = author.get("handle"), author.get("followersCount")
    return Profile(
        handle if isinstance(handle, str) and handle != _INVALID else None,
        followers if isinstance(followers, int) else None,
        NOT_FOR_VISITORS in _labels(author),
    )


def hidden_post(view: Mapping[str, Any]) -> bool:
    """Whether a post view or its author asks not to be shown to visitors."""
    author = view.get("author")
    return NOT_FOR_VISITORS in _labels(view) or (isinstance(author, Mapping) and read_profile(author).hidden)


def relations(record: Mapping[str, Any]) -> tuple[str | None, str | None, str | None]:
    """The uris of parent, thread root and quoted post, each as far as the author's software claims one."""
    reply = record.get("reply")
    reply = reply if isinstance(reply, Mapping) else {}
    return _uri(reply.get("parent")), _uri(reply.get("root")), quoted(record.get("embed"))


def quoted(embed: object) -> str | None:
    """The uri of the post that an embed quotes (alone, or beside a picture)."""
    if not isinstance(embed, Mapping) or not str(embed.get("$type", "")).startswith("app.bsky.embed.record"):
        return None
    inner = embed.get("record")
    if not isinstance(inner, Mapping):
        return None
    return _uri(inner) or _uri(inner.get("record"))


def mention_of_record(
    uri: str, record: Mapping[str, Any], labels: Labels, seen_at: datetime, profile: Profile | None = None
) -> Mention:
    """A record as a Mention. `seen_at` is when the network saw it: no post is younger. Raises ValueError."""
    text, extra = texts(record)
    _, _, did, _, rkey = uri.split("/")
    parent, root, quote = relations(record)
    created = believable(parse_time(record.get("createdAt")), seen_at)
    handle = profile.handle if profile else None
    return Mention(
        platform=PLATFORM,
        global_id=uri,
        source=labels.source,
        text=text,
        created_at=min(created, seen_at) if created else None,
        kind=MentionKind.COMMENT if parent else MentionKind.POST,
        url=f"https://bsky.app/profile/{handle or did}/post/{rkey}",
        author=did,
        author_handles=tuple(filter(None, (handle, did))),
        followers=profile.followers if profile else None,
        # A quote begins a thread of its own and still answers the post that it quotes.
        parent_id=parent or quote,
        thread_id=root or parent or uri,
        language=_language(record.get("langs")) or labels.language,
        extra_text=extra,
    )


def mention_of_view(view: Mapping[str, Any], labels: Labels, now: datetime) -> Mention:
    """A post as the app shows it, with its counts. Raises ValueError."""
    author, record, uri = view.get("author"), view.get("record"), view.get("uri")
    if not isinstance(author, Mapping) or not isinstance(record, Mapping) or not isinstance(uri, str):
        raise ValueError("a post without author, record or uri")
    seen_at = min(parse_time(view.get("indexedAt")) or now, now)
    made = mention_of_record(uri, record, labels, seen_at, read_profile(author))
    reposts, quotes = _count(view, "repostCount"), _count(view, "quoteCount")
    shares = None if reposts is None and quotes is None else (reposts or 0) + (quotes or 0)
    return replace(made, likes=_count(view, "likeCount"), replies=_count(view, "replyCount"), shares=shares)


def texts(record: Mapping[str, Any]) -> tuple[str, str]:
    """What is read, and what is only matched: whole links (the text shows them cut), cards, alt texts, tags."""
    text = record.get("text")
    if not isinstance(text, str):
        raise ValueError("a post whose text is no text")
    extra = [clean_text(part) for part in (*_facets(record.get("facets")), *_embedded(record.get("embed")))]
    extra += [tag for tag in record.get("tags") or () if isinstance(tag, str)]
    kept = list(dict.fromkeys(filter(None, extra)))
    plain = clean_text(text)
    if not plain:  # a picture alone: its alternative text is what there is to read
        plain = next((part for part in kept if not part.startswith("http")), "")
    return plain, "\n".join(kept)


def _facets(facets: object) -> Iterator[str]:
    for facet in facets if isinstance(facets, list) else ():
        for feature in facet.get("features") or () if isinstance(facet, Mapping) else ():
            for key in ("uri", "tag"):
                if isinstance(feature, Mapping) and isinstance(feature.get(key), str):
                    yield feature[key]


def _embedded(embed: object) -> Iterator[str]:
    if not isinstance(embed, Mapping):
        return
    external = embed.get("external")
    pictures = embed.get("images")
    parts = [embed, *(pictures if isinstance(pictures, list) else ())]
    if isinstance(external, Mapping):
        yield from (
            value for key in ("title", "description", "uri") if isinstance(value := external.get(key), str)
        )
    yield from (part["alt"] for part in parts if isinstance(part, Mapping) and isinstance(part.get("alt"), str))
    yield from _embedded(embed.get("media"))


def _labels(view: Mapping[str, Any]) -> set[object]:
    labels = view.get("labels")
    return {found.get("val") for found in labels or () if isinstance(found, Mapping)}


def _uri(ref: object) -> str | None:
    uri = ref.get("uri") if isinstance(ref, Mapping) else None
    return uri if isinstance(uri, str) and uri else None


def _language(langs: object) -> str | None:
    """The declared language if it is one; several say nothing."""
    only = langs[0] if isinstance(langs, list) and len(langs) == 1 else None
    return only.partition("-")[0].lower() if isinstance(only, str) and only else None


def _count(view: Mapping[str, Any], name: str) -> int | None:
    value = view.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
