"""Draws one picture and ends: JSON on stdin, PNG on stdout. Run as `python -m alerts.picture_child`."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Mapping
from io import BytesIO
from typing import Any

TICKS = 8


def draw(drawing: Mapping[str, Any]) -> bytes:
    """Return the picture of `alerts.picture.drawing` as PNG, 1000 × 500 pixels."""
    from matplotlib.figure import Figure

    warnings.simplefilter("ignore")  # a font without an emoji is no reason to go without the picture
    figure = Figure(figsize=(10, 5), dpi=100, layout="constrained")
    counts, share = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    places = range(len(drawing["hours"]))
    counts.bar([p + 0.5 for p in places], drawing["mentions"], width=0.9, color="#8aa4c8", label=drawing["counts"])
    counts.step(
        [*places, len(places)],
        [*drawing["usual"], *drawing["usual"][-1:]],
        where="post",
        color="#222222",
        linestyle="--",
        label=drawing["usual_label"],
    )
    share.bar([p + 0.5 for p in places], [100 * s for s in drawing["share"]], width=0.9, color="#b3261e")
    share.set_ylim(0, 100)
    share.set_xlim(0, max(1, len(places)))
    share.set_ylabel(f"{drawing['share_label']}, %", parse_math=False, fontsize=8)
    _marks(counts, drawing["marks"])
    _hours(share, drawing["hours"])
    counts.set_title(drawing["title"], parse_math=False, fontsize=11, loc="left")
    counts.legend(loc="upper left", frameon=False, fontsize=8)
    picture = BytesIO()
    figure.savefig(picture, format="png")
    return picture.getvalue()


def _marks(axes: Any, marks: list[tuple[float, str]]) -> None:
    for row, (place, label) in enumerate(marks):
        axes.axvline(place, color="#b3261e", linewidth=1)
        height = 0.97 - 0.07 * (row % 4)
        axes.annotate(
            label,
            (place, height),
            xycoords=("data", "axes fraction"),
            xytext=(3, 0),
            textcoords="offset points",
            fontsize=8,
            va="top",
            parse_math=False,
        )


def _hours(axes: Any, hours: list[str]) -> None:
    every = max(1, len(hours) // TICKS)
    axes.set_xticks(range(0, len(hours), every), hours[::every], fontsize=8)


if __name__ == "__main__":
    sys.stdout.buffer.write(draw(json.load(sys.stdin.buffer)))
