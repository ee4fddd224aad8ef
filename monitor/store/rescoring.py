"""History scored again: new scores are kept aside, and one transaction makes them the current ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, select, update

from monitor.store.counters import write_again
from monitor.store.database import upsert
from monitor.store.records import Judgement
from monitor.store.subject import Subject
from monitor.store.tables import detector_states, links, mentions, rescored
from monitor.store.writing import judgement_row

END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)

Unscored = tuple[int, str, str | None]
"""Id, text, and the language that platform, thread or source told, of a mention that is not judged yet."""


class Rescoring(Subject):
    """Scores of a coming scorer version."""

    def unscored(self, brand: str, since: datetime, version: str, *, limit: int = 2_000) -> list[Unscored]:
        """Mentions from `since` on with a text, judged by another version, not yet set aside under `version`."""
        with self._db.reading() as connection:
            return _unscored(connection, brand, since, version, limit)

    def set_scores_aside(self, judgements: Mapping[int, Judgement]) -> None:
        """Keep new scores beside the current ones."""
        rows = [{"mention_id": key, **judgement_row(judged)} for key, judged in judgements.items()]
        with self._db.writing() as connection:
            upsert(connection, rescored, rows)

    def switch_scores(
        self,
        brand: str,
        since: datetime,
        version: str,
        *,
        judge: Callable[[Sequence[Unscored]], Mapping[int, Judgement]],
        before_commit: Callable[[tuple[str, ...]], None] | None = None,
    ) -> tuple[str, ...]:
        """Make the scores of `version` the current ones and count again, in one transaction.

        What arrived since they were set aside goes through `judge` first. `before_commit` may recompute what else
        hangs on scores (people per hour). Returns the brands whose counters were counted again.
        """
        with self._db.writing() as connection:
            while left := _unscored(connection, brand, since, version, 2_000):
                self.set_scores_aside(judge(left))
            touched = _brands_of(connection, version)
            _take_over(connection, version)
            for name in touched:
                write_again(connection, name, since, END_OF_TIME)
                connection.execute(delete(detector_states).where(detector_states.c.brand == name))
            connection.execute(delete(rescored))
            if before_commit is not None:
                before_commit(touched)
        return touched


def _unscored(connection: Connection, brand: str, since: datetime, version: str, limit: int) -> list[Unscored]:
    aside = select(rescored.c.mention_id).where(rescored.c.scorer_version == version)
    query = (
        select(mentions.c.id, mentions.c.text, mentions.c.told_language)
        .join_from(links, mentions, links.c.mention_id == mentions.c.id)
        .where(
            links.c.brand == brand,
            links.c.event_time >= since,
            mentions.c.scorer_version != version,
            mentions.c.text != "",
            mentions.c.id.not_in(aside),
        )
        .order_by(links.c.event_time, mentions.c.id)
        .limit(limit)
    )
    return [(row.id, row.text, row.told_language) for row in connection.execute(query)]


def _brands_of(connection: Connection, version: str) -> tuple[str, ...]:
    query = (
        select(links.c.brand)
        .join_from(rescored, links, links.c.mention_id == rescored.c.mention_id)
        .where(rescored.c.scorer_version == version)
        .distinct()
        .order_by(links.c.brand)
    )
    return tuple(connection.scalars(query))


def _take_over(connection: Connection, version: str) -> None:
    """Copy the scores that were set aside into the mentions. A text blanked meanwhile keeps its old score."""
    names = ("scorer_version", "language", "label", "p_negative", "compound", "hostile", "question")
    connection.execute(
        update(mentions)
        .where(
            mentions.c.id == rescored.c.mention_id,
            rescored.c.scorer_version == version,
            mentions.c.removed_at.is_(None),
        )
        .values({name: rescored.c[name] for name in names})
    )
