"""Forgetting: retention (texts short, counts long), erasure of an author, a post or a brand, and what is known of
an author."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, exists, func, select, update
from sqlalchemy.sql.elements import ColumnElement

from alerts.incident import IncidentState, MessageReference
from monitor.privacy import author_hash
from monitor.store.counting import bucket_of
from monitor.store.database import upsert
from monitor.store.incidents import adapter, read_incident
from monitor.store.migrate import backups
from monitor.store.quotes import without_quotes
from monitor.store.sequences import last_number
from monitor.store.subject import Subject
from monitor.store.tables import (
    coverage,
    detector_states,
    facts,
    handled_events,
    incidents,
    links,
    measurements,
    mentions,
    notifications,
    people_hours,
    refusals,
    sums,
    timeline,
)
from monitor.store.writing import blank

SLICE = timedelta(hours=6)
"""Old mentions are deleted so much at a time, so that the writer's lock is never held for long."""

BLANKED_AT_ONCE = 2_000
REFUSALS_FOR = timedelta(days=30)
EVENTS_FOR = timedelta(days=7)
"""Slack delivers a click again within minutes; a week is far beyond."""

_TEXTS_UNTIL = "retained/texts"
_TEXTS_ID = "retained/id"


@dataclass(frozen=True, slots=True)
class Retained:
    """How many mentions lost their text, how many went altogether, how many incidents lost their quotes."""

    blanked: int = 0
    deleted: int = 0
    incidents: int = 0


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure reached, and what it could not: messages already sent and copies of the database.

    `messages` are the incidents' root messages that may quote what was erased; `backups` are files that hold it.
    """

    mentions: int = 0
    incidents: tuple[int, ...] = ()
    messages: tuple[MessageReference, ...] = ()
    backups: tuple[Path, ...] = ()


class Upkeep(Subject):
    """Retention and erasure."""

    def retain(self, now: datetime, *, text_for: timedelta, counts_for: timedelta) -> Retained:
        """Blank texts, links and authors of posts older than `text_for`; delete what is older than `counts_for`.

        Done in small transactions; incidents stay, but closed ones lose their quotes with the texts.
        """
        blanked = self._blank_texts(now, now - text_for)
        quoted = self._blank_quotes(now - text_for)
        deleted = sum(self._delete_counts(bucket_of(now - counts_for)))
        with self._db.writing() as connection:
            connection.execute(delete(refusals).where(refusals.c.at < now - REFUSALS_FOR))
            connection.execute(delete(handled_events).where(handled_events.c.at < now - EVENTS_FOR))
            connection.execute(delete(coverage).where(coverage.c.heard_until < now - counts_for))
        return Retained(blanked, deleted, quoted)

    def erase(
        self,
        now: datetime,
        *,
        platform: str | None = None,
        author: str | None = None,
        global_id: str | None = None,
        brand: str | None = None,
    ) -> Erased:
        """Erase an author (`platform` and `author`), one post (`platform` and `global_id`), or a brand.

        Texts, links and the author go; times and judgements stay, so that counts hold, and the post does not come
        back. A brand goes with everything, counts and incidents included. Raises ValueError unless one is named.
        """
        if brand is not None and author is None and global_id is None:
            erased = self._erase_brand(brand)
        elif platform is not None and (author is None) != (global_id is None):
            erased = self._erase_mentions(now, self._whose(platform, author, global_id))
        else:
            raise ValueError("name a brand, or a platform with either an author or a post's id")
        self._db.forget_old_pages()
        return erased

    def export_author(self, platform: str, author: str) -> list[dict[str, Any]]:
        """Everything that is stored of an author: one dict a mention, all columns and its brands, oldest first."""
        with self._db.reading() as connection:
            query = select(mentions).where(self._whose(platform, author, None)).order_by(mentions.c.event_time)
            found = [dict(row) for row in connection.execute(query).mappings()]
            for mention in found:
                of = select(links.c.brand).where(links.c.mention_id == mention["id"]).order_by(links.c.brand)
                mention["brands"] = tuple(connection.scalars(of))
        return found

    def _whose(self, platform: str, author: str | None, global_id: str | None) -> ColumnElement[bool]:
        if author is not None:
            return mentions.c.author == author_hash(self._secret, platform, author)
        return (mentions.c.platform == platform) & (mentions.c.global_id == global_id)

    def _erase_mentions(self, now: datetime, whose: ColumnElement[bool]) -> Erased:
        with self._db.writing() as connection:
            gone = list(connection.scalars(select(mentions.c.id).where(whose)))
            blank(connection, gone, now)
            numbers, messages = _drop_quotes(connection, frozenset(gone), None)
        return Erased(len(gone), numbers, messages, tuple(backups(self._db)))

    def _erase_brand(self, brand: str) -> Erased:
        with self._db.writing() as connection:
            connection.execute(delete(links).where(links.c.brand == brand))
            gone = connection.execute(delete(mentions).where(~exists().where(links.c.mention_id == mentions.c.id)))
            for table in (sums, people_hours, measurements, detector_states):
                connection.execute(delete(table).where(table.c.brand == brand))
            connection.execute(delete(facts).where(facts.c.key.endswith(f":{brand}", autoescape=True)))
            rows = connection.execute(select(incidents).where(incidents.c.brand == brand)).all()
            found = [read_incident(row) for row in rows]
            numbers = tuple(incident.number for incident in found)
            for table in (timeline, notifications):
                connection.execute(delete(table).where(table.c.incident.in_(numbers)))
            connection.execute(delete(incidents).where(incidents.c.brand == brand))
        messages = tuple(incident.root for incident in found if incident.root is not None)
        return Erased(int(gone.rowcount), numbers, messages, tuple(backups(self._db)))

    def _blank_texts(self, now: datetime, until: datetime) -> int:
        """Texts of posts before `until`: those that have become that old since the last time, and late comers."""
        blanked = 0
        with self._db.reading() as connection:
            since = connection.scalar(select(facts.c.at).where(facts.c.key == _TEXTS_UNTIL))
            newest = int(connection.scalar(select(facts.c.value).where(facts.c.key == _TEXTS_ID)) or 0)
            last = last_number(connection, "mention")
        aged = links.c.event_time < until if since is None else links.c.event_time.between(since, until)
        late = (links.c.mention_id > newest) & (links.c.event_time < until)
        for brand in self._counted_brands():
            blanked += self._blank_where(now, aged & (links.c.brand == brand))
        if since is not None:
            blanked += self._blank_where(now, late)
        marks = [
            {"key": _TEXTS_UNTIL, "value": "", "at": until},
            {"key": _TEXTS_ID, "value": str(last), "at": now},
        ]
        with self._db.writing() as connection:
            upsert(connection, facts, marks)
        return blanked

    def _blank_where(self, now: datetime, which: ColumnElement[bool]) -> int:
        query = (
            select(mentions.c.id)
            .join_from(links, mentions, links.c.mention_id == mentions.c.id)
            .where(which, mentions.c.removed_at.is_(None))
            .distinct()
        )
        blanked = 0
        while True:
            with self._db.writing() as connection:
                ids = list(connection.scalars(query.limit(BLANKED_AT_ONCE)))
                blank(connection, ids, now)
            blanked += len(ids)
            if len(ids) < BLANKED_AT_ONCE:
                return blanked

    def _blank_quotes(self, until: datetime) -> int:
        closed = (incidents.c.state == IncidentState.CLOSED.value) & (incidents.c.closed_at < until)
        with self._db.writing() as connection:
            return len(_drop_quotes(connection, None, closed)[0])

    def _delete_counts(self, until: datetime) -> Iterator[int]:
        """Delete everything before `until`, some hours at a time; yields how many mentions went."""
        for brand in self._counted_brands():
            while (end := self._slice_end(brand, until)) is not None:
                yield self._delete_slice(brand, end)

    def _counted_brands(self) -> list[str]:
        with self._db.reading() as connection:
            return list(connection.scalars(select(sums.c.brand).distinct()))

    def _slice_end(self, brand: str, until: datetime) -> datetime | None:
        """The end of the brand's oldest slice that is to go; None when nothing is that old."""
        oldest = [
            select(func.min(links.c.event_time)).where(links.c.brand == brand),
            select(func.min(sums.c.bucket)).where(sums.c.brand == brand),
        ]
        with self._db.reading() as connection:
            found = [at for query in oldest if (at := connection.execute(query).scalar_one()) is not None]
        begins = min(found, default=until)
        return None if begins >= until else min(bucket_of(begins) + SLICE, until)

    def _delete_slice(self, brand: str, end: datetime) -> int:
        old = select(links.c.mention_id).where(links.c.brand == brand, links.c.event_time < end)
        with self._db.writing() as connection:
            gone = connection.execute(delete(mentions).where(mentions.c.id.in_(old)))
            connection.execute(delete(sums).where(sums.c.brand == brand, sums.c.bucket < end))
            connection.execute(
                delete(people_hours).where(people_hours.c.brand == brand, people_hours.c.hour < end)
            )
            connection.execute(delete(measurements).where(measurements.c.brand == brand, measurements.c.at < end))
            return int(gone.rowcount)


def _drop_quotes(
    connection: Connection, gone: frozenset[int] | None, which: ColumnElement[bool] | None
) -> tuple[tuple[int, ...], tuple[MessageReference, ...]]:
    """Take quotes of the given mentions (None: all) out of the incidents that `which` names (None: all).

    Returns the incidents that held one and their root messages.
    """
    query = select(incidents) if which is None else select(incidents).where(which)
    numbers: list[int] = []
    messages: list[MessageReference] = []
    for row in connection.execute(query).all():
        incident = read_incident(row)
        cleaned = without_quotes(incident, gone)
        if cleaned == incident:
            continue
        document = adapter().dump_json(cleaned).decode()
        connection.execute(
            update(incidents).where(incidents.c.number == incident.number).values(document=document)
        )
        numbers.append(incident.number)
        messages += [incident.root] if incident.root is not None else []
    return tuple(numbers), tuple(messages)
