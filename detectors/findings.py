"""Numbers that the sentences of several detectors share."""

from __future__ import annotations

from datetime import timedelta

from detectors.calendar import Moment
from detectors.signal import Number

DAY_KINDS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "holiday")


def day_kind(moment: Moment) -> str:
    """Name the kind of day for the sentence: `monday` … `sunday`, `holiday`."""
    return DAY_KINDS[moment.kind]


def span(moment: Moment, window: timedelta) -> dict[str, Number]:
    """`from` and `until` of the window that ends now, as ISO times."""
    return {"from": (moment.at - window).isoformat(), "until": moment.at.isoformat()}
