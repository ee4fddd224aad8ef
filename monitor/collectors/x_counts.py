"""How many posts there were, as X's counts tell it; and the queries that count and find them. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from monitor.collectors.times import parse_time

LONGEST_QUERY = 512  # characters
BUCKET = timedelta(minutes=5)
HOUR = timedelta(hours=1)


def floor_bucket(at: datetime) -> datetime:
    """The whole five minutes at or before `at`."""
    return at - timedelta(minutes=at.minute % 5, seconds=at.second, microseconds=at.microsecond)


def read_counts(rows: Iterable[Mapping[str, object]]) -> dict[datetime, int]:
    """Posts by start, of rows `{start, tweet_count}`. Rows that make no sense are left out."""
    found: dict[datetime, int] = {}
    for row in rows:
        at, count = parse_time(row.get("start")), row.get("tweet_count")
        if at is not None and isinstance(count, int) and not isinstance(count, bool) and count >= 0:
            found[at.astimezone(UTC)] = count
    return found


def by_bucket(minutes: Mapping[datetime, int], since: datetime, until: datetime) -> dict[datetime, int]:
    """Posts of every whole five minutes in [since, until), both on the grid; silent ones are zero."""
    found: dict[datetime, int] = {}
    at = since
    while at < until:
        found[at] = 0
        at += BUCKET
    for minute, count in minutes.items():
        if since <= minute < until:
            found[floor_bucket(minute)] += count
    return found


def usual_hour(hours: Mapping[datetime, int]) -> float:
    """The mean of whole hours; the newest one is left out, as it is not over."""
    whole = [hours[at] for at in sorted(hours)[:-1]]
    return sum(whole) / len(whole) if whole else 0.0


def queries_of(words: Sequence[str], languages: Sequence[str]) -> list[str]:
    """Searches for any of the words, without reposts: one, or more where they are too long for one.

    >>> queries_of(["Nordtåg", "nord tåg"], ["sv", "no"])
    ['(Nordtåg OR "nord tåg") -is:retweet (lang:sv OR lang:no)']
    """
    rest = " -is:retweet" + (f" ({' OR '.join(f'lang:{code}' for code in languages)})" if languages else "")
    return [f"({group}){rest}" for group in _groups(words, LONGEST_QUERY - len(rest) - 2)]


def _groups(words: Sequence[str], longest: int) -> Iterator[str]:
    group = ""
    spelled = {word.casefold(): word for word in map(_spelled, words) if word}  # large and small letters are one
    for word in spelled.values():
        if group and len(group) + len(word) + 4 > longest:
            yield group
            group = ""
        group = f"{group} OR {word}" if group else word
    if group:
        yield group


def _spelled(word: str) -> str:
    """A word as a query spells it: what is not one plain word is quoted; empty where nothing is left."""
    plain = word.replace('"', "").strip()
    return plain if not plain or plain.lstrip("@#").isalnum() else f'"{plain}"'
