"""The records that collectors hand over: mentions, measurements and removals.

A `Mention` is what a platform said, in plain text and aware UTC times, before brands are matched, the text is
scored and the author is pseudonymised (all that happens on the way into the store, see `monitor/ingest.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class MentionKind(StrEnum):
    """What sort of text it is."""

    POST = "post"
    COMMENT = "comment"
    REVIEW = "review"
    TICKET = "ticket"
    EMAIL = "email"
    ARTICLE = "article"
    NEWS = "news"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class Mention:
    """One post, comment, review, ticket, e-mail, article or manual flag, as its platform tells it.

    Identity is (`platform`, `global_id`): the federated uri where there is one, else `host/native-id`.
    `parent_id` and `thread_id` (the root's id) are global ids of the same platform. `author` is a stable id
    of the author on that platform and is stored only as a keyed hash; `author_handles` are the names by
    which own accounts are recognised and are not stored. `brands` is filled only where the source says which
    brand it is about (then it is believed). `created_at` is None where the platform gives no date.
    `first_seen_at` is set only by files that carry it. Counts are None where the platform does not tell.
    `extra_text` is matched for brands but not scored or shown (link targets, alt texts, shared cards).
    """

    platform: str
    global_id: str
    source: str
    text: str
    created_at: datetime | None = None
    first_seen_at: datetime | None = None
    kind: MentionKind = MentionKind.POST
    url: str | None = None
    author: str | None = None
    author_handles: tuple[str, ...] = ()
    followers: int | None = None
    parent_id: str | None = None
    thread_id: str | None = None
    likes: int | None = None
    replies: int | None = None
    shares: int | None = None
    views: int | None = None
    language: str | None = None
    brands: tuple[str, ...] = ()
    edited_at: datetime | None = None
    extra_text: str = ""
    stars: int | None = None


@dataclass(frozen=True, slots=True)
class Measurement:
    """A count without posts: calls waiting, chat queue, desk backlog, X counts of a minute.

    Identity is (`brand`, `name`, `at`); a second value for the same identity replaces the first.
    """

    brand: str
    name: str
    at: datetime
    value: float
    source: str = ""


@dataclass(frozen=True, slots=True)
class Removal:
    """A post that its platform says is gone: text and author are blanked, id and counts stay."""

    platform: str
    global_id: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """An item of a source that could not be understood, with where it stood and why, for the operator."""

    where: str
    why: str
