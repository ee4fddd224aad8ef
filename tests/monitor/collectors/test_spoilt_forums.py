"""The forums', desks' and servers' answers with one value replaced by junk, as `test_spoilt_answers.py` has it."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from monitor.clock import SimulatedClock
from tests.fakes.platform_server import ALWAYS
from tests.monitor.collectors.conftest import adapter_of
from tests.monitor.collectors.contract import SECRET, START, Bench
from tests.monitor.collectors.test_spoilt_answers import spoil

ROUNDS = 12
ASKED_AGAIN = ("mastodon", "stackexchange", "lemmy", "discourse", "hackernews", "kundo", "freshdesk")
"""Their overlap shows an item once more; what the others send is confirmed by asking on."""


@pytest.mark.parametrize("type_name", [*ASKED_AGAIN, "zendesk", "telegram"])
def test_one_wrong_value_is_borne(type_name: str, tmp_path: Path) -> None:
    """Over many spoilt answers to every kind of call; what was refused is there after the next sound answer."""
    for seed in range(ROUNDS):
        bench = Bench(adapter_of(type_name)(SimulatedClock(START), tmp_path))
        ids = bench.post_many(4)
        bench.adapter.platform.fail(_spoiling(Random(seed)), times=ALWAYS)
        bench.recheck = tuple(ids)
        for _ in range(2):
            error = bench.poll().health.error
            assert "unexpected" not in error, f"{seed}: {error}"
            assert SECRET not in error
        bench.adapter.platform.recover()
        bench.clock.advance(timedelta(hours=1))
        bench.recheck = ()
        bench.poll_until_quiet()
        lost = set(ids) - {global_id for _, global_id in bench.sink.mentions}
        assert type_name not in ASKED_AGAIN or not lost, f"{seed}: lost {lost}"


def _spoiling(rng: Random) -> Any:
    def spoilt(request: httpx.Request, answer: Any, clock: object) -> httpx.Response:
        sound = answer(request)
        if sound.status_code == 101 or rng.random() < 0.3:  # streams, and some calls, are answered rightly
            return sound  # type: ignore[no-any-return]
        return httpx.Response(sound.status_code, text=json.dumps(spoil(sound.json(), rng)))

    return spoilt


@pytest.mark.parametrize("type_name", [*ASKED_AGAIN, "zendesk", "telegram"])
@pytest.mark.parametrize("junk", ["text", 7, None, []])
def test_what_is_no_object_is_told_and_its_neighbours_are_taken(
    type_name: str, junk: object, tmp_path: Path
) -> None:
    """In the place of a post; a report, not silence."""
    bench = Bench(adapter_of(type_name)(SimulatedClock(START), tmp_path))
    bench.adapter.platform.raw_extra = [junk]  # type: ignore[attr-defined]  # these fakes have it
    bench.post_many(2)
    assert not bench.poll_until_quiet().failed
    assert bench.sink.refusals
    bench.assert_all_there()
