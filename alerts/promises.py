"""Promises in our own posts: "återkommer", "svarer innen kl. 15", "vi palaamme" (practice P30). Pure.

Only wordings that promise an answer count; the time is read where one is given, else a configured time is allowed.
"""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from typing import NamedTuple

from alerts.calendar import local, next_wall_clock

LONGEST_TEXT = 200

_PROMISES = re.compile(
    r"\b(?:"
    r"åter(?:kommer|kopplar)|hör av oss|svarar (?:dig|er|senast|innan|inom|så snart)|uppdater(?:ar|ing kommer)"
    r"|kommer tilbake|kommer tilbage|kjem tilbake|vender tilbage|vender tilbake|melder tilbake"
    r"|svarer (?:deg|dere|dig|jer|innen|inden|senest|så snart)|svarar (?:deg|dykk|innan)|oppdaterer|opdaterer"
    r"|palaamme|vastaamme|tiedotamme|ilmoitamme"
    r"|(?:we|i)(?:'ll| will) (?:get back|be back|update|answer|reply|return)|get back to you"
    r")\b",
    re.IGNORECASE,
)
_CLOCK = re.compile(
    r"\b(?:kl\.?|klokken|klockan|klokka|klo|by|before|at)\s*(\d{1,2})(?:[.:](\d{2}))?\s*(pm|am)?\b", re.I
)
_SENTENCE_END = re.compile(r"(?<!\bkl)(?<!\bca)[.!?…](?=\s)\s*|\n\s*\n\s*", re.IGNORECASE)
_NUMBERS = {
    **dict.fromkeys(("en", "ett", "et", "én", "ein", "a", "an", "one", "yhden"), 1),
    **dict.fromkeys(("två", "to", "two", "kahden", "par"), 2),
    **dict.fromkeys(("tre", "three", "kolmen"), 3),
    **dict.fromkeys(("fyra", "fire", "four", "neljän"), 4),
}
_NUMBER = rf"(\d{{1,2}}|{'|'.join(sorted(_NUMBERS, key=len, reverse=True))})"
_WITHIN = re.compile(
    rf"\b(?:inom|innen|inden|innan|within|in|om)\s+(?:ett\s+|et\s+)?{_NUMBER}\s+"
    r"(tim\w*|time\w*|hours?|minut\w*|min|dag\w*|dygn|døgn|days?)\b",
    re.IGNORECASE,
)
_WITHIN_FI = re.compile(rf"\b(?:{_NUMBER}\s+)?(tunnin|minuutin|päivän)\s+(?:kuluessa|sisällä)\b", re.IGNORECASE)
_UNITS = (
    (("tim", "hour", "tun"), timedelta(hours=1)),
    (("min",), timedelta(minutes=1)),
    (("da", "dy", "dø", "päi"), timedelta(days=1)),
)


class Promise(NamedTuple):
    """What was promised, and by when (aware UTC)."""

    text: str
    due_at: datetime


def promise_in(text: str, at: datetime, timezone: str, otherwise_within: timedelta) -> Promise | None:
    """The promise in a post made at `at`, due at the time it names or `otherwise_within`; None without one."""
    said = _PROMISES.search(text)
    if said is None:
        return None
    due = _at_a_clock(text, at, timezone) or _after_a_while(text, at) or at + otherwise_within
    return Promise(_sentence(text, said.start()), due)


def _sentence(text: str, place: int) -> str:
    """The sentence around a place of a text, on one line; "kl. 15" and "15.30" end none."""
    ends = [found.end() for found in _SENTENCE_END.finditer(text)]
    since = max((end for end in ends if end <= place), default=0)
    until = min((end for end in ends if end > place), default=len(text))
    return " ".join(text[since:until].split())[:LONGEST_TEXT]


def _after_a_while(text: str, at: datetime) -> datetime | None:
    found = _WITHIN.search(text) or _WITHIN_FI.search(text)
    if found is None:
        return None
    count, unit = found.groups()
    length = next((each for starts, each in _UNITS if unit.lower().startswith(starts)), None)
    if length is None:
        return None
    return at + length * (int(count) if count and count.isdigit() else _NUMBERS.get((count or "en").lower(), 1))


def _at_a_clock(text: str, at: datetime, timezone: str) -> datetime | None:
    """The next time the wall clock shows the hour named; "kl. 3" in the afternoon means 15 when 3 is past."""
    found = _CLOCK.search(text)
    if found is None:
        return None
    hour, minute = int(found.group(1)), int(found.group(2) or 0)
    if found.group(3) and found.group(3).lower() == "pm" and hour < 12:
        hour += 12
    if hour > 24 or minute > 59:
        return None
    clock = time(hour % 24, minute)
    here = local(at, timezone)
    if not found.group(3) and 0 < hour < 8 and here.time() >= clock and here.hour < hour + 12:
        clock = time(hour + 12, minute)
    return next_wall_clock(clock, at, timezone)
