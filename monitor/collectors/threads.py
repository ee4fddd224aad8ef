"""Which watched threads to read now: hot ones at every poll, the others the less often the quieter they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from monitor.collectors.base import Batch, CollectContext, WatchedThread

_QUIET_SHARE = 10  # a thread that has been quiet for an hour is read every six minutes
_LONGEST = timedelta(hours=2)


def due_threads(
    context: CollectContext, platform: str, read_at: Mapping[str, object], every: timedelta
) -> list[WatchedThread]:
    """The platform's watched threads that are due, hot ones first, then those read longest ago.

    `read_at` maps a root's id to the ISO time of its last reading, as the collector keeps it in its cursor.
    """
    ours = [thread for thread in context.watched if thread.platform == platform]
    dated = [(thread, _time(read_at.get(thread.root_id))) for thread in ours]
    due = [
        (thread, at)
        for thread, at in dated
        if at is None or context.now - at >= _pause(thread, context.now, every)
    ]
    due.sort(key=lambda pair: (not pair[0].hot, pair[1].timestamp() if pair[1] else 0.0))
    return [thread for thread, _ in due]


def read_due_threads(
    state: Mapping[str, object],
    context: CollectContext,
    platform: str,
    every: timedelta,
    most: int,
    read: Callable[[WatchedThread], Batch],
) -> Iterator[Batch]:
    """Read the due threads one by one, at most `most`; each batch tells the cursor. Raises what `read` does."""
    read_at = times_of(state)
    for thread in due_threads(context, platform, read_at, every)[:most]:
        if context.stopping():
            return
        batch = read(thread)
        read_at = read_times(context, platform, read_at, thread.root_id)
        yield replace(batch, cursor={"read_at": read_at})


def times_of(state: Mapping[str, object]) -> dict[str, object]:
    """When each thread was last read, as `read_times` left it under `read_at` in a cursor."""
    kept = state.get("read_at")
    return dict(kept) if isinstance(kept, dict) else {}


def read_times(
    context: CollectContext, platform: str, read_at: Mapping[str, object], read: str
) -> dict[str, object]:
    """`read_at` after the thread `read` has been read; threads that are no longer watched are forgotten."""
    watched = {thread.root_id for thread in context.watched if thread.platform == platform}
    kept = {root: at for root, at in read_at.items() if root in watched}
    return {**kept, read: context.now.isoformat()}


def _pause(thread: WatchedThread, now: datetime, every: timedelta) -> timedelta:
    if thread.hot or thread.last_comment_at is None:
        return timedelta(0)
    quiet = (now - thread.last_comment_at) / _QUIET_SHARE
    return min(quiet, _LONGEST) if quiet > every else timedelta(0)


def _time(value: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return at if at and at.tzinfo else None
