"""The front of the first floor: its names, and what importing them costs."""

from __future__ import annotations

import subprocess
import sys

import pytest

import alerts

HEAVY = ("pandas", "ruptures", "matplotlib", "slack_sdk", "apprise", "sqlalchemy", "fastapi", "holidays")


def test_every_exported_name_is_there() -> None:
    assert alerts.__all__ == sorted(dir(alerts))
    for name in alerts.__all__:
        assert getattr(alerts, name).__name__ == name


def test_no_exported_name_hides_a_module() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        alerts.nothing  # noqa: B018  # the access is what is tested
    assert not {"decide", "who", "mandate", "outbox"}.intersection(alerts.__all__)


@pytest.mark.parametrize("module", ["alerts.decide", "alerts.who", "alerts.outbox", "alerts.watching"])
def test_deciding_imports_nothing_heavy_and_nothing_from_above(module: str) -> None:
    code = (
        f"import sys, {module}; print(' '.join(m for m in sys.modules if '.' not in m or m.startswith('monitor')))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not set(HEAVY).intersection(loaded)
    assert not [name for name in loaded if name.startswith("monitor")]
