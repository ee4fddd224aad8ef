"""The contract suite runs over every collector of the registry."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from monitor.clock import SimulatedClock
from monitor.collectors.registry import collector_types
from tests.monitor.collectors.contract import START, Adapter, Bench


def adapter_of(type_name: str) -> type[Adapter]:
    """The adapter in `adapters/<type>.py`."""
    module = import_module(f"tests.monitor.collectors.adapters.{type_name}")
    return next(
        found
        for found in vars(module).values()
        if isinstance(found, type) and issubclass(found, Adapter) and getattr(found, "type_name", "") == type_name
    )


@pytest.fixture(params=sorted(collector_types()))
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
    """Each collector with its fake; a case that cannot happen to it is skipped with the adapter's reason."""
    kind = adapter_of(request.param)
    case = request.function.__name__.removeprefix("test_")
    if case in kind.not_applicable:
        pytest.skip(f"{request.param}: {kind.not_applicable[case]}")
    return Bench(kind(SimulatedClock(START), tmp_path))
