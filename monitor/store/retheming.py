"""History under other themes: one transaction gives links their new themes and counts again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from detectors.signal import ScopeKind
from monitor.store.counters import write_again
from monitor.store.rescoring import END_OF_TIME
from monitor.store.subject import Subject
from monitor.store.tables import detector_states, links, mentions, people_hours

_AT_A_TIME = 2_000

Themes = tuple[str, ...]


class Retheming(Subject):
    """Themes of stored mentions."""

    def switch_themes(
        self, brand: str, since: datetime, changed: Collection[str], themes_of: Callable[[str, Themes], Themes]
    ) -> int:
        """Give a brand's mentions from `since` on their themes anew, and count again, in one transaction.

        `themes_of(text, themes)` answers a mention's themes from its text and those that it has now. The people
        per hour of the `changed` themes, and what detectors have learnt, are forgotten: to be learnt again.
        Returns how many mentions have other themes now.
        """
        with self._db.writing() as connection:
            moved = 0
            for mention_id, text, had in _texts(connection, brand, since):
                themes = themes_of(text, had)
                if themes != had:
                    moved += 1
                    place = (links.c.mention_id == mention_id, links.c.brand == brand)
                    connection.execute(update(links).where(*place).values(themes=themes))
            write_again(connection, brand, since, END_OF_TIME)
            old = (people_hours.c.kind == ScopeKind.THEME.value, people_hours.c.name.in_(sorted(changed)))
            connection.execute(delete(people_hours).where(people_hours.c.brand == brand, *old))
            connection.execute(delete(detector_states).where(detector_states.c.brand == brand))
        return moved


def _texts(connection: Connection, brand: str, since: datetime) -> Iterator[tuple[int, str, Themes]]:
    """Id, text and themes of a brand's mentions, in portions. A text that is gone keeps the themes it has."""
    after = 0
    while True:
        query = (
            select(mentions.c.id, mentions.c.text, links.c.themes)
            .join_from(links, mentions, links.c.mention_id == mentions.c.id)
            .where(
                links.c.brand == brand, links.c.event_time >= since, mentions.c.text != "", mentions.c.id > after
            )
            .order_by(mentions.c.id)
            .limit(_AT_A_TIME)
        )
        rows = connection.execute(query).all()
        for row in rows:
            yield row.id, row.text, tuple(row.themes)
        if len(rows) < _AT_A_TIME:
            return
        after = rows[-1].id
