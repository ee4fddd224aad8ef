"""Resident memory of the real daemon under steady traffic through its webhook.

    .venv/bin/python -m benchmarks.daemon_memory [--minutes 60] [--per-second 5] [--every 5]

A daemon of its own, in a folder of its own, on a free port; mentions of three brands, a quarter of them comments,
are posted every second. Printed: resident memory at the start, every so many minutes, and at the end.
"""

from __future__ import annotations

import argparse
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from benchmarks.store import WORDS

LIMIT_MB = 350
"""Resident memory that the daemon may have after an hour (issue 2)."""

TOKEN = "a-token-for-benchmarks"
BRANDS = ("Nordtåg", "Nordbuss", "Nordfärja")
START_SECONDS = 120
STOP_SECONDS = 60


def write_config(folder: Path, port: int) -> Path:
    """A config with a hook, and alerts to the console."""
    brands = ", ".join(f"{{name: {name}, keywords: [{name.lower()}]}}" for name in BRANDS)
    file = folder / "config.yaml"
    file.write_text(
        f"database: sqlite:///{folder / 'monitor.db'}\nweb: {{listen: 127.0.0.1:{port}}}\nbrands: [{brands}]\n"
        f"sources: [{{type: webhook, name: desk, token: {TOKEN}}}]\n",
        encoding="utf-8",
    )
    return file


@contextmanager
def daemon(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A running daemon and its address; stopped gracefully at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "monitor", "run", "--config", str(write_config(folder, port))]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        wait_until_up(process, f"http://127.0.0.1:{port}", folder / "log")
        yield process, f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_up(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    """Return when the daemon answers. Raises SystemExit with its log when it does not."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            httpx.get(f"{address}/healthz", timeout=2)
        except httpx.TransportError:
            time.sleep(0.2)
        else:
            return
    raise SystemExit(f"the daemon does not come up:\n{log.read_text(encoding='utf-8')}")


def items(first: int, count: int, dice: random.Random) -> list[dict[str, Any]]:
    """Posts of this second."""
    now = datetime.now(UTC).isoformat()
    made = []
    for number in range(first, first + count):
        text = " ".join([dice.choice(BRANDS), *dice.choices(WORDS, k=18), str(number)])
        item = {"id": str(number), "created_at": now, "text": text, "author": f"a{dice.randrange(5000)}"}
        made.append(item | ({"parent_id": str(dice.randrange(number))} if number and number % 4 == 0 else {}))
    return made


def megabytes_of(process: int | str, field: str = "VmRSS") -> float:
    """Resident memory of a process (its number, or `self`) now (`VmRSS`) or at its highest (`VmHWM`)."""
    for line in Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) / 1024
    raise SystemExit("the daemon is gone")


def feed(process: subprocess.Popen[bytes], address: str, options: argparse.Namespace) -> list[float]:
    """Post for so many minutes; returns the memory at the start, each `every` minutes, and the end."""
    dice, sent, refused = random.Random(5), 0, 0
    found = [megabytes_of(process.pid)]
    begun = time.monotonic()
    print(f"{0:>6.1f} min {sent:>9,} mentions {found[0]:>7.1f} MB", flush=True)
    with httpx.Client(headers={"Authorization": f"Bearer {TOKEN}"}, timeout=30) as client:
        while (passed := time.monotonic() - begun) < options.minutes * 60:
            answer = client.post(f"{address}/hooks/desk", json=items(sent, options.per_second, dice))
            refused += answer.status_code != httpx.codes.ACCEPTED
            sent += options.per_second
            if passed >= len(found) * options.every * 60:
                found.append(megabytes_of(process.pid))
                print(f"{passed / 60:>6.1f} min {sent:>9,} mentions {found[-1]:>7.1f} MB", flush=True)
            time.sleep(max(0.0, begun + sent / options.per_second - time.monotonic()))
    found.append(megabytes_of(process.pid))
    print(f"{options.minutes:>6.1f} min {sent:>9,} mentions {found[-1]:>7.1f} MB, {refused} posts not taken")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--per-second", type=int, default=5)
    parser.add_argument("--every", type=float, default=5, help="minutes between two looks")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, daemon(Path(folder)) as (process, address):
        found = feed(process, address, options)
        highest = megabytes_of(process.pid, "VmHWM")
    verdict = "within" if highest < LIMIT_MB else "ABOVE"
    half = found[len(found) // 2]
    print(f"highest {highest:.1f} MB, {verdict} {LIMIT_MB} MB; second half {found[-1] - half:+.1f} MB")


if __name__ == "__main__":
    main()
