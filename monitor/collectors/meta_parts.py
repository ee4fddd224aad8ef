"""The parts of one account (its lists, its comments, its token), read one after the other with one token.

What one part is not permitted must not stop the others, and must not look like a failure of the whole: it is told
as a failure in part, and tried again every hour. What concerns the token, the limit or the line stops all at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from monitor.collectors.base import Batch, CollectContext, SourceError
from monitor.collectors.meta_api import Graph, GraphError
from monitor.collectors.targets import State
from monitor.collectors.times import parse_time

Read = Callable[[State], Iterator[Batch]]
"""Reads one part from its state; its batches' cursors are the part's new state."""

TRIED_AGAIN = timedelta(hours=1)
TOKEN_ASKED_EVERY = timedelta(days=1)
TOKEN_TOLD_BEFORE = timedelta(days=7)
_DENIED = ("denied", "remedy", "denied_at")


@dataclass
class Warnings:
    """What is wrong in part, to be raised when all that can be read has been."""

    found: list[SourceError] = field(default_factory=list)

    def add(self, sentence: str, remedy: str) -> None:
        """One more."""
        self.found.append(SourceError(sentence, remedy=remedy, partial=True))

    def raise_first(self) -> None:
        """Raises SourceError (`partial`) if there is any."""
        if self.found:
            raise self.found[0]


@dataclass
class Poll:
    """One poll: what it may know, whether all lists are due (`eager`), and what is wrong in part."""

    context: CollectContext
    eager: bool
    warnings: Warnings = field(default_factory=Warnings)

    def is_due(self, state: State, every: timedelta, *, at_most: bool = False) -> bool:
        """Whether a part last read `at` its state is to be read again; `at_most` so often, eager or not."""
        last = parse_time(state.get("at"))
        passed = last is None or not timedelta(0) <= self.context.now - last < every
        return passed or (self.eager and not at_most)


def read_parts(state: State, parts: Mapping[str, Read], needed: str, poll: Poll) -> Iterator[Batch]:
    """Every part's batches with the whole state as cursor. Raises SourceError, also when `needed` is denied."""
    context, warnings = poll.context, poll.warnings
    problem: SourceError | None = None
    for name, read in parts.items():
        if context.stopping():
            return
        own = _own(state, name)
        if _is_denied(own, context.now):
            warnings.add(str(own["denied"]), str(own["remedy"]))
            continue
        own = {key: value for key, value in own.items() if key not in _DENIED}
        try:
            for batch in read(own):
                own = own if batch.cursor is None else batch.cursor
                state = {**state, name: own}
                yield replace(batch, cursor=state)
        except GraphError as exc:
            if exc.concerns_all:
                raise
            if exc.is_trouble or name == needed:
                problem = problem or exc
                continue
            warnings.add(str(exc), exc.remedy)
            denied = {"denied": str(exc), "remedy": exc.remedy, "denied_at": context.now.isoformat()}
            state = {**state, name: {**own, **denied}}
            yield Batch(cursor=state)
    if problem is not None:
        raise problem


def watch_token(graph: Graph, poll: Poll, state: State) -> Iterator[Batch]:
    """A part that tells in time that the token is about to end, instead of falling silent when it does."""
    now = poll.context.now
    asked = parse_time(state.get("asked_at"))
    if asked is None or not timedelta(0) <= now - asked < TOKEN_ASKED_EVERY:
        ends = graph.token_ends()
        state = {"asked_at": now.isoformat(), "ends": ends.isoformat() if ends is not None else None}
        yield Batch(cursor=state)
    ends = parse_time(state.get("ends"))
    if ends is not None and ends - now <= TOKEN_TOLD_BEFORE:
        poll.warnings.add(
            f"The token {'ended' if ends <= now else 'ends'} on {ends:%Y-%m-%d %H:%M} UTC.",
            "Make a new long-lived token and set it in the config or the environment.",
        )


def _own(state: State, name: str) -> State:
    own = state.get(name)
    return dict(own) if isinstance(own, dict) else {}


def _is_denied(own: State, now: datetime) -> bool:
    at = parse_time(own.get("denied_at"))
    return bool(own.get("denied")) and at is not None and timedelta(0) <= now - at < TRIED_AGAIN
