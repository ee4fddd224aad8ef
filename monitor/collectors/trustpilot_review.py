"""Reviews of Trustpilot as mentions: as the API lists them, and as its webhook tells them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from monitor.collectors.html_text import clean_text
from monitor.collectors.times import believable, parse_time
from monitor.mention import Mention, MentionKind

PLATFORM = "trustpilot"
REVIEW = "trustpilot.com/reviews/"
_ID = re.compile(r"[\w-]{1,64}", re.ASCII)


def native_id(global_id: str) -> str | None:
    """Trustpilot's id in a global id; None for any other."""
    number = global_id.removeprefix(REVIEW)
    return number if number != global_id and _ID.fullmatch(number) else None


def review_of(review: Mapping[str, Any], source: str, language: str | None, now: datetime | None) -> Mention:
    """A review with title, text and stars. Raises ValueError, TypeError, AttributeError.

    `now` is when it was read: what is dated after it is dated by first sight.
    """
    number, stars = review.get("id"), review.get("stars")
    if not isinstance(number, str) or not _ID.fullmatch(number):
        raise ValueError("a review without a usable id")
    if isinstance(stars, bool) or stars not in (1, 2, 3, 4, 5):
        raise ValueError("a review without one to five stars")
    created, changed = parse_time(review.get("createdAt")), parse_time(review.get("updatedAt"))
    person = review.get("consumer") or {}
    author, told = person.get("id"), review.get("language")
    return Mention(
        platform=PLATFORM,
        global_id=REVIEW + number,
        source=source,
        text=_text(review),
        created_at=believable(created, now) if now else created,
        kind=MentionKind.REVIEW,
        url=f"https://www.trustpilot.com/reviews/{number}",
        author=f"trustpilot.com/users/{author}" if isinstance(author, str) and author else None,
        thread_id=REVIEW + number,
        likes=_count(review.get("numberOfLikes")),
        replies=1 if review.get("companyReply") else 0,
        language=told if isinstance(told, str) and told else language,
        edited_at=changed if changed and created and changed > created else None,
        stars=stars,
    )


def _text(review: Mapping[str, Any]) -> str:
    """Title and text; a title that is only the cut beginning of the text is left out."""
    parts = [review.get("title") or "", review.get("text") or ""]
    if not all(isinstance(part, str) for part in parts):
        raise ValueError("a review whose text is no text")
    title, text = map(clean_text, parts)
    if text.startswith(title.rstrip("….").rstrip()):
        title = ""
    if not f"{title}{text}":
        raise ValueError("a review without text")
    return f"{title}\n{text}".strip()


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
