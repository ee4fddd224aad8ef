"""When what a finding shows began, searched in the mentions of its scope."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from detectors.held import NEGATIVE, having
from detectors.onset import estimate_onset
from detectors.people import different
from detectors.signal import Finding, Onset, ScopeKind
from monitor.brand_state import BrandState

ONSET_LEAST, ONSET_MOST = timedelta(hours=12), timedelta(hours=30)
"""How far back the onset is searched: six times the finding's window, within these."""

ONSET_SLOW = timedelta(hours=12)
"""A finding over so long a window is given an onset in any case: at the latest the beginning of its window."""

ONSET_STEP = timedelta(minutes=15)
"""Width of the steps in which the onset is searched."""


def onset_of(state: BrandState, finding: Finding) -> Onset | None:
    """When what a finding shows began: from the negative mentions of its scope, else from all of them.

    What rose over many hours without one step began somewhere in them, not when it was noticed.
    """
    if finding.scope.kind is ScopeKind.MEASUREMENT:
        return None
    window = timedelta(seconds=finding.window_seconds)
    steps = max(ONSET_LEAST, min(ONSET_MOST, 6 * window)) // ONSET_STEP
    since = finding.at - steps * ONSET_STEP
    rows = state.window.mentions(since, finding.at, finding.scope).theirs().rows
    negative = finding.detector != "volume" and having(rows, NEGATIVE).any()
    if negative:
        rows = rows[having(rows, NEGATIVE)]
    edges = [(since + step * ONSET_STEP).timestamp() for step in range(1, steps)]
    counts = [different(part["person"]) for part in np.split(rows, np.searchsorted(rows["at"], edges))]
    times = [since + step * ONSET_STEP for step in range(len(counts))]
    usual = state.judge.usual_negative if negative else state.judge.usual_authors
    found = estimate_onset(counts, times, expected=usual(finding.scope, times, ONSET_STEP))
    if found is not None:
        return Onset(found.at, found.earliest, found.latest)
    slow = window >= ONSET_SLOW
    return Onset(finding.at - window, finding.at - window, finding.at) if slow else None
