"""The columns of a mentions file, the other names that exports give them, and numbers as exports write them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

REQUIRED = ("id", "created_at", "text")

ALIASES: Mapping[str, tuple[str, ...]] = {
    "id": ("post_id", "tweet_id", "status_id", "mention_id", "message_id", "comment_id", "guid", "uri", "id_str"),
    "created_at": (
        *("created", "date", "datetime", "published", "published_at", "time", "timestamp", "posted_at"),
        *("datum", "skapad", "tid", "tidpunkt", "dato", "opprettet", "oprettet", "tidspunkt", "pvm", "aika"),
    ),
    "text": (
        *("message", "content", "body", "comment", "full_text", "post", "snippet"),
        *("meddelande", "inlägg", "kommentar", "tekst", "melding", "besked", "teksti", "viesti"),
    ),
    "brand": ("varumärke", "merkevare", "brand_name", "brändi"),
    "author": (
        "user",
        "username",
        "user_id",
        "author_id",
        "screen_name",
        "författare",
        "forfatter",
        "kirjoittaja",
    ),
    "url": ("link", "permalink", "länk", "lenke", "linkki"),
    "source": ("channel", "källa", "kanal", "kilde", "lähde"),
    "kind": ("type", "typ"),
    "thread_id": ("conversation_id", "root_id", "thread"),
    "parent_id": ("in_reply_to", "in_reply_to_id", "in_reply_to_status_id", "reply_to", "parent"),
    "author_followers": ("followers", "followers_count", "följare", "følgere", "seuraajat"),
    "likes": ("like_count", "favourites", "favorites", "favourites_count", "favorite_count", "reactions"),
    "replies": ("reply_count", "replies_count", "comments", "comment_count"),
    "shares": ("share_count", "retweets", "retweet_count", "reposts", "reblogs_count", "delningar"),
    "views": ("view_count", "impressions", "visningar"),
    "language": ("lang", "språk", "sprog", "kieli"),
    "first_seen_at": ("first_seen", "seen_at", "collected_at", "crawled_at"),
    "stars": ("rating", "betyg"),
}
"""Other names of the columns: of tools' exports, and as Nordic spreadsheets translate them."""

_CANONICAL = {alias: name for name, aliases in ALIASES.items() for alias in aliases}
_SEPARATORS = (",", ";", "\t", "|")
_THOUSANDS = re.compile(r"\d{1,3}(?:[.,]\d{3})+")


def columns_of(record: Mapping[Any, Any]) -> dict[str, Any]:
    """The record by our column names. Where a column stands under its own name, an alias does not replace it."""
    plain = {_plain(name): value for name, value in record.items()}
    named: dict[str, Any] = {}
    for name, value in plain.items():
        ours = _CANONICAL.get(name, name)
        named[name if ours in plain or ours in named else ours] = value
    return named


def separator_of(header: str) -> str:
    """What stands between the fields: the sign that cuts the header into the most columns that we know."""
    known = {*ALIASES, *_CANONICAL}

    def columns(separator: str) -> int:
        return len(known.intersection(_plain(name.strip().strip('"')) for name in header.split(separator)))

    return max(_SEPARATORS, key=columns)


def plain_number(text: str) -> str:
    """A number without thousands signs and with a decimal point: `1 234` and `1.234` are 1234, `2,5` is 2.5."""
    digits = re.sub(r"\s", "", text)
    if _THOUSANDS.fullmatch(digits):
        return re.sub(r"[.,]", "", digits)
    return digits.replace(",", ".")


def _plain(name: object) -> str:
    return re.sub(r"[\s\-]+", "_", str(name).strip().strip("\ufeff").lower())
