"""Praise goes to its own channel, never to the crisis group (practice P12)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from alerts.calendar import local
from alerts.incident import Notification, Reason
from alerts.mandate import Mandate
from detectors.signal import Number, Signal


def tell_praise(mandate: Mandate, signals: Sequence[Signal], now: datetime) -> list[Notification]:
    """One message a brand and local day; its key makes the store keep only the first."""
    told: dict[str, Notification] = {}
    for signal in sorted(signals, key=lambda s: -s.finding.surprise):
        brand = signal.scope.brand
        place = mandate.praise_place(brand)
        if place is None or brand in told:
            continue
        day = local(now, mandate.timezone).date().isoformat()
        said: dict[str, Number | None] = {
            "brand": brand,
            "theme": signal.scope.name,
            "observed": signal.finding.observed,
            "expected": signal.finding.expected,
        }
        told[brand] = Notification(
            f"praise/{brand}/{day}", Reason.PRAISE, now, channel="slack", place=place, priority=2, data=said
        )
    return list(told.values())
