"""What Instagram's webhooks tell: comments whole, mentions only by number.

Meta does not keep mentions: one that is not looked up when it is told is lost. So it is looked up before the
delivery is answered, and where that fails for now, Meta is asked to send it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from monitor.collectors.base import Batch, SourceError
from monitor.collectors.instagram_account import AccountReader
from monitor.collectors.instagram_post import comment_of
from monitor.collectors.meta_fields import is_number
from monitor.collectors.meta_hook import Change
from monitor.mention import Mention, Refusal

_COMMENTS = ("comments", "live_comments")


class NotNow(Exception):  # noqa: N818  # not a mistake: the delivery is to be repeated
    """A mention could not be looked up for now; `sentence` says why."""


@dataclass(frozen=True)
class Events:
    """Reads deliveries of one source. `readers` are its accounts by number."""

    readers: Mapping[str, AccountReader]

    def read(self, changes: Iterable[Change | str], now: datetime) -> tuple[Batch, bool]:
        """A delivery's mentions, and whether there is more to see than it told. Raises NotNow."""
        mentions: list[Mention] = []
        refusals: list[Refusal] = []
        more = False
        for change in changes:
            try:
                found = self._one(change, now)
            except (ValueError, TypeError, AttributeError, SourceError) as exc:
                if isinstance(exc, SourceError) and not exc.permanent:
                    raise NotNow from exc
                refusals.append(Refusal("a webhook's change", f"cannot be understood: {str(exc)[:200]}"))
                more = True
                continue
            more = more or found is None
            mentions += [found] if isinstance(found, Mention) and found.text else []
        return Batch(tuple(mentions), refusals=tuple(refusals)), more

    def _one(self, change: Change | str, now: datetime) -> Mention | bool | None:
        """What a change says; None where it only hints, True where there is nothing in it for us."""
        if isinstance(change, str):
            raise ValueError(change)
        reader = self.readers.get(change.account)
        if reader is None:
            raise ValueError(f"account {change.account} is not one of this source's accounts")
        if change.field in _COMMENTS:
            return _comment(change, reader, now)
        if change.field == "mentions":
            return _mentioned(change, reader, now)
        return True


def _comment(change: Change, reader: AccountReader, now: datetime) -> Mention | None:
    media = change.value.get("media")
    number = media.get("id") if isinstance(media, Mapping) else None
    if not change.value.get("text") or not is_number(number):
        return None
    told_at = change.at.isoformat() if change.at is not None else None  # the comment itself comes without a time
    return comment_of({"timestamp": told_at, **change.value}, reader.account, now, number)


def _mentioned(change: Change, reader: AccountReader, now: datetime) -> Mention | bool:
    media, comment = change.value.get("media_id"), change.value.get("comment_id")
    if not is_number(media) or not (comment is None or is_number(comment)):
        raise ValueError("a mention without its number")
    return reader.mentioned(str(media), comment, now) or True
