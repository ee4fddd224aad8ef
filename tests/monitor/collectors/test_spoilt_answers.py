"""Answers in which one value anywhere is replaced by junk: an item refused, or a sentence, nothing unexpected."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest

from monitor.clock import SimulatedClock
from tests.fakes.platform_server import ALWAYS
from tests.monitor.collectors.conftest import adapter_of
from tests.monitor.collectors.contract import SECRET, START, Bench

JUNK: tuple[Any, ...] = (None, True, 7, -1, 1e300, "", "x", "\0", [], {}, [None], [[]], {"x": None}, "9" * 400)
TYPES = ("youtube", "x", "trustpilot", "reddit", "google_play")
ROUNDS = 30


def spoil(value: Any, rng: Random) -> Any:
    """`value` with one part of it, anywhere, replaced by junk or left out."""
    if isinstance(value, dict) and value and rng.random() < 0.93:
        key = rng.choice(list(value))
        if rng.random() < 0.1:
            return {name: inner for name, inner in value.items() if name != key}
        return {**value, key: spoil(value[key], rng)}
    if isinstance(value, list) and value and rng.random() < 0.93:
        at = rng.randrange(len(value))
        return [*value[:at], spoil(value[at], rng), *value[at + 1 :]]
    return rng.choice(JUNK)


@pytest.mark.parametrize("type_name", TYPES)
def test_one_wrong_value_is_borne(type_name: str) -> None:
    """Over many spoilt answers to every kind of call, and the next sound answer finds everything."""
    for seed in range(ROUNDS):
        rng = Random(seed)

        def spoilt(request: httpx.Request, answer: Any, clock: object, rng: Random = rng) -> httpx.Response:
            sound = answer(request)
            if "token" in request.url.path or rng.random() < 0.3:  # logins and some calls are answered rightly
                return sound  # type: ignore[no-any-return]
            return httpx.Response(sound.status_code, text=json.dumps(spoil(sound.json(), rng)))

        with TemporaryDirectory() as folder:
            bench = Bench(adapter_of(type_name)(SimulatedClock(START), Path(folder)))
            ids = bench.post_many(4)
            bench.adapter.platform.fail(spoilt, times=ALWAYS)
            bench.recheck = tuple(ids)
            for _ in range(2):
                error = bench.poll().health.error
                assert "unexpected" not in error, f"{seed}: {error}"
                assert SECRET not in error
            bench.adapter.platform.recover()
            bench.clock.advance(timedelta(hours=1))
            bench.recheck = ()
            bench.poll_until_quiet()
            found = {global_id for _, global_id in bench.sink.mentions}
            assert found >= set(ids), f"{seed}: lost {set(ids) - found}"
