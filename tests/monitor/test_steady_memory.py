"""What is large is given back to the machine when it is freed."""

from __future__ import annotations

import subprocess
import sys

import pytest

CHILD = """
import numpy as np
from monitor.steady_memory import give_back_large_blocks

def resident():
    return int(open('/proc/self/statm').read().split()[1]) * 4096

assert give_back_large_blocks()
for size in (1, 2, 4, 8):  # without it, each freed block teaches glibc to keep the next
    np.ones(size * 2**17)
before = resident()
large = [np.ones(2**17) for _ in range(30)]
above = np.ones(2**10)
assert resident() - before > 25 * 2**20
del large
assert resident() - before < 2**20, resident() - before
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="of glibc only")
def test_large_blocks_go_back_whatever_stands_above_them() -> None:
    subprocess.run([sys.executable, "-c", CHILD], check=True, timeout=60)


def test_elsewhere_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    from monitor.steady_memory import give_back_large_blocks

    monkeypatch.setattr(sys, "platform", "darwin")
    assert give_back_large_blocks() is False
