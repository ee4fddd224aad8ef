"""A Facebook collector at work against its fake, for the tests of its parts."""

from __future__ import annotations

from pathlib import Path

from monitor.clock import SimulatedClock
from tests.fakes.facebook import FakeFacebook
from tests.monitor.collectors.adapters.facebook import FacebookAdapter
from tests.monitor.collectors.contract import START, Bench


def facebook_bench(folder: Path) -> Bench:
    """The contract suite's bench."""
    return Bench(FacebookAdapter(SimulatedClock(START), folder))


def platform(bench: Bench) -> FakeFacebook:
    """The fake page."""
    found = bench.adapter.platform
    assert isinstance(found, FakeFacebook)
    return found


def own_post(bench: Bench) -> str:
    """The number of a post of the page's own without words."""
    adapter = bench.adapter
    assert isinstance(adapter, FacebookAdapter)
    return adapter.own
