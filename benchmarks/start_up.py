"""CPU time of what people and scripts start again and again, beside a bare Python.

    .venv/bin/python -m benchmarks.start_up [--times 7]

The least of several runs counts: on a shared machine everything above it is the neighbours.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
from collections.abc import Sequence

LIMIT = 0.3
"""CPU seconds that `--help` may take (issue 2)."""

HEAVY = ("pandas", "numpy", "ruptures", "matplotlib", "fastapi", "apprise", "slack_sdk", "sqlalchemy", "httpx")
_NONE_HEAVY = f"import sys; print(*sorted(set({HEAVY!r}) & set(sys.modules)))"
COMMANDS: dict[str, Sequence[str]] = {
    "bare python": ("-c", "pass"),
    "crisis-monitor --help": ("-m", "monitor", "--help"),
    "import detectors.sentiment": ("-c", "import detectors.sentiment"),
    "from detectors.sentiment import Scorer": ("-c", "from detectors.sentiment import Scorer"),
}


def cpu_seconds(arguments: Sequence[str]) -> float:
    """User and system time of one Python process, from its start to its end. Raises when it fails."""
    silent = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    pid = os.posix_spawn(sys.executable, [sys.executable, *arguments], os.environ, file_actions=silent)
    _, status, used = os.wait4(pid, 0)
    if status:
        raise SystemExit(f"python {' '.join(arguments)} ended with {os.waitstatus_to_exitcode(status)}")
    return used.ru_utime + used.ru_stime


def heavy_modules(imported: str) -> str:
    """Which heavy libraries an import has loaded."""
    import subprocess

    code = f"import {imported}; {_NONE_HEAVY}"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=7)
    times = parser.parse_args().times
    least: dict[str, float] = {}
    for name, arguments in COMMANDS.items():
        cpu_seconds(arguments)  # compiles what was not compiled yet
        found = [cpu_seconds(arguments) for _ in range(times)]
        least[name] = min(found)
        print(f"{name:<42} {min(found):6.3f} s CPU at least, {statistics.median(found):6.3f} s in the middle")
    verdict = "within" if least["crisis-monitor --help"] < LIMIT else "ABOVE"
    print(f"--help is {verdict} its limit of {LIMIT} s")
    for imported in ("detectors.sentiment", "monitor"):
        print(f"import {imported} loads of the heavy libraries: {heavy_modules(imported) or 'none'}")


if __name__ == "__main__":
    main()
