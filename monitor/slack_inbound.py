"""Slack's way in: Socket Mode by slack_sdk's built-in client. Clicks, modals, slash commands and shortcuts.

Every envelope is acknowledged at once (Slack waits three seconds), then done; whatever goes wrong is told to the
person who clicked, alone. Doing the same event twice is harmless: `decide` knows the event ids it has handled.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from alerts.actions import Action, ActionKind
from alerts.channels.base import ChannelError
from alerts.channels.options import SlackOptions
from alerts.channels.slack import SlackChannel
from alerts.incident import Decision
from alerts.renderers.modals import Asked, modal
from alerts.safe_text import escape_mrkdwn
from alerts.texts.reader import Reader
from monitor.clock import Clock
from monitor.slack_answers import done_text, form_errors, how_is_it, refusal_text
from monitor.slack_groups import Groups
from monitor.slack_payloads import Wish, read_request

if TYPE_CHECKING:
    from slack_sdk.socket_mode.client import BaseSocketModeClient
    from slack_sdk.socket_mode.request import SocketModeRequest

    from monitor.store.store import Store

LOG = logging.getLogger("monitor.slack_inbound")

FIRST_RECONNECT = 1.0
LONGEST_RECONNECT = 60.0
REMEMBERED = 1000

Act = Callable[[Action], Decision]


@dataclass(frozen=True, slots=True)
class InboundContext:
    """What answers need: language and time zone, and the brands that may be flagged."""

    language: str = "en"
    timezone: str = "Europe/Stockholm"
    brands: tuple[str, ...] = ()


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
        if self._known(wish.event_id):
            return
        if wish.action is None:
            heard = {name: state.failing_since is None for name, state in self.store.source_states().items()}
            self._answer(wish, how_is_it(self.store.open_incidents(), heard, self.reader))
        elif wish.action is ActionKind.FLAG:
            self._flag(wish)
        elif wish.ready:
            self._do(wish, wish.action)
        else:
            self._ask(wish, wish.action)
        self._remember(wish.event_id)

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
        """Open the modal of an action."""
        asked = Asked(kind, wish.incident, wish.place, wish.thread, wish.data, self.context.brands)
        self.channel.open_view(wish.trigger, modal(asked, self.reader))

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

    def _known(self, event_id: str) -> bool:
        with self._lock:
            return event_id in self._done

    def _remember(self, event_id: str) -> None:
        with self._lock:
            self._done[event_id] = None
            while len(self._done) > REMEMBERED:
                self._done.popitem(last=False)


@contextmanager
def listening(
    options: SlackOptions, act: Act, store: Store, clock: Clock, context: InboundContext | None = None
) -> Iterator[SlackInbound]:
    """Listen to Slack until the block ends. A Slack that cannot be reached is tried again, ever more slowly."""
    inbound = SlackInbound(SlackChannel(options), act, store, clock, context)
    client = _socket_client(options, inbound)
    stopping = threading.Event()
    thread = threading.Thread(target=_connect, args=(client, stopping), name="slack-connect", daemon=True)
    thread.start()
    try:
        yield inbound
    finally:
        stopping.set()
        thread.join(timeout=15)
        client.close()


def _socket_client(options: SlackOptions, inbound: SlackInbound) -> Any:
    from slack_sdk.socket_mode import SocketModeClient

    if options.app_token is None:
        raise ValueError("alerts.slack.app_token is not set: nothing comes in from Slack")
    quiet = logging.getLogger("alerts.slack")
    client = SocketModeClient(
        app_token=options.app_token.get_secret_value(), web_client=inbound.channel.client, logger=quiet
    )
    client.socket_mode_request_listeners.append(inbound.on_request)
    return client


def _connect(client: Any, stopping: threading.Event) -> None:
    """Connect; once connected, the client itself reconnects."""
    wait = FIRST_RECONNECT
    while not stopping.is_set():
        try:
            client.connect()
            return
        except Exception as error:  # network, token, websocket handshake: all are waited out here
            LOG.warning("cannot listen to Slack (%s); trying again in %.0f s", type(error).__name__, wait)
            stopping.wait(wait)
            wait = min(wait * 2, LONGEST_RECONNECT)
