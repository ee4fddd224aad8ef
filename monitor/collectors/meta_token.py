"""Tells in time that a token is about to end, instead of falling silent when it does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from monitor.collectors.base import Batch, SourceError
from monitor.collectors.meta_api import Graph
from monitor.collectors.targets import State
from monitor.collectors.times import parse_time

ASKED_EVERY = timedelta(days=1)
TOLD_BEFORE = timedelta(days=7)


def watch_token(graph: Graph, state: State, now: datetime) -> Iterator[Batch]:
    """A target of `read_targets`: asks once a day when the token ends; fails as a part while that is near.

    Raises SourceError when it ends within `TOLD_BEFORE`.
    """
    asked = parse_time(state.get("asked_at"))
    if asked is None or now - asked >= ASKED_EVERY:
        ends = graph.token_ends()
        state = {"asked_at": now.isoformat(), "ends": ends.isoformat() if ends is not None else None}
        yield Batch(cursor=state)
    ends = parse_time(state.get("ends"))
    if ends is not None and ends - now <= TOLD_BEFORE:
        raise SourceError(
            f"The token {'ended' if ends <= now else 'ends'} on {ends:%Y-%m-%d %H:%M} UTC.",
            remedy="Make a new long-lived token and set it in the config or the environment.",
            retry_after=timedelta(hours=1),
            partial=True,
        )
