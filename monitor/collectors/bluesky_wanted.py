"""Which of the network's posts concern us: those that name a brand, and what belongs to watched threads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monitor.collectors.base import CollectContext, SourceError
from monitor.collectors.bluesky_post import PLATFORM, relations, texts
from monitor.matching import BrandRules, Matcher
from monitor.mention import Mention


class Wanted:
    """Decides on records; learns new threads while the stream runs."""

    def __init__(self, terms: Mapping[str, tuple[str, ...]], threads: set[str]) -> None:
        self._matcher = Matcher([BrandRules(brand, words) for brand, words in terms.items()])
        self._threads = threads

    @classmethod
    def of(cls, context: CollectContext, brand: str | None) -> Wanted:
        """What one poll looks for. Raises SourceError when no brand has any word."""
        terms = {name: words for name, words in context.terms.items() if brand in (None, name) and any(words)}
        if not terms:
            raise SourceError(
                "Bluesky's stream is searched for the brands' keywords, and there are none.",
                remedy="Give a brand `keywords` in the config.",
                permanent=True,
            )
        return cls(terms, {thread.root_id for thread in context.watched if thread.platform == PLATFORM})

    @staticmethod
    def words_of(context: CollectContext, brand: str | None) -> list[str]:
        """The words to search for, each once."""
        found = [word for name, words in context.terms.items() if brand in (None, name) for word in words]
        return list(dict.fromkeys(word.strip() for word in found if word.strip()))

    def takes(self, uri: str, record: Mapping[str, Any]) -> bool:
        """Whether a post is read on; if so, its replies and quotes will be. One that makes no sense is not."""
        try:
            related = set(relations(record))
            text, extra = texts(record)
        except (ValueError, TypeError, AttributeError):
            return False
        known = uri in self._threads or not self._threads.isdisjoint(related)
        if not known and not self._matcher.match(Mention(PLATFORM, uri, "", text, extra_text=extra)).brands:
            return False
        self._threads.add(uri)
        return True
