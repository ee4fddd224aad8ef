"""Brands that a comment has from its thread, where its own words name none."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

from monitor.matching import Match
from monitor.mention import Mention
from monitor.store.records import KnownPost
from monitor.thread_language import Place, named_above


def inherited_brands(
    mentions: Sequence[Mention], matches: Sequence[Match], stored: Mapping[Place, KnownPost]
) -> list[set[str]]:
    """For each mention the brands that it has from its thread: from parent and root, stored or in the same batch.

    An own account's answer makes the post that it answers one about the brand, too.
    """
    place = {(m.platform, m.global_id): number for number, m in enumerate(mentions)}
    neighbours: list[list[int]] = [[] for _ in mentions]
    inherited: list[set[str]] = [set() for _ in mentions]
    for number, mention in enumerate(mentions):
        for name in named_above(mention):
            above = place.get((mention.platform, name))
            if above is None:
                known = stored.get((mention.platform, name))
                inherited[number].update(known.brands if known else ())
                continue
            neighbours[above].append(number)
            if matches[number].own_of and name == mention.parent_id:
                inherited[above].update(matches[number].own_of)
    _spread(inherited, matches, neighbours)
    return [
        more.difference(match.brands) if not mention.brands else set()
        for mention, match, more in zip(mentions, matches, inherited, strict=True)
    ]


def _spread(inherited: list[set[str]], matches: Sequence[Match], below: Sequence[Sequence[int]]) -> None:
    """Hand brands down from each post to those that hang on it."""
    queue = deque(number for number, match in enumerate(matches) if match.brands or inherited[number])
    while queue:
        number = queue.popleft()
        brands = inherited[number].union(matches[number].brands)
        for child in below[number]:
            if not brands <= inherited[child]:
                inherited[child] |= brands
                queue.append(child)
