"""The rules of counting written down once more, as plainly as they can be: sets and loops over mentions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from detectors.copies import copy_key
from detectors.frame import MentionRow
from detectors.held import selected
from detectors.observation import People, Sums
from detectors.people import people_of
from detectors.voices import cheers_complainer


def count_people(rows: Iterable[MentionRow]) -> People:
    """What is measured against these rules: the different people of mentions as numbers."""
    return people_of(selected(rows).rows)


def plain_sums(rows: Sequence[MentionRow]) -> Sums:
    """Count rows; own posts only as own."""
    theirs = [row for row in rows if not row.own]
    return Sums(
        mentions=len(theirs),
        negative=sum(row.negative for row in theirs),
        positive=sum(row.positive for row in theirs),
        hostile=sum(row.hostile is not None for row in theirs),
        questions=sum(row.question for row in theirs),
        own=len(rows) - len(theirs),
    )


def plain_people(rows: Sequence[MentionRow]) -> People:
    """Count different people."""
    theirs = [row for row in rows if not row.own]
    everybody = [row.person for row in theirs]
    return People(
        authors=len(set(everybody)),
        negative=_negative_people([row for row in theirs if row.negative]),
        positive=len({row.person for row in theirs if row.positive}),
        hostile=len({row.person for row in theirs if row.hostile}),
        mentions=len(theirs),
        negative_mentions=sum(row.negative for row in theirs),
        largest_author=max(map(everybody.count, everybody), default=0),
        supportive=sum(
            row.thread is not None and not row.is_root and cheers_complainer(row.text) for row in theirs
        ),
    )


def _negative_people(rows: Sequence[MentionRow]) -> int:
    """Each text that several people spread is two people at most; those who also wrote themselves are left in."""
    spread: dict[str, set[str]] = {}
    for row in rows:
        key = copy_key(row.text)
        if key is not None:
            spread.setdefault(key, set()).add(row.person)
    spread = {key: people for key, people in spread.items() if len(people) > 1}
    everybody = {row.person for row in rows}
    writers = {row.person for row in rows if copy_key(row.text) not in spread}
    counted = sum(min(2, len(people - writers)) for people in spread.values())
    return len(writers) + min(counted, len(everybody - writers), max(3, len(writers)))
