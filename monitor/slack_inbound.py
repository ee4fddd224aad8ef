"""What comes in from Slack: clicks, modals, slash commands and shortcuts become actions and answers.

Every envelope is acknowledged at once (Slack waits three seconds), then done; whatever goes wrong is told to the
person who clicked, alone. Doing the same event twice is harmless: `decide` knows the event ids it has handled.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from alerts.actions import Action, ActionKind
from alerts.channels.base import ChannelError
from alerts.channels.slack import SlackChannel
from alerts.incident import Decision, Incident, Refusal
from alerts.mandate import Mandate, from_snapshot
from alerts.plan import mandate_of
from alerts.renderers.modals import Asked, modal
from alerts.rights import may
from alerts.safe_text import escape_mrkdwn
from alerts.texts.reader import Reader
from detectors.signal import Level
from monitor.clock import Clock
from monitor.slack_answers import done_text, form_errors, how_is_it, refusal_text, silence_scopes
from monitor.slack_groups import Groups
from monitor.slack_payloads import Wish, read_request

if TYPE_CHECKING:
    from slack_sdk.socket_mode.client import BaseSocketModeClient
    from slack_sdk.socket_mode.request import SocketModeRequest

    from monitor.config import Config
    from monitor.store.store import Store

LOG = logging.getLogger("monitor.slack_inbound")

REMEMBERED = 1000

Act = Callable[[Action], Decision]


@dataclass(frozen=True, slots=True)
class InboundContext:
    """What answers need: language and time zone, the brands that may be flagged, and today's mandate.

    Without a mandate, modals are judged by the incident's own snapshot alone.
    """

    language: str = "en"
    timezone: str = "Europe/Stockholm"
    brands: tuple[str, ...] = ()
    mandate: Mandate | None = None

    @classmethod
    def of(cls, config: Config) -> InboundContext:
        """What a config says of it."""
        brands = tuple(brand.name for brand in config.brands)
        return cls(config.alerts.language or config.language, config.timezone, brands, config.mandate)


class SlackInbound:
    """Turns what people do in Slack into actions, and answers them."""

    def __init__(
        self, channel: SlackChannel, act: Act, store: Store, clock: Clock, context: InboundContext | None = None
    ) -> None:
        self.channel = channel
        self.act = act
        self.store = store
        self.clock = clock
        self.context = context or InboundContext()
        self.groups = Groups(channel, clock)
        self._done: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()
        self._busy = 0
        self.idle = threading.Event()
        self.idle.set()

    def on_request(self, client: BaseSocketModeClient, request: SocketModeRequest) -> None:
        """Take one envelope: acknowledge it, then do what it asks. Never raises for what the envelope holds."""
        from slack_sdk.socket_mode.response import SocketModeResponse

        with self._at_work():
            wish = read_request(request.type, request.payload)
            errors = form_errors(wish, self.reader)
            payload = {"response_action": "errors", "errors": errors} if errors else None
            client.send_socket_mode_response(SocketModeResponse(request.envelope_id, payload=payload))
            if wish is not None and not errors:
                self._take_safely(wish)

    def _take_safely(self, wish: Wish) -> None:
        try:
            self.take(wish)
        except Exception:  # a click must never end the listener, and the person must hear of it
            LOG.exception("a request from Slack failed: %s", wish.action)
            self._answer(wish, self.reader.text("inbound.failed"))

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        """Count what is being done, so that `idle` tells when nothing is."""
        with self._lock:
            self._busy += 1
            self.idle.clear()
        try:
            yield
        finally:
            with self._lock:
                self._busy -= 1
                if self._busy == 0:
                    self.idle.set()

    @property
    def reader(self) -> Reader:
        """The reader of answers, now."""
        return Reader(self.context.language, self.context.timezone, self.clock.now())

    def take(self, wish: Wish) -> None:
        """Do what somebody wants, or ask for what is missing."""
        if not self._claim(wish.event_id):
            return
        try:
            self._take(wish)
        except BaseException:
            self._let_go(wish.event_id)  # nothing was done: delivered again, it is tried again
            raise

    def _take(self, wish: Wish) -> None:
        if wish.action is None:
            heard = {name: state.failing_since is None for name, state in self.store.source_states().items()}
            self._answer(wish, how_is_it(self.store.open_incidents(), heard, self.reader))
        elif wish.action is ActionKind.FLAG:
            self._flag(wish)
        elif wish.ready:
            self._do(wish, wish.action)
        else:
            self._ask(wish, wish.action)

    def _flag(self, wish: Wish) -> None:
        """Flag at once when words and brand are known; else ask."""
        text = wish.data.get("text", "")
        if not text and not wish.trigger:
            self._answer(wish, self.reader.text("inbound.flag_usage"))
            return
        named = [brand for brand in self.context.brands if brand.casefold() in text.casefold()]
        brand = wish.data.get("brand") or next(iter(named or self.context.brands[:1]), "")
        is_clear = len(self.context.brands) <= 1 or len(named) == 1 or "brand" in wish.data
        if wish.ready and text and is_clear:
            self._do(replace(wish, data={"text": text, "brand": brand}), ActionKind.FLAG)
        else:
            self._ask(wish, ActionKind.FLAG)

    def _ask(self, wish: Wish, kind: ActionKind) -> None:
        """Open the modal of an action, unless whoever clicked may not do it: nobody fills in a form in vain."""
        incident = self.store.incident(wish.incident) if wish.incident is not None else None
        refusal = self._refused(wish, kind, incident)
        if refusal is not None:
            self._answer(wish, refusal_text(refusal, wish.user, incident, self.reader))
            return
        scopes = silence_scopes(incident, self.reader) if incident and kind is ActionKind.SILENCE else ()
        asked = Asked(kind, wish.incident, wish.place, wish.thread, wish.data, self.context.brands, scopes)
        self.channel.open_view(wish.trigger, modal(asked, self.reader))

    def _refused(self, wish: Wish, kind: ActionKind, incident: Incident | None) -> Refusal | None:
        """Why the modal need not open; None when it may. A refusal is decided, so that it is written down.

        Most are allowed, and a modal must open within three seconds: only what looks refused waits for the
        decision, which may be behind a detection pass.
        """
        if self._looks_allowed(wish, kind, incident, ()):
            return None
        groups = self.groups.of(wish.user, wish.place, wish.place_name, incident)
        if self._looks_allowed(wish, kind, incident, groups):
            return None
        asks = {"only_asks": "1", "groups": ",".join(groups)}
        asks |= (
            {"brand": self.context.brands[0], "text": "?"}
            if kind is ActionKind.FLAG and self.context.brands
            else {}
        )
        return self.act(Action(kind, wish.user, self.clock.now(), "slack", wish.incident, asks)).refusal

    def _looks_allowed(
        self, wish: Wish, kind: ActionKind, incident: Incident | None, groups: Sequence[str]
    ) -> bool:
        mandate = self.context.mandate or (mandate_of(incident) if incident is not None else None)
        if mandate is None or (incident is None and wish.incident is not None):
            return mandate is None and kind is ActionKind.FLAG
        own = from_snapshot(incident.mandate, mandate).with_people_of(mandate) if incident else mandate
        level = incident.level if incident is not None else Level.WATCH
        who, brand = own.person_id(wish.user) or wish.user, incident.brand if incident else ""
        return may(own, kind, who, level=level, at=self.clock.now(), brand=brand, groups=groups)

    def _do(self, wish: Wish, kind: ActionKind) -> None:
        """Let the action be decided, and tell the person when it was refused."""
        incident = self.store.incident(wish.incident) if wish.incident is not None else None
        groups = self.groups.of(wish.user, wish.place, wish.place_name, incident)
        data = {**wish.data, "event_id": wish.event_id, "groups": ",".join(groups)}
        action = Action(kind, wish.user, self.clock.now(), "slack", wish.incident, data)
        decision = self.act(action)
        if decision.refusal is not None:
            self._answer(wish, refusal_text(decision.refusal, wish.user, incident, self.reader))
        elif text := done_text(kind, decision, self.reader):
            self._answer(wish, text)

    def _answer(self, wish: Wish, text: str) -> None:
        """Say something to the person alone; a failure to do so is only logged."""
        try:
            if wish.reply_url:
                self.channel.respond(wish.reply_url, escape_mrkdwn(text))
            elif wish.place:
                self.channel.ephemeral(wish.place, wish.user, escape_mrkdwn(text), wish.thread or None)
        except ChannelError as error:
            LOG.warning("could not answer %s: %s", wish.user, error)

    def _claim(self, event_id: str) -> bool:
        """Take an event for oneself; False when it was done, or another thread is at it (Slack redelivers)."""
        with self._lock:
            if event_id in self._done:
                return False
            self._done[event_id] = None
            while len(self._done) > REMEMBERED:
                self._done.popitem(last=False)
            return True

    def _let_go(self, event_id: str) -> None:
        with self._lock:
            self._done.pop(event_id, None)
