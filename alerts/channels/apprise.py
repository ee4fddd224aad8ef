"""Every other way to people, through Apprise: e-mail, SMS and phone gateways, Teams, push …

Apprise cannot tell whether a message arrived, so this channel is at least once: a repeat says that it may be one.
An address that no longer answers never hides one that does: a message has gone when any address took it.
"""

from __future__ import annotations

import logging
import warnings
from datetime import datetime, timedelta
from functools import cache
from typing import Any, ClassVar
from urllib.parse import quote

from alerts.channels.base import ChannelError, Receipt, RenderedMessage
from alerts.channels.options import AppriseOptions
from alerts.renderers.mail import html_mail
from alerts.renderers.plain import plain_text, short_text, subject
from alerts.safe_text import unlink, without_format

LOG = logging.getLogger("alerts.apprise")
PLACE = "{place}"
SMALL_BODY = 1000
"""Services that take less than this many characters (SMS, pagers) get the short text."""


class AppriseChannel:
    """A named list of Apprise addresses that all get the message."""

    type_name: ClassVar[str] = "apprise"
    reconciles: ClassVar[bool] = False

    def __init__(self, options: AppriseOptions) -> None:
        self.options = options

    @property
    def landing(self) -> timedelta:
        """Apprise's own time-outs are a few seconds; nothing can be looked up anyway."""
        return timedelta(seconds=30)

    def send(self, message: RenderedMessage) -> Receipt:
        """Send to every address; at least one must take it. Raises ChannelError."""
        services = [self._service(url.get_secret_value(), message.place) for url in self.options.urls]
        taken = [_notify(service, message) for service in services]
        if not any(taken):
            raise ChannelError(
                f"{self.options.name}: none of {len(taken)} addresses took the message",
                unclear=True,
                code="not_taken",
                remedy=f"try alert-test, and check alerts.channels.{self.options.name}",
            )
        return Receipt(message.key, message.place)

    def edit(self, message: RenderedMessage) -> Receipt:
        """Do nothing: a sent mail cannot be edited."""
        return Receipt(message.edits or message.key, message.place)

    def find(self, key: str, place: str, since: datetime, thread: str | None = None) -> Receipt | None:  # noqa: ARG002 - the protocol
        """Refuse: Apprise cannot look. Raises ChannelError always."""
        raise ChannelError(f"{self.options.name} cannot tell whether a message arrived", permanent=True)

    def check(self) -> str:
        """Say which services are configured, without their secrets. Raises ChannelError for one unreadable."""
        services = [self._service(url.get_secret_value(), "0") for url in self.options.urls]
        return ", ".join(str(service.service_name) for service in services)

    def _service(self, url: str, place: str) -> Any:
        """Build Apprise's plugin for an address; `{place}` stands for the person's own. Raises ChannelError."""
        if PLACE in url and not place:
            raise ChannelError(
                f"{self.options.name} needs to know whom to reach, and nobody is named",
                permanent=True,
                code="no_place",
                remedy="give the person an address, or write the address instead of {place}",
            )
        service = _apprise().instantiate(url.replace(PLACE, quote(place, safe="")), suppress_exceptions=True)
        if service is None:
            raise ChannelError(
                f"{self.options.name}: Apprise cannot read an address that begins with {url.partition(':')[0]}:",
                permanent=True,
                code="bad_address",
                remedy="see the Apprise documentation for how such an address is written",
            )
        return service


@cache
def _apprise() -> Any:
    """Load Apprise and its services, whose own imports warn on Python 3.11 and 3.12."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import apprise

        apprise.Apprise.instantiate("json://localhost")
    return apprise.Apprise


def _notify(service: Any, message: RenderedMessage) -> bool:
    """Send through one plugin; False when it did not take it. Never raises for what a service does."""
    body, form = _body(service, message)
    try:
        taken = service.notify(body=body, title=unlink(subject(message.card)), body_format=form)
    except Exception as error:  # plugins raise whatever their library raises; one must not stop the others
        LOG.warning("%s failed: %s", service.service_name, type(error).__name__)
        return False
    if not taken:
        LOG.warning("%s did not take the message", service.service_name)
    return bool(taken)


def _body(service: Any, message: RenderedMessage) -> tuple[str, str]:
    """Return the body and Apprise's name of its format, as the service likes it best."""
    if service.body_maxlen < SMALL_BODY:
        return short_text(message.card), "text"
    formats = _formats(service)
    if formats[0] == "html":
        return html_mail(message.card), "html"
    text = plain_text(message.card, unlinked=True)
    return (without_format(text) if "markdown" in formats else text), "text"


def _formats(service: Any) -> tuple[str, ...]:
    """Return the formats that a service takes, its favourite first; Apprise gives one or a tuple of them."""
    given = service.notify_format
    return tuple(str(getattr(form, "value", form)) for form in (given if isinstance(given, tuple) else (given,)))
