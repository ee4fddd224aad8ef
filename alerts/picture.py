"""The picture in the thread: posts an hour against what is usual, the unhappy share, and what happened when.

Matplotlib is big and keeps memory, so it draws in a short-lived child process: data in as JSON, PNG out.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from alerts.safe_text import quote
from alerts.texts.reader import Reader

PATIENCE = timedelta(seconds=60)
"""How long drawing may take; a loaded machine needs some seconds, mostly for starting Python and Matplotlib."""

TITLE_LIMIT = 80
_NEEDED = ("PATH", "HOME", "LANG", "LC_ALL", "PYTHONPATH", "VIRTUAL_ENV", "SYSTEMROOT", "TMPDIR")
"""All that the child gets of our environment: tokens stay here."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened: when, and the words for it."""

    at: datetime
    label: str


@dataclass(frozen=True, slots=True)
class PictureData:
    """One value an hour, oldest first: starts of hours (aware), posts, negative posts, what is usual then."""

    brand: str
    hours: tuple[datetime, ...]
    mentions: tuple[int, ...]
    negative: tuple[int, ...]
    usual: tuple[float, ...]
    marks: tuple[Mark, ...] = ()

    def __post_init__(self) -> None:
        if not len(self.hours) == len(self.mentions) == len(self.negative) == len(self.usual):
            raise ValueError("hours, mentions, negative and usual must be of one length")


class PictureError(Exception):
    """The picture could not be drawn, in words for the log. An alert goes without."""


def draw_picture(data: PictureData, reader: Reader) -> bytes:
    """Return the picture as PNG, with words and hours of the reader's. Raises PictureError."""
    with tempfile.TemporaryDirectory() as scratch:
        kept = {name: os.environ[name] for name in _NEEDED if name in os.environ}
        environment = {**kept, "MPLCONFIGDIR": scratch, "MPLBACKEND": "Agg"}
        try:
            done = subprocess.run(
                [sys.executable, "-m", "alerts.picture_child"],
                input=json.dumps(drawing(data, reader)).encode(),
                capture_output=True,
                timeout=PATIENCE.total_seconds(),
                env=environment,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise PictureError(f"drawing failed: {type(error).__name__}") from error
    if done.returncode != 0 or not done.stdout.startswith(b"\x89PNG"):
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise PictureError(f"drawing ended with {done.returncode}: {' '.join(last)}")
    return done.stdout


def drawing(data: PictureData, reader: Reader) -> Mapping[str, Any]:
    """Return what the child draws, as JSON: labels in the reader's language, hours on the reader's clock."""
    shares = [n / m if m else 0.0 for n, m in zip(data.negative, data.mentions, strict=True)]
    return {
        "title": reader.text("picture.alt", brand=quote(data.brand, TITLE_LIMIT)),
        "counts": reader.text("picture.counts"),
        "usual_label": reader.text("picture.baseline"),
        "share_label": reader.text("picture.negative"),
        "hours": [reader.time(hour) for hour in data.hours],
        "mentions": list(data.mentions),
        "usual": list(data.usual),
        "share": shares,
        "marks": [[_place(mark.at, data.hours), quote(mark.label, 40)] for mark in data.marks],
    }


def _place(at: datetime, hours: tuple[datetime, ...]) -> float:
    """Where on the axis a time lies: 0 is the start of the first hour, 1 that of the second."""
    return (at - hours[0]) / timedelta(hours=1) if hours else 0.0
