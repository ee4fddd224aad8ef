"""Which of a brand's sources are not heard now, so that no message takes their silence for calm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from monitor.collectors.base import SourceOptions
from monitor.config import Config
from monitor.coverage import GRACE
from monitor.store.state import SourceState
from monitor.store.store import Store


@dataclass(frozen=True, slots=True)
class Hearing:
    """How a brand is heard: the share of its sources that are, and the names of those that are not."""

    share: float = 1.0
    silent: tuple[str, ...] = ()


def hearing(store: Store, config: Config, now: datetime) -> dict[str, Hearing]:
    """How each brand of the config is heard at `now`. A source that was never asked yet counts as heard."""
    states = store.source_states()
    silent = {source.name for source in config.sources if not is_heard(source, states.get(source.name), now)}
    found = {}
    for brand in config.brands:
        own = [source.name for source in config.sources if source.brand in (None, brand.name)]
        deaf = tuple(name for name in own if name in silent)
        found[brand.name] = Hearing(1 - len(deaf) / len(own) if own else 1.0, deaf)
    return found


def is_heard(source: SourceOptions, state: SourceState | None, now: datetime) -> bool:
    """Does a source work, and was it asked in time (see `monitor.coverage`)?"""
    if state is None:
        return True
    overdue = state.next_due_at is not None and now - state.next_due_at > GRACE * source.every
    return state.failing_since is None and not overdue


def too_little_heard(heard: Mapping[str, Hearing], at_least: float) -> frozenset[str]:
    """The brands of which less than this share is heard: that it is calm is not said of them."""
    return frozenset(brand for brand, how in heard.items() if how.share < at_least)
