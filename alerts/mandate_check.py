"""What the sections of a mandate mean together, and what is refused: every problem with the path to its place.

`validate_mandate` looks at names, loops, deadlines, who is on the crisis chain, and at every hour of a year: is
there one at which a chain can reach nobody?
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from alerts.mandate import Mandate
from alerts.mandate_names import unknown_brands_and_themes, unknown_channels, wrong_names, wrong_rules
from alerts.mandate_places import Path, Problem
from alerts.mandate_reach import customer_service_in_crisis, hours_without_anybody

__all__ = ["Path", "Problem", "validate_mandate"]

BUILT_IN_CHANNELS = frozenset({"slack", "console"})
"""Known without an `alerts:` entry: without a Slack token its messages go to the console."""


def validate_mandate(
    mandate: Mandate,
    channels: Collection[str] | None,
    year: int,
    brands: Mapping[str, Collection[str] | None] | None = None,
    unread: Collection[Path] = (),
) -> list[Problem]:
    """Everything that is wrong with a mandate, given the names of the configured channels.

    `year` is the year whose hours are walked through. `brands` are the watched brands with the names of their
    themes. Names of channels, brands or themes are not looked at where these are None. `unread` are the places
    left out of a mandate that is known in part only: what may follow from them is not told. Reachability is
    judged only when all the rest is right.
    """
    problems = [p for p in wrong_names(mandate) if not _may_be_unread(p, unread)]
    problems += [p for p in wrong_rules(mandate) if not _hangs_on(p, unread)]
    if channels is not None:
        problems += unknown_channels(mandate, frozenset(channels) | BUILT_IN_CHANNELS)
    problems += [] if brands is None else unknown_brands_and_themes(mandate, brands)
    if not problems and not unread:
        problems += [*customer_service_in_crisis(mandate), *hours_without_anybody(mandate, year)]
    return [replace(problem, path=("mandate", *problem.path)) for problem in problems]


def _may_be_unread(problem: Problem, unread: Collection[Path]) -> bool:
    """Is the name that is not known one of those that were left out, or can it not be known?"""
    sections = ("people", "roles")
    left_out = {place[1] for place in unread if place[0] in sections and len(place) == 2}
    unclear = any(
        len(place) == 1 and (place[0] in sections or place[0] not in Mandate.model_fields) for place in unread
    )
    return unclear or problem.found in left_out


def _hangs_on(problem: Problem, unread: Collection[Path]) -> bool:
    """Was something left out of the role, step or level of which a rule says that something is missing?"""
    around = problem.path if problem.path[:-1] == ("roles",) else problem.path[:-1]
    return any(place[: len(around)] == around for place in unread)
