"""What a source that must be searched is searched for."""

from __future__ import annotations

from monitor.collectors.base import CollectContext, SourceError


def searched_words(own: tuple[str, ...], context: CollectContext, service: str) -> list[str]:
    """The words to search for: the source's own, else every brand's. Raises SourceError where there are none."""
    words = own or tuple(word for found in context.terms.values() for word in found)
    plain = [word.strip() for word in words if word.strip()]
    if not plain:
        raise SourceError(
            f"{service} is searched for the brands' keywords, and there are none.",
            remedy="Give a brand `keywords`, or the source `words`.",
            permanent=True,
        )
    return plain
