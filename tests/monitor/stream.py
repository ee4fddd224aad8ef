"""Made-up streams of mentions for pipeline tests: quiet days with a rhythm, and a surge of complaints."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from monitor.mention import Mention

START = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
GRUMBLES = (
    "the train was late again, this is bad service",
    "terrible, nobody answers the phone",
    "my ticket is wrong and I am angry",
)
CHATTER = ("which platform does it leave from?", "on my way to work", "thank you, a lovely trip", "is there wifi?")
RAGE = (
    "charged twice and nobody answers, this is a disgrace",
    "awful, my card was charged two times, I want my money back",
    "double charged again, horrible service, never again",
    "they took the money twice, I am furious",
)
HOURLY = (1, 1, 1, 1, 1, 3, 6, 9, 8, 6, 5, 5, 6, 6, 5, 6, 8, 9, 7, 5, 4, 3, 2, 1)


def mention(number: int, when: datetime, text: str, *, author: str = "", brand: str = "Nordtåg") -> Mention:
    """One post about the brand."""
    return Mention(
        "made-up", f"m{number}", "file", text, created_at=when, author=author or f"a{number}", brands=(brand,)
    )


def quiet(days: int, seed: int = 1, per_day: int = 110) -> Iterator[Mention]:
    """Ordinary days from START on: a rhythm over the day, a third of it grumbling."""
    chance = random.Random(seed)
    number = 0
    for day in range(days):
        for hour, weight in enumerate(HOURLY):
            for _ in range(round(weight * per_day / sum(HOURLY))):
                number += 1
                when = START + timedelta(days=day, hours=hour, seconds=chance.randrange(3600))
                text = chance.choice(GRUMBLES if chance.random() < 0.33 else CHATTER)
                yield mention(number, when, f"{text} {number}", author=f"regular{chance.randrange(400)}")


def surge(at: datetime, people: int, over: timedelta, seed: int = 2) -> Iterator[Mention]:
    """`people` different people complain within `over`, more and more of them."""
    chance = random.Random(seed)
    for number in range(people):
        when = at + over * (chance.random() ** 0.7)
        text = f"{chance.choice(RAGE)} {number} {chance.choice('abcdefgh')}"
        yield mention(1_000_000 + number, when, text, author=f"angry{number}")


def seen(mentions: Iterator[Mention]) -> list[Mention]:
    """The stream in order, each mention seen when it was written."""
    return sorted((replace(m, first_seen_at=m.created_at) for m in mentions), key=lambda m: m.created_at or START)
