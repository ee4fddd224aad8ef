"""The language that a comment's thread is in: what a short comment is likely to be written in, too.

It comes from the root, or from the parent where nothing is known of the root; in the batch or in the store.
Platforms' own tags go before it, and the scorer lets a text that is clearly in another language outweigh both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from monitor.mention import Mention
from monitor.store.records import KnownPost

KnownPosts = Callable[[str, Iterable[str]], Mapping[str, KnownPost]]
"""(platform, ids) → those that are stored; `Store.known_posts` is one."""

Place = tuple[str, str]
"""Platform and id of a post."""


def nothing_known(platform: str, ids: Iterable[str]) -> Mapping[str, KnownPost]:  # noqa: ARG001
    """A `KnownPosts` without any."""
    return {}


def named_above(mention: Mention) -> tuple[str, ...]:
    """The ids of the root and the parent that a mention names, the root first; naming itself is naming nobody."""
    named = dict.fromkeys((mention.thread_id, mention.parent_id))
    return tuple(name for name in named if name and name != mention.global_id)


def stored_above(mentions: Sequence[Mention], known_posts: KnownPosts) -> dict[Place, KnownPost]:
    """What is stored of the roots and parents that are not among `mentions`; each platform is asked once."""
    here = {(mention.platform, mention.global_id) for mention in mentions}
    outside: dict[str, set[str]] = defaultdict(set)
    for mention in mentions:
        for name in named_above(mention):
            if (mention.platform, name) not in here:
                outside[mention.platform].add(name)
    return {
        (platform, name): post
        for platform, names in outside.items()
        for name, post in known_posts(platform, names).items()
    }


class ThreadLanguages:
    """The language hints of a batch, which is scored in two rounds: what is found for the first helps the rest."""

    def __init__(
        self, mentions: Sequence[Mention], stored: Mapping[Place, KnownPost], language: str | None = None
    ) -> None:
        """`stored` is what `stored_above` found, `language` that of the source."""
        self._mentions = mentions
        self._stored = stored
        self._language = language
        self._number = {(m.platform, m.global_id): number for number, m in enumerate(mentions)}
        self._tops = self._found_tops()

    def rounds(self) -> tuple[list[int], list[int]]:
        """Numbers of the mentions that hang on nobody in the batch, and of the others."""
        first = [number for number, top in enumerate(self._tops) if top == number]
        return first, [number for number, top in enumerate(self._tops) if top != number]

    def hint(self, number: int, found: Mapping[int, str | None]) -> str | None:
        """What platform, thread or source say of the language of a mention, the first of them that says anything.

        `found` holds the languages of those that are scored already, by number.
        """
        return self._mentions[number].language or next(self._above(number, found), None) or self._language

    def _above(self, number: int, found: Mapping[int, str | None]) -> Iterator[str]:
        """Languages of root and parent, as far as they are known; one in the batch goes with what it hangs on."""
        for place in self._places_above(number):
            if place in self._number:
                language = found.get(self._tops[self._number[place]])
            else:
                language = self._stored[place].language if place in self._stored else None
            if language:
                yield language

    def _places_above(self, number: int) -> list[Place]:
        mention = self._mentions[number]
        return [(mention.platform, name) for name in named_above(mention)]

    def _found_tops(self) -> list[int]:
        """For each mention the one in the batch that it hangs on in the end, or itself; a ring has one, too."""
        tops: dict[int, int] = {}
        for number in range(len(self._mentions)):
            path: list[int] = []
            at: int | None = number
            while at is not None and at not in tops:
                tops[at] = at  # until more is known, and for good where a ring comes back to it
                path.append(at)
                at = next((self._number[up] for up in self._places_above(at) if up in self._number), None)
            if path:
                tops.update(dict.fromkeys(path, path[-1] if at is None else tops[at]))
        return [tops[number] for number in range(len(self._mentions))]
