"""One source with several feeds, servers or tags: one that fails or must wait does not stop the others.

`read_targets` keeps each target's own state under its key in the cursor, backs off from a failing one by itself,
asks the one that was read longest ago first, and at the end says which fail.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from monitor.collectors.backoff import wait_after
from monitor.collectors.base import Batch, CollectContext, Cursor, SourceError
from monitor.mention import Refusal
from monitor.soundness import defect

State = dict[str, Any]
Read = Callable[[str, State], Iterator[Batch]]
"""Reads one target from its state; its batches' cursors are the target's new state."""

ReadThreads = Callable[[State, CollectContext], Iterator[Batch]]
"""Reads the watched threads that are due from the state of that target."""

THREADS, AGAIN = "threads", "again"
"""Targets beside a collector's lists: watched threads, and posts that are to be read again."""

_NEVER = datetime.min.replace(tzinfo=UTC)
_OWN = ("_read_at", "_wait_until", "_failures", "_error", "_remedy", "_permanent", "_pause")
_MOST_TOLD = 200


def read_targets(cursor: Cursor, targets: Iterable[str], context: CollectContext, read: Read) -> Iterator[Batch]:
    """All targets' batches with the whole cursor. Raises SourceError when some (`partial`) or all fail.

    Other keys of `cursor` are kept as they are.
    """
    old = cursor.get("targets")
    states: dict[str, State] = {key: _state_of(old, key) for key in dict.fromkeys(targets)}
    for key in sorted(states, key=lambda name: _time(states[name], "_read_at") or _NEVER):
        if context.stopping():
            break
        if (_time(states[key], "_wait_until") or _NEVER) > context.now:
            continue
        yield from _read_one(key, states, cursor, context.now, read)
    yield Batch(cursor={**cursor, "targets": states})
    _raise_for(states, context.now)


def read_lists(
    cursor: Cursor,
    lists: Iterable[str],
    context: CollectContext,
    read: Read,
    *,
    threads: ReadThreads | None = None,
    again: Callable[[CollectContext], Iterator[Batch]],
) -> Iterator[Batch]:
    """`read_targets` over `lists` and, where the poll has some, over watched threads and posts to read again.

    `threads` is None where the options leave threads out. Raises SourceError as `read_targets` does.
    """
    due = {THREADS: threads is not None and bool(context.watched), AGAIN: bool(context.recheck)}

    def read_any(key: str, state: State) -> Iterator[Batch]:
        if key == THREADS and threads is not None:
            return threads(state, context)
        return again(context) if key == AGAIN else read(key, state)

    return read_targets(cursor, [*lists, *(key for key, is_due in due.items() if is_due)], context, read_any)


def _read_one(key: str, states: dict[str, State], cursor: Cursor, now: datetime, read: Read) -> Iterator[Batch]:
    own = {name: value for name, value in states[key].items() if name in _OWN}
    told = _Told(states[key].pop("_told", None))
    plain = {name: value for name, value in states[key].items() if name not in _OWN}
    try:
        for batch in read(key, plain):
            batch = told.only_new(_with_unfit_told(batch, now))
            if batch.cursor is not None:
                plain = batch.cursor
                states[key] = {**plain, **own, **told.state(whole=False)}
            yield replace(batch, cursor={**cursor, "targets": dict(states)})
    except SourceError as exc:
        states[key] = {**plain, **_failed(own, exc, now), **told.state(whole=False)}
    else:
        states[key] = {**plain, "_read_at": now.isoformat(), **told.state(whole=True)}


def _with_unfit_told(batch: Batch, now: datetime) -> Batch:
    """The batch without mentions that no store takes (a date that no post can have), each as a report.

    The store refuses them, too; here the report is one that is made only once.
    """
    wrong = {place: why for place, mention in enumerate(batch.mentions) if (why := defect(mention, now))}
    if not wrong:
        return batch
    told = [
        Refusal(f"{mention.platform} {mention.global_id}"[:200], wrong[place])
        for place, mention in enumerate(batch.mentions)
        if place in wrong
    ]
    sound = tuple(mention for place, mention in enumerate(batch.mentions) if place not in wrong)
    return replace(batch, mentions=sound, refusals=(*batch.refusals, *told))


class _Told:
    """What was reported of a target: an item that stays wrong is told once, not at every poll that sees it."""

    def __init__(self, kept: object) -> None:
        self._before = [mark for mark in kept if isinstance(mark, str)] if isinstance(kept, list) else []
        self._now: dict[str, None] = {}

    def only_new(self, batch: Batch) -> Batch:
        """The batch without reports that the last poll made."""
        return replace(batch, refusals=tuple(filter(self._is_new, batch.refusals))) if batch.refusals else batch

    def _is_new(self, found: Refusal) -> bool:
        mark = sha256(f"{found.where}\n{found.why}".encode("utf-8", "replace")).hexdigest()[:12]
        self._now[mark] = None
        return mark not in self._before

    def state(self, *, whole: bool) -> State:
        """What to keep: this poll's reports, and the last one's until this one is `whole`."""
        kept = list(self._now) if whole else [*self._before, *self._now]
        return {"_told": kept[-_MOST_TOLD:]} if kept else {}


def _state_of(old: object, key: str) -> State:
    state = old.get(key) if isinstance(old, dict) else None
    return dict(state) if isinstance(state, dict) else {}


def _failed(own: State, exc: SourceError, now: datetime) -> State:
    failures = 0 if exc.pause else int(own.get("_failures") or 0) + 1
    wait = exc.retry_after or wait_after(failures)
    return {
        "_read_at": own.get("_read_at"),
        "_failures": failures,
        "_wait_until": (now + wait).isoformat(),
        "_error": str(exc),
        "_remedy": exc.remedy,
        "_permanent": exc.permanent,
        "_pause": exc.pause,
    }


def _time(state: State, name: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(state[name])
    except (KeyError, TypeError, ValueError):
        return None
    return at if at.tzinfo else None


def _raise_for(states: dict[str, State], now: datetime) -> None:
    held = [state for state in states.values() if "_error" in state]
    failing = [state for state in held if not state.get("_pause")]
    if not held or (not failing and len(held) < len(states)):
        return
    told = failing or held
    first = told[0]
    ends = [at for at in (_time(state, "_wait_until") for state in held) if at is not None]
    waits = [at - now for at in ends]
    text = str(first["_error"])
    raise SourceError(
        text if len(states) == 1 else f"{len(told)} of {len(states)} cannot be read: {text}",
        remedy=str(first.get("_remedy") or ""),
        permanent=len(held) == len(states) and all(state.get("_permanent") for state in held),
        retry_after=max(min(waits, default=timedelta(0)), timedelta(seconds=1)),
        partial=len(held) < len(states),
        pause=not failing,
    )
