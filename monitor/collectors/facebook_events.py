"""What a page's webhooks tell, as mentions and removals; what they only hint at is left to the next poll.

Events come repeated and in no order. A removal wins over everything else of the same delivery, and an addition
that turns up after its removal is dropped as long as the removal is remembered.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from monitor.collectors.base import Batch
from monitor.collectors.facebook_post import PLATFORM, Page, comment_of, post_of, rating_of
from monitor.collectors.meta_hook import Change
from monitor.mention import Mention, Refusal, Removal

_REMEMBERED_REMOVALS = 5_000
_REMOVED = ("remove", "delete")
_EDITED = ("edited", "edit")
_SAID_NOTHING = ("reaction", "like", "block")
_FIELDS = ("feed", "mention", "ratings")


@dataclass
class Events:
    """Reads deliveries of one source. `pages` are its pages by number."""

    pages: Mapping[str, Page]
    _gone: OrderedDict[str, None] = field(default_factory=OrderedDict)

    def read(self, changes: Iterable[Change | str], now: datetime) -> tuple[Batch, bool]:
        """A delivery's mentions and removals, and whether there is more to see than it told."""
        mentions: list[Mention] = []
        removals: list[Removal] = []
        refusals: list[Refusal] = []
        more = False
        for change in changes:
            try:
                found = self._one(change, now)
            except (ValueError, TypeError, AttributeError) as exc:
                refusals.append(Refusal("a webhook's change", f"cannot be understood: {str(exc)[:100]}"))
                more = True
                continue
            more = more or found is None
            mentions += [found] if isinstance(found, Mention) and found.text else []
            removals += [found] if isinstance(found, Removal) else []
        self._remember(removals)
        kept = tuple(mention for mention in mentions if mention.global_id not in self._gone)
        return Batch(kept, removals=tuple(removals), refusals=tuple(refusals)), more

    def _one(self, change: Change | str, now: datetime) -> Mention | Removal | bool | None:
        """What a change says; None where it only hints, True where there is nothing in it for us."""
        if isinstance(change, str):
            raise ValueError(change)
        page = self.pages.get(change.account)
        if page is None:
            raise ValueError(f"page {change.account} is not one of this source's pages")
        item, verb = str(change.value.get("item")), str(change.value.get("verb"))
        if change.field not in _FIELDS or item in _SAID_NOTHING or verb in ("hide", "unhide"):
            return True
        if verb in _REMOVED:
            number = _number_of(change.value, item)
            return Removal(PLATFORM, page.comment_id(number) if item == "comment" else page.post_id(number))
        made = _made(change, item, page, now)
        if made is not None and verb in _EDITED:
            return replace(made, edited_at=change.at or now)
        return made

    def _remember(self, removals: Iterable[Removal]) -> None:
        self._gone.update((removal.global_id, None) for removal in removals)
        while len(self._gone) > _REMEMBERED_REMOVALS:
            self._gone.popitem(last=False)


def _number_of(value: Mapping[str, Any], item: str) -> Any:
    if item == "rating":
        return value.get("open_graph_story_id")
    return value.get("comment_id") if item == "comment" else value.get("post_id")


def _made(change: Change, item: str, page: Page, now: datetime) -> Mention | None:
    """The post, comment or recommendation that a change carries whole; None where words or number are missing."""
    value = dict(change.value)
    said = value.get("review_text") if item == "rating" else value.get("message")
    if not said or _number_of(value, item) is None or value.get("published") == 0:
        return None
    author = value.get("from") or {"id": value.get("sender_id") or value.get("reviewer_id")}
    told = {**value, "from": _with_text_id(author), "id": _number_of(value, item)}
    if item == "comment":
        return _comment(told, page, now)
    if item == "rating":
        story = {"open_graph_story": {"id": told["id"]}, "reviewer": told["from"]}
        return rating_of({**told, **story}, page, now)
    return post_of(told, page, now)


def _comment(told: Mapping[str, Any], page: Page, now: datetime) -> Mention:
    """A comment; `parent_id` is the post's number for those at the top."""
    post, parent = told.get("post_id"), told.get("parent_id")
    answered = {"parent": {"id": parent}} if parent is not None and parent != post else {}
    return comment_of({**told, **answered}, page, now, post=post)


def _with_text_id(author: object) -> object:
    """Old fields give people's numbers as numbers."""
    if isinstance(author, Mapping) and isinstance(author.get("id"), int):
        return {**author, "id": str(author["id"])}
    return author
