"""What is asked at every tick must not read history: the plans use an index on what is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from monitor.store import Store, open_store
from tests.monitor.store.making import BRAND, NOW, made, save

HOUR = timedelta(hours=1)

QUESTIONS: dict[str, tuple[Callable[[Store], Any], str]] = {
    "new mentions": (lambda s: s.rows_after(BRAND, 5), "mention_id>?"),
    "mentions of a window": (lambda s: s.rows(BRAND, NOW - HOUR, NOW), "brand=? AND event_time>?"),
    "counters of a window": (lambda s: s.counters(BRAND, NOW - HOUR, NOW), "brand=? AND bucket>?"),
    "people of hours": (lambda s: s.people_hours(BRAND, NOW - HOUR, NOW), "brand=? AND hour>?"),
    "due notifications": (lambda s: s.due_notifications(NOW), "state=?"),
    "due obligations": (lambda s: s.due_obligations(NOW), "due_at<?"),
    "open incidents": (lambda s: s.open_incidents(), "SCAN incidents"),  # hundreds, and asked by what is not
    "threads to follow": (lambda s: s.watched_threads(NOW, source="tags"), "source=? AND active_at>?"),
    "posts to read again": (lambda s: s.recheck("tags", NOW), "source=? AND first_seen_at>?"),
    "known posts": (lambda s: s.known_posts("mastodon", ["1"]), "platform=? AND global_id=?"),
}


@contextmanager
def plans(store: Store) -> Iterator[list[str]]:
    """Collects SQLite's plan of every SELECT that is run."""
    found: list[str] = []

    def explain(_connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith("SELECT"):
            rows = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
            found.append(" | ".join(row[3] for row in rows))

    event.listen(store._db.engine, "before_cursor_execute", explain)
    yield found
    event.remove(store._db.engine, "before_cursor_execute", explain)


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_tick_reads_only_what_is_new_or_due(name: str) -> None:
    """Flat cost, whatever is stored: every table of a question is searched, by the columns that bound it."""
    ask, bounded_by = QUESTIONS[name]
    with closing(open_store("sqlite://", secret=b"k")) as store:
        store.migrate(NOW)
        save(store, *(made(str(n)) for n in range(20)))
        with plans(store) as found:
            ask(store)
    assert any(bounded_by in plan for plan in found), found
    if "SCAN" not in bounded_by:
        assert not any("SCAN mention" in plan or "SCAN sums" in plan for plan in found), found


def test_taking_mentions_in_reads_only_what_they_touch() -> None:
    """A new post, a comment, a root that comes late: nothing goes through all posts of a platform or source."""
    with closing(open_store("sqlite://", secret=b"k")) as store:
        store.migrate(NOW)
        save(store, *(made(str(n)) for n in range(20)))
        with plans(store) as found:
            save(store, made("post"), made("comment", parent_id="late"))
            save(store, made("late", parent_id="root"), made("root"))
            save(store, made("comment", parent_id="late"))
    touching = [plan for plan in found if "mentions" in plan]
    assert touching
    bounds = ("platform=? AND global_id=?", "thread_id=?", "rowid=?", "mention_id=?", "mention_id>?")
    assert [plan for plan in touching if not any(bound in plan for bound in bounds)] == []
