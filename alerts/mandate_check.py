"""What the sections of a mandate mean together, and what is refused: every problem with the path to its place.

`validate_mandate` looks at names, loops, deadlines, who is on the crisis chain, and at every hour of a year: is
there one at which a chain can reach nobody?
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from alerts.mandate import Mandate
from alerts.mandate_names import unknown_brands_and_themes, wrong_names_and_deadlines
from alerts.mandate_places import Path, Problem
from alerts.mandate_reach import customer_service_in_crisis, hours_without_anybody

__all__ = ["Path", "Problem", "validate_mandate"]

BUILT_IN_CHANNELS = frozenset({"slack", "console"})
"""Known without an `alerts:` entry: without a Slack token its messages go to the console."""


def validate_mandate(
    mandate: Mandate,
    channels: Collection[str],
    year: int,
    brands: Mapping[str, Collection[str]] | None = None,
) -> list[Problem]:
    """Everything that is wrong with a mandate, given the names of the configured channels.

    `year` is the year whose hours are walked through. `brands` are the watched brands with the names of their
    themes; without it those names are not looked at. Reachability is judged only when the names are right.
    """
    problems = list(wrong_names_and_deadlines(mandate, frozenset(channels) | BUILT_IN_CHANNELS))
    problems += [] if brands is None else unknown_brands_and_themes(mandate, brands)
    if not problems:
        problems += [*customer_service_in_crisis(mandate), *hours_without_anybody(mandate, year)]
    return [replace(problem, path=("mandate", *problem.path)) for problem in problems]
