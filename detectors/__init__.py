"""Ground floor: numbers and texts in, findings out.

Names are loaded on first use (PEP 562), so that importing one detector does not import pandas or ruptures.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from detectors.counting import detect_counts
    from detectors.onset import Onset, estimate_onset
    from detectors.surge import Judgement, SurgeDetector, SurgeEvidence, SurgeOptions

__all__ = [
    "Judgement",
    "Onset",
    "SurgeDetector",
    "SurgeEvidence",
    "SurgeOptions",
    "detect_counts",
    "estimate_onset",
]

_HOME = {
    "detect_counts": "detectors.counting",
    "Judgement": "detectors.surge",
    "SurgeDetector": "detectors.surge",
    "SurgeEvidence": "detectors.surge",
    "SurgeOptions": "detectors.surge",
    "Onset": "detectors.onset",
    "estimate_onset": "detectors.onset",
}


def __getattr__(name: str) -> object:
    """Load a public name from its module on first use."""
    if name not in _HOME:
        raise AttributeError(f"module 'detectors' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    """Name the public functions and classes, loaded or not."""
    return __all__
