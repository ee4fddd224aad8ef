"""Looking a little back at every poll, and further back now and then, for what turns up late or far down."""

from __future__ import annotations

from datetime import datetime, timedelta

from monitor.collectors.targets import State
from monitor.collectors.times import parse_time


def deepened(
    state: State, now: datetime, every: timedelta, usual: timedelta, deep: timedelta
) -> tuple[State, timedelta]:
    """The state to walk on from and the overlap: `deep` once in `every`, else `usual`.

    A walk that broke off is finished first.
    """
    last = parse_time(state.get("deep_at"))
    if "walk" in state or (last is not None and now - last < every):
        return dict(state), usual
    return {**state, "deep_at": now.isoformat()}, deep
