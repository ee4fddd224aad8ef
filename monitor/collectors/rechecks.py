"""Which posts to read again now, for platforms where every call counts: each at most once in twelve hours.

`context.recheck` names a post for as long as it is of an age; the cursor remembers when it was read again last.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from monitor.collectors.base import CollectContext

_PAUSE = timedelta(hours=12)  # posts are read again after 1, 24 and 48 hours


def due_rechecks(context: CollectContext, read_at: Mapping[str, object], prefix: str) -> list[str]:
    """The global ids that begin with `prefix` and are due. `read_at` maps ids to ISO times, as in the cursor."""
    ours = [global_id for global_id in context.recheck if global_id.startswith(prefix)]
    return [global_id for global_id in ours if _is_due(read_at.get(global_id), context.now)]


def recheck_times(
    context: CollectContext, read_at: Mapping[str, object], read: Iterable[str]
) -> dict[str, object]:
    """`read_at` after the ids in `read` were read again; what is no longer asked for is forgotten in time."""
    kept = {global_id: at for global_id, at in read_at.items() if not _is_due(at, context.now)}
    return {**kept, **dict.fromkeys(read, context.now.isoformat())}


def recheck_state(state: Mapping[str, object]) -> dict[str, object]:
    """The `read_at` of a cursor, whatever is there."""
    kept = state.get("read_at")
    return dict(kept) if isinstance(kept, dict) else {}


def _is_due(value: object, now: datetime) -> bool:
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        at = None
    return at is None or at.tzinfo is None or now - at >= _PAUSE
