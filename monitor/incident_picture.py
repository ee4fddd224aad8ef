"""The picture of an incident: its brand's last hours from the counters, beside the same hours before."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from statistics import median
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from alerts.channels.base import ChannelError, Receipt
from alerts.incident import Incident, TimelineEvent
from alerts.picture import Mark, PictureData, PictureError, draw_picture
from alerts.texts.reader import Reader
from detectors.signal import Scope, ScopeKind

if TYPE_CHECKING:
    from monitor.store.store import Store

LOG = logging.getLogger("monitor.incident_picture")

HOUR = timedelta(hours=1)
SHOWN = 24
DAYS_BEFORE = 28
"""What is usual at an hour: the median of that hour over four weeks, as far as they were watched."""


@runtime_checkable
class ShowsPictures(Protocol):
    """A channel that can put a picture into a thread."""

    def upload(self, place: str, thread: str, picture: bytes, name: str, title: str, alt: str) -> None:
        """Raises ChannelError; an unclear upload is not repeated."""
        ...


def send_picture(
    store: Store, channel: object, incident: Incident, receipt: Receipt, reader: Reader
) -> TimelineEvent | None:
    """Draw the incident's picture and put it into the thread of its root message.

    Returns what to write down; None when the channel shows no pictures or there is nothing to draw. An alert
    without its picture is still an alert: whatever fails is only noted.
    """
    if not isinstance(channel, ShowsPictures):
        return None
    data = picture_data(store, incident, reader)
    if data is None:
        return None
    title = reader.text("picture.alt", brand=incident.brand)
    try:
        picture = draw_picture(data, reader)
        channel.upload(receipt.place, receipt.message_id, picture, f"inc-{incident.number}.png", title, title)
    except (ChannelError, PictureError) as error:
        LOG.warning("no picture for INC-%s: %s", incident.number, error)
        return TimelineEvent("picture_not_sent", reader.now, incident.number, data={"error": str(error)})
    return TimelineEvent("picture_sent", reader.now, incident.number)


def picture_data(store: Store, incident: Incident, reader: Reader) -> PictureData | None:
    """Return the last 24 hours of the incident's brand; None when nothing was counted."""
    end = reader.now.replace(minute=0, second=0, microsecond=0) + HOUR
    hours = tuple(end - (SHOWN - n) * HOUR for n in range(SHOWN))
    counted = _hourly(store, incident.brand, hours[0] - timedelta(days=DAYS_BEFORE), end)
    if not counted:
        return None
    first = min(counted)
    return PictureData(
        brand=incident.brand,
        hours=hours,
        mentions=tuple(counted.get(hour, (0, 0))[0] for hour in hours),
        negative=tuple(counted.get(hour, (0, 0))[1] for hour in hours),
        usual=tuple(_usual(counted, hour, first) for hour in hours),
        marks=tuple(mark for mark in _marks(incident, reader) if hours[0] <= mark.at <= end),
    )


def _hourly(store: Store, brand: str, since: datetime, until: datetime) -> dict[datetime, tuple[int, int]]:
    """Mentions and negative mentions by hour."""
    found: dict[datetime, tuple[int, int]] = {}
    series = store.counters(brand, since, until, kinds=[ScopeKind.BRAND]).get(Scope(brand), [])
    for bucket, sums in series:
        hour = bucket.replace(minute=0)
        mentions, negative = found.get(hour, (0, 0))
        found[hour] = (mentions + sums.mentions, negative + sums.negative)
    return found


def _usual(counted: dict[datetime, tuple[int, int]], hour: datetime, first: datetime) -> float:
    before = [hour - timedelta(days=day) for day in range(1, DAYS_BEFORE + 1)]
    watched = [counted.get(past, (0, 0))[0] for past in before if past >= first]
    return float(median(watched)) if watched else 0.0


def _marks(incident: Incident, reader: Reader) -> Iterator[Mark]:
    if incident.onset is not None:
        yield Mark(incident.onset.at, reader.text("picture.onset"))
    for level, at in incident.levels:
        yield Mark(at, reader.text(f"level.{level.label}"))
    if incident.acknowledgement is not None:
        yield Mark(incident.acknowledgement.at, reader.text("state.acknowledged"))
    if incident.first_own_post_at is not None:
        yield Mark(incident.first_own_post_at, reader.text("action.posted"))
