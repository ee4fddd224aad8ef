"""The demo's story: five days of a made-up Nordic railway, the same every time.

Nordtåg runs trains in Sweden, Norway and Denmark, and does not exist. Monday to Thursday noon are ordinary: a
daily rhythm, one man who hates the coffee, a joke that is passed around, praise for a train host. On Thursday
afternoon a fault charges cards twice and trains are cancelled; one mother's post grows, newspapers pick it up,
the railway confirms late, mends it overnight, and by Friday evening people say thank you.

`build_story()` gives the rows of a mentions file. `python -m monitor.demo.story > story.ndjson` writes them.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from monitor.demo.people import People
from monitor.demo.texts import Line, decorated, fill, pool, roughened

ZONE = ZoneInfo("Europe/Stockholm")
FIRST_DAY = datetime(2026, 3, 2, tzinfo=ZONE)
"""A Monday without a holiday near it."""

LAST_MOMENT = datetime(2026, 3, 7, 7, tzinfo=ZONE)
SEED = 20260302
BRAND_HANDLE = "@nordtag@togprat.example"

_PER_HOUR = (1, 0.5, 0.2, 0.2, 1, 4, 10, 13, 10, 7, 6, 6, 7, 6, 6, 8, 11, 13, 10, 8, 7, 6, 4, 2)
"""Ordinary posts an hour by the clock on a working day: two rush hours, and nights in which people sleep."""

_SATURDAY = 0.55

_SOURCES = ("mastodon", "mastodon", "bluesky", "facebook")

Row = dict[str, Any]
"""One line of a mentions file."""


@dataclass(frozen=True, slots=True)
class Scene:
    """`count` posts out of `texts`, from `start` to `end` on the story's day (0 is Monday).

    `lean` bends the stream: 1 is even, below 1 rises towards the end, above 1 falls away from the start. `angry`
    texts get an opening or a tail of that mood.
    """

    texts: str
    day: int
    start: str
    end: str
    count: int
    lean: float = 1.0
    angry: bool = False
    source: str = ""
    kind: str = "post"
    likes: int = 4


SCENES: tuple[Scene, ...] = (
    Scene("loud_author", 1, "11:05", "12:40", 14),
    Scene("joke", 2, "18:20", "21:30", 70, lean=1.6, likes=300),
    Scene("praise", 3, "08:10", "11:30", 34, lean=1.3, likes=90),
    # Thursday: the first cards are charged twice shortly after three in the afternoon
    Scene("double_charge", 3, "15:05", "16:10", 11, lean=0.6),
    Scene("double_charge", 3, "16:10", "17:30", 50, lean=0.7, angry=True),
    Scene("double_charge", 3, "17:30", "20:30", 96, angry=True),
    Scene("double_charge", 3, "20:30", "23:50", 36, lean=1.6, angry=True),
    Scene("cancelled", 3, "17:05", "19:00", 44, lean=0.8, angry=True),
    Scene("cancelled", 3, "19:00", "23:00", 44, lean=1.4, angry=True),
    Scene("questions", 3, "16:00", "22:30", 44),
    Scene("double_charge", 3, "15:30", "19:00", 34, lean=0.7, source="support-desk", kind="ticket", angry=True),
    Scene("hostile", 3, "17:50", "21:40", 12),
    Scene("after_own", 3, "20:20", "23:30", 34, lean=1.5),
    # Friday: the second, smaller wave, then the money comes back
    Scene("double_charge", 4, "06:10", "09:50", 34, angry=True),
    Scene("questions", 4, "06:40", "10:30", 22),
    Scene("after_own", 4, "07:00", "10:00", 12),
    Scene("thanks", 4, "10:15", "18:30", 62, lean=1.2, likes=30),
)

_ANGRY = ("angry_openings", "angry_tails")
_NEWS = ((3, "18:42"), (3, "19:05"), (3, "19:40"), (3, "20:02"), (3, "20:20"), (3, "21:15"), (4, "10:25"))
_OWN_QUIET = ((0, "05:45"), (1, "05:45"), (2, "06:20"), (3, "05:45"))
_OWN_CRISIS = ((3, "20:11"), (3, "21:29"), (4, "09:58"), (3, "20:12"), (3, "20:13"), (3, "20:14"))
_THREAD_AT = (3, "16:24")
_THREAD_SCENES = (("16:26", "18:00", 40, 0.8), ("18:00", "20:30", 70, 1.0), ("20:30", "23:40", 30, 1.5))


CAPTIONS: tuple[tuple[int, str, str], ...] = (
    (1, "12:45", "One man has written fourteen times about the coffee since eleven."),
    (2, "21:35", "A joke about slow travel was passed around all evening. People laugh."),
    (3, "11:35", "A train host stayed with a lost old man all the way. People are moved."),
    (3, "15:05", "The first cards are charged twice. Nobody at Nordtåg knows."),
    (3, "16:24", "A mother of two writes: account empty, train cancelled, nobody answers. Her post grows."),
    (3, "18:42", "The first newspaper writes."),
    (3, "20:11", "Nordtåg's own account: “We see that many were charged twice. We do not know why yet.”"),
    (4, "09:58", "Nordtåg's own account: “All double charges were paid back tonight.”"),
    (4, "10:15", "The first thank-yous."),
)
"""Facts of the story, told when they happen: day (0 is Monday), clock, words."""


def build_story(seed: int = SEED) -> list[Row]:
    """Every mention of the story in the order of its time, as rows of a mentions file."""
    teller = _Teller(random.Random(seed))  # noqa: S311  a story, not a secret
    rows = [*teller.everyday(), *teller.scenes(), *teller.thread(), *teller.news(), *teller.own_posts()]
    rows.sort(key=lambda row: (row["created_at"], row["id"]))
    return rows


def moment(day: int, clock: str) -> datetime:
    """A time of the story: its day (0 is Monday) and the clock in Sweden."""
    return datetime.combine(FIRST_DAY + timedelta(days=day), time.fromisoformat(clock), tzinfo=ZONE)


class _Teller:
    """Makes rows. Each post gets the next id, so that a story is the same whenever it is told."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._people = People(chance)
        self._number = 0

    def everyday(self) -> Iterator[Row]:
        """The ordinary days: posts by the clock, some with an answer or three."""
        hour = FIRST_DAY.astimezone(UTC)
        lines = _Deck(pool("everyday"), self._chance)
        while hour < LAST_MOMENT:
            local = hour.astimezone(ZONE)
            rate = _PER_HOUR[local.hour] * (_SATURDAY if local.weekday() == 5 else 1)
            for _ in range(self._poisson(rate)):
                yield from self._everyday_post(lines.draw(), hour + timedelta(minutes=self._chance.uniform(0, 60)))
            hour += timedelta(hours=1)

    def scenes(self) -> Iterator[Row]:
        """What happens on top of the ordinary."""
        for scene in SCENES:
            yield from self._scene(scene)

    def thread(self) -> Iterator[Row]:
        """One mother's post, and what people write under it."""
        root = self._row(moment(*_THREAD_AT), pool("thread_root")[0], "@hanna_i_skovde", likes=2400, shares=910)
        yield root
        lines = _Deck(pool("thread"), self._chance)
        for start, end, count, lean in _THREAD_SCENES:
            for at in self._times(moment(3, start), moment(3, end), count, lean):
                yield self._reply(root, lines.draw(), at, tails="angry_tails")

    def news(self) -> Iterator[Row]:
        """The newspapers, in the order of the pool."""
        for line, when in zip(pool("news"), _NEWS, strict=True):
            paper = line.text.split(":", 1)[0].lower().replace(" ", "").replace("ä", "a").replace("æ", "a")
            yield self._row(moment(*when), line, f"@{paper}", source="news", kind="news", followers=180_000)

    def own_posts(self) -> Iterator[Row]:
        """Nordtåg's own posts: the morning greeting, the late confirmation, the two updates."""
        posts = (
            *zip(pool("own_quiet"), _OWN_QUIET, strict=True),
            *zip(pool("own_crisis"), _OWN_CRISIS, strict=True),
        )
        for line, when in posts:
            yield self._row(moment(*when), line, BRAND_HANDLE, source="mastodon", followers=52_000)

    def _everyday_post(self, line: Line, at: datetime) -> Iterator[Row]:
        text = decorated(line, self._chance, tails="tails", share=0.35)
        post = self._row(at, line, self._people.regular(line.language), text=text)
        yield post
        if self._chance.random() < 0.22:
            for _ in range(self._chance.randint(1, 3)):
                later = at + timedelta(minutes=self._chance.expovariate(1 / 40))
                answers = [reply for reply in pool("everyday_reply") if reply.language == line.language]
                yield self._reply(post, self._chance.choice(answers), min(later, LAST_MOMENT))

    def _scene(self, scene: Scene) -> Iterator[Row]:
        lines = _Deck(pool(scene.texts), self._chance, in_order=scene.texts == "loud_author")
        times = self._times(moment(scene.day, scene.start), moment(scene.day, scene.end), scene.count, scene.lean)
        for at in times:
            line = lines.draw()
            yield self._row(
                at,
                line,
                self._author(scene, line),
                text=decorated(line, self._chance, *(_ANGRY if scene.angry else ("", ""))),
                source=scene.source,
                kind=scene.kind,
                likes=int(self._chance.expovariate(1 / scene.likes)),
            )

    def _author(self, scene: Scene, line: Line) -> str:
        return "@kaffe_rolf" if scene.texts == "loud_author" else self._people.passer_by(line.language)

    def _reply(self, root: Row, line: Line, at: datetime, tails: str = "") -> Row:
        text = decorated(line, self._chance, tails=tails, share=0.25)
        row = self._row(
            at, line, self._people.passer_by(line.language), text=text, source=root["source"], kind="comment"
        )
        return {**row, "thread_id": root["id"], "parent_id": root["id"]}

    def _row(
        self,
        at: datetime,
        line: Line,
        author: str,
        *,
        text: str = "",
        source: str = "",
        kind: str = "post",
        followers: int | None = None,
        **counts: int,
    ) -> Row:
        """One line of the mentions file. Papers and the railway itself write without slips (`followers` given)."""
        self._number += 1
        name = f"demo-{self._number:05}"
        text = text or fill(line, self._chance)
        return {
            "id": name,
            "created_at": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "text": text if followers else roughened(text, self._chance),
            "author": author,
            "author_followers": followers or self._people.followers(author),
            "url": f"https://togprat.example/{author.split('@')[1]}/{name}",
            "language": line.language,
            "source": source or self._chance.choice(_SOURCES),
            "kind": kind,
            **counts,
        }

    def _times(self, start: datetime, end: datetime, count: int, lean: float) -> list[datetime]:
        """`count` moments between `start` and `end`, in order."""
        return sorted(start + (end - start) * self._chance.random() ** lean for _ in range(count))

    def _poisson(self, mean: float) -> int:
        count, waited = 0, self._chance.expovariate(1)
        while waited < mean:
            count, waited = count + 1, waited + self._chance.expovariate(1)
        return count


class _Deck:
    """Draws every line once before any comes again."""

    def __init__(self, lines: tuple[Line, ...], chance: random.Random, *, in_order: bool = False) -> None:
        self._lines, self._chance, self._in_order = lines, chance, in_order
        self._left: list[Line] = []

    def draw(self) -> Line:
        """The next line."""
        if not self._left:
            self._left = list(reversed(self._lines))
            if not self._in_order:
                self._chance.shuffle(self._left)
        return self._left.pop()


def main() -> None:
    """Write the story as NDJSON to standard output."""
    for row in build_story():
        sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
