"""Calling a channel so that nothing but a ChannelError comes back: a fault in one channel stops no other."""

from __future__ import annotations

import logging
from datetime import datetime

from alerts.channels.base import Channel, ChannelError, Receipt, RenderedMessage

LOG = logging.getLogger("monitor.deliver")


def hand_over(channel: Channel, message: RenderedMessage) -> Receipt:
    """Send or edit. Raises ChannelError, also for a fault of the channel's own: then it may have arrived."""
    try:
        return channel.edit(message) if message.edits else channel.send(message)
    except ChannelError:
        raise
    except Exception as error:
        raise _fault(channel, error) from error


def look_for(channel: Channel, key: str, place: str, since: datetime, thread: str | None) -> Receipt | None:
    """Look for a message. Raises ChannelError, also for a fault of the channel's own."""
    try:
        return channel.find(key, place, since, thread)
    except ChannelError:
        raise
    except Exception as error:
        raise _fault(channel, error) from error


def _fault(channel: Channel, error: Exception) -> ChannelError:
    LOG.error("a fault in the channel %s", channel.type_name, exc_info=error)
    return ChannelError(f"{channel.type_name}: {type(error).__name__}", unclear=True, code="fault")
