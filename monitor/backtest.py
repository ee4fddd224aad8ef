"""`backtest`: what another config would have done with what was collected, beside the one in force.

Both configs run through `replay` on the same stored mentions, after learning what came before them. Texts that
retention has taken are judged as empty: look no further back than texts are kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from monitor.clock import SystemClock
from monitor.config import Config
from monitor.config_loader import load_config
from monitor.durations import parse_duration
from monitor.mention import Mention
from monitor.opening import opened
from monitor.output import FINE, WRONG_USE, Output, amount, fail
from monitor.replay import replay, summary

LEVELS = ("watch", "warning", "crisis")
LEARNT = timedelta(days=28)
"""How much of what came before is learnt: four of every weekday, as much as the texts are kept anyway."""


def backtest_configs(new: Path, current: Path, since: str, output: Output) -> int:
    """The command `backtest`. Nothing is sent, and the store is only read."""
    tried, in_force, clock = load_config(new).config, load_config(current).config, SystemClock()
    try:
        begins = clock.now() - parse_duration(since)
    except ValueError as error:
        fail(f"--since: {error}", WRONG_USE)
    with opened(in_force, clock) as store:
        mentions = list(store.history(begins))
        before = list(store.history(begins - LEARNT, begins))
    answers = {
        name: outcome(config, mentions, before) for name, config in (("in force", in_force), ("tried", tried))
    }
    output.answer({"mentions": len(mentions), **answers}, "\n".join(_lines(len(mentions), answers)))
    return FINE


def outcome(config: Config, mentions: Sequence[Mention], before: Sequence[Mention] = ()) -> dict[str, Any]:
    """The incidents of one config and how many of them reached each level; what was `before` is only learnt."""
    replayed = replay(config, mentions, history=before)
    try:
        incidents = summary(replayed)["incidents"]
    finally:
        replayed.close()
    reached = {level: sum(i["peak_level"] == level for i in incidents) for level in LEVELS}
    return {
        "reached": reached,
        "notifications": sum(i["notifications"] for i in incidents),
        "incidents": incidents,
    }


def _lines(mentions: int, answers: dict[str, dict[str, Any]]) -> Iterator[str]:
    yield f"{amount(mentions, 'stored mention')} under both configs."
    yield f"{'':10} {'watch':>7} {'warning':>8} {'crisis':>7} {'messages':>9}"
    for name, answer in answers.items():
        reached = answer["reached"]
        figures = f"{reached['watch']:7} {reached['warning']:8} {reached['crisis']:7} {answer['notifications']:9}"
        yield f"{name:10} {figures}"
    for name, answer in answers.items():
        yield ""
        yield f"{name}:{'' if answer['incidents'] else ' no incident'}"
        for incident in answer["incidents"]:
            yield f"  {incident['opened_at']}  {incident['peak_level']:8} {incident['brand']}: {incident['why']}"
