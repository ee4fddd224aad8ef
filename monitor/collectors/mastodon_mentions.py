"""Posts that mention the account of a token, as its server keeps them: its notifications."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from monitor.collectors.answers import HttpError
from monitor.collectors.base import SourceError
from monitor.collectors.times import parse_time
from monitor.collectors.walks import Page

PATH = "/api/v1/notifications"
PAGE_SIZE = 40


def params_of(token: str | None) -> dict[str, Any]:
    """What to ask for: mentions, below the notification `token`."""
    return {"types[]": "mention", "limit": PAGE_SIZE, **({"max_id": token} if token else {})}


def statuses_in(found: object, server: str) -> tuple[list[Any], Page]:
    """The statuses of a page of notifications, and the page without them. Raises SourceError.

    A notification has no status where that is gone or its author blocked. The page's order is that in which the
    mentions arrived, so its times are the notifications' own.
    """
    if not isinstance(found, list):
        raise SourceError(
            f"{urlsplit(server).netloc} answered its notifications with something else than a list.",
            remedy="Check that this is the address of a Mastodon server.",
        )
    ours = [entry for entry in found if isinstance(entry, Mapping)]
    statuses: list[Any] = [e["status"] for e in ours if e.get("type") == "mention" and e.get("status")]
    statuses += [entry for entry in found if not isinstance(entry, Mapping)]  # refused with a report further on
    times = [at for entry in ours if (at := parse_time(entry.get("created_at"))) is not None]
    ids = [str(entry["id"]) for entry in ours if isinstance(entry.get("id"), str | int)]
    return statuses, Page(next=ids[-1] if ids else None, newest=max(times, default=None))


def refused(exc: HttpError, server: str) -> SourceError:
    """A clearer sentence where the token does not reach that far."""
    if exc.status != 403:
        return exc
    return SourceError(
        f"The token for {urlsplit(server).netloc} may not read who mentions its account (403).",
        remedy="Give it the right read:notifications, or set `mentions: false`.",
        permanent=True,
    )
