"""Reading mentions: as detectors' rows, by window, by id, or as what is new since an id."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, case, func, or_, select

from detectors.frame import MentionRow
from monitor.collectors.base import WatchedThread
from monitor.mention import Mention, MentionKind
from monitor.store.database import chunks, upsert
from monitor.store.records import KnownPost
from monitor.store.sequences import last_number
from monitor.store.subject import Subject
from monitor.store.tables import facts, links, mentions

HOT_COMMENTS = 5
"""A thread with this many comments in its last hour is read at every poll."""

RECHECK_AFTER = (timedelta(hours=1), timedelta(hours=24), timedelta(hours=48))
"""When a post is read again for edits and removals, after it was first seen."""

_ROW = select(
    mentions.c.id,
    mentions.c.event_time,
    mentions.c.first_seen_at,
    mentions.c.source,
    mentions.c.kind,
    mentions.c.author,
    mentions.c.label,
    mentions.c.p_negative,
    mentions.c.hostile,
    mentions.c.question,
    links.c.own,
    links.c.themes,
    func.coalesce(mentions.c.thread_id, mentions.c.global_id).label("thread"),
    mentions.c.thread_id.is_(None).label("is_root"),
    mentions.c.text,
    mentions.c.url,
    mentions.c.language,
    mentions.c.followers,
    mentions.c.likes,
    mentions.c.replies,
    mentions.c.shares,
    mentions.c.backfill,
).join_from(links, mentions, links.c.mention_id == mentions.c.id)

_TELLING = or_(mentions.c.text != "", mentions.c.told_language.is_not(None), mentions.c.removed_at.is_not(None))
"""Posts whose language is more than the scorer's default for a picture without words."""

_KNOWN = (
    select(mentions.c.global_id, case((_TELLING, mentions.c.language)), links.c.brand)
    .join_from(mentions, links, links.c.mention_id == mentions.c.id)
    .order_by(links.c.brand)
)


@dataclass(frozen=True, slots=True)
class Recheck:
    """Posts of a source that are due to be read again, and the marks to be saved once that is done."""

    global_ids: tuple[str, ...] = ()
    marks: Mapping[str, tuple[datetime, int]] | None = None


class Mentions(Subject):
    """Reading mentions."""

    def rows(self, brand: str, since: datetime, until: datetime) -> list[MentionRow]:
        """Mentions of a brand with `since <= event_time < until`, oldest first."""
        query = _ROW.where(links.c.brand == brand, links.c.event_time >= since, links.c.event_time < until)
        return self._rows(query.order_by(links.c.event_time, mentions.c.id))

    def rows_after(self, brand: str, mention_id: int, *, limit: int | None = None) -> list[MentionRow]:
        """Mentions of a brand taken after `mention_id`, in the order in which they were taken.

        Ids are given out in commit order, so nothing appears later below an id that was seen.
        """
        # `|| ''` keeps SQLite off the (brand, event_time) index, where it would read all of the brand's history.
        query = _ROW.where(links.c.mention_id > mention_id, links.c.brand.concat("") == brand)
        return self._rows(query.order_by(links.c.mention_id).limit(limit))

    def rows_by_id(self, ids: Iterable[int], brand: str | None = None) -> list[MentionRow]:
        """The mentions with these ids, in id order, as `brand` sees them (None: the alphabetically first)."""
        found: dict[int, MentionRow] = {}
        wanted = sorted(set(ids))
        for start in range(0, len(wanted), 500):
            query = _ROW.where(links.c.mention_id.in_(wanted[start : start + 500]))
            if brand is not None:
                query = query.where(links.c.brand == brand)
            for row in self._rows(query.order_by(links.c.mention_id, links.c.brand)):
                found.setdefault(row.mention_id, row)
        return list(found.values())

    def history(self, since: datetime, until: datetime | None = None) -> Iterator[Mention]:
        """Other people's posts from `since` on (and before `until`), as if they came in again.

        The brands are filled, the author is a hash.
        Removed and own posts are left out. For trying another config on what was collected.
        """
        query = (
            select(mentions, links.c.brand)
            .join_from(links, mentions, links.c.mention_id == mentions.c.id)
            .where(links.c.event_time >= since, ~links.c.own, mentions.c.removed_at.is_(None))
            .order_by(mentions.c.first_seen_at, mentions.c.id)
        )
        if until is not None:
            query = query.where(links.c.event_time < until)
        with self._db.reading() as connection:
            rows = connection.execute(query).all()
        for row in rows:
            yield Mention(
                platform=row.platform,
                global_id=row.global_id,
                source=row.source,
                text=row.text,
                created_at=row.created_at,
                first_seen_at=row.first_seen_at,
                kind=MentionKind(row.kind),
                url=row.url,
                author=row.author,
                followers=row.followers,
                parent_id=row.parent_id,
                thread_id=row.thread_id,
                language=row.language,
                brands=(row.brand,),
            )

    def last_mention_id(self) -> int:
        """The newest id given out; 0 in an empty store. Where `rows_after` begins."""
        with self._db.reading() as connection:
            return last_number(connection, "mention")

    def mention(self, platform: str, global_id: str) -> dict[str, Any] | None:
        """All columns of one stored mention, and `brands`; None when it is not known."""
        with self._db.reading() as connection:
            query = select(mentions).where(mentions.c.platform == platform, mentions.c.global_id == global_id)
            row = connection.execute(query).mappings().first()
            if row is None:
                return None
            of = select(links.c.brand).where(links.c.mention_id == row["id"]).order_by(links.c.brand)
            return {**row, "brands": tuple(connection.scalars(of))}

    def global_id(self, mention_id: int) -> str | None:
        """The platform's id of a stored mention; None when it is not there (any more)."""
        with self._db.reading() as connection:
            return connection.scalar(select(mentions.c.global_id).where(mentions.c.id == mention_id))

    def count_mentions(self, brand: str | None = None) -> int:
        """How many mentions are stored, of one brand or of all."""
        counted = (
            select(func.count()).select_from(mentions)
            if brand is None
            else select(func.count()).select_from(links).where(links.c.brand == brand)
        )
        with self._db.reading() as connection:
            return int(connection.scalar(counted) or 0)

    def span(self, brand: str) -> tuple[datetime, datetime] | None:
        """Event times of a brand's oldest and newest mention; None without any."""
        query = select(func.min(links.c.event_time), func.max(links.c.event_time)).where(links.c.brand == brand)
        with self._db.reading() as connection:
            first, last = connection.execute(query).one()
        return None if first is None else (first, last)

    def brands(self) -> tuple[str, ...]:
        """Every brand that has a mention, by name."""
        with self._db.reading() as connection:
            return tuple(connection.scalars(select(links.c.brand).distinct().order_by(links.c.brand)))

    def known_posts(self, platform: str, ids: Iterable[str]) -> dict[str, KnownPost]:
        """For those of `ids` (parents or roots) that are known: the brands they concern and their language."""
        brands: dict[str, tuple[str, ...]] = {}
        languages: dict[str, str | None] = {}
        with self._db.reading() as connection:
            for part in chunks(sorted(set(ids))):
                query = _KNOWN.where(mentions.c.platform == platform, mentions.c.global_id.in_(part))
                for global_id, language, brand in connection.execute(query):
                    brands[global_id] = (*brands.get(global_id, ()), brand)
                    languages[global_id] = language
        return {global_id: KnownPost(of, languages[global_id]) for global_id, of in brands.items()}

    def watched_threads(
        self,
        now: datetime,
        *,
        source: str | None = None,
        platform: str | None = None,
        within: timedelta = timedelta(hours=48),
        limit: int = 200,
    ) -> tuple[WatchedThread, ...]:
        """Threads that concern a brand and had a root or comment within `within`, liveliest first."""
        query = select(mentions).where(mentions.c.active_at >= now - within, mentions.c.removed_at.is_(None))
        if source is not None:
            query = query.where(mentions.c.source == source)
        if platform is not None:
            query = query.where(mentions.c.platform == platform)
        with self._db.reading() as connection:
            rows = connection.execute(query.order_by(mentions.c.active_at.desc()).limit(limit)).all()
            hot = self._comments_since([row.global_id for row in rows if row.comments], now - timedelta(hours=1))
        watched = [
            WatchedThread(
                row.platform,
                row.global_id,
                row.url,
                row.comments,
                row.last_comment_at,
                hot.get(row.global_id, 0) >= HOT_COMMENTS,
            )
            for row in rows
        ]
        return tuple(sorted(watched, key=lambda thread: not thread.hot))

    def recheck(self, source: str, now: datetime, *, limit: int = 200) -> Recheck:
        """Posts of `source` that are 1, 24 or 48 hours old (by first sight) and not yet read again at that age."""
        due: dict[str, None] = {}
        marks: dict[str, tuple[datetime, int]] = {}
        with self._db.reading() as connection:
            for age in RECHECK_AFTER:
                left = limit - len(due)
                if left <= 0:
                    break
                key = f"recheck/{source}/{age // timedelta(hours=1)}"
                told = connection.execute(select(facts.c.at, facts.c.value).where(facts.c.key == key)).first()
                # What could not be read for so long is let go. A batch's posts share one time, so their ids count.
                after, last = (told.at, int(told.value or 0)) if told else (now - 2 * age, 0)
                after = max(after, now - 2 * age)
                seen = mentions.c.first_seen_at
                query = select(mentions.c.global_id, seen, mentions.c.id).where(
                    mentions.c.source == source,
                    seen >= after,
                    (seen > after) | (mentions.c.id > last),
                    seen <= now - age,
                    mentions.c.removed_at.is_(None),
                    ~mentions.c.backfill,
                )
                rows = connection.execute(query.order_by(seen, mentions.c.id).limit(left)).all()
                due.update((row.global_id, None) for row in rows)
                marks[key] = (
                    (rows[-1].first_seen_at, rows[-1].id) if len(rows) == left else (now - age, sys.maxsize)
                )
        return Recheck(tuple(due), marks)

    def rechecked(self, done: Recheck) -> None:
        """Remember that the posts of `done` were read again."""
        rows = [{"key": key, "value": str(last), "at": at} for key, (at, last) in (done.marks or {}).items()]
        with self._db.writing() as connection:
            upsert(connection, facts, rows)

    def places(self, ids: Iterable[int]) -> dict[str, tuple[str, ...]]:
        """Where mentions can be read again: their global ids by source, without those that are gone."""
        found: dict[str, tuple[str, ...]] = {}
        query = select(mentions.c.source, mentions.c.global_id).where(
            mentions.c.id.in_(sorted(set(ids))), mentions.c.removed_at.is_(None)
        )
        with self._db.reading() as connection:
            for source, global_id in connection.execute(query.order_by(mentions.c.id)):
                found[source] = (*found.get(source, ()), global_id)
        return found

    def brands_of(self, ids: Iterable[int]) -> tuple[str, ...]:
        """The brands that any of the mentions concerns, by name."""
        wanted = sorted(set(ids))
        found: set[str] = set()
        with self._db.reading() as connection:
            for start in range(0, len(wanted), 500):
                of = links.c.mention_id.in_(wanted[start : start + 500])
                found.update(connection.scalars(select(links.c.brand).where(of).distinct()))
        return tuple(sorted(found))

    def _comments_since(self, roots: Sequence[str], since: datetime) -> dict[str, int]:
        if not roots:
            return {}
        query = (
            select(mentions.c.thread_id, func.count())
            .where(mentions.c.thread_id.in_(roots), mentions.c.event_time >= since)
            .group_by(mentions.c.thread_id)
        )
        with self._db.reading() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def _rows(self, query: Select[Any]) -> list[MentionRow]:
        with self._db.reading() as connection:
            return [MentionRow(*row) for row in connection.execute(query)]
