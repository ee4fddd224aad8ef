"""Staying connected to Slack: Socket Mode by slack_sdk's built-in client, and a look at whether it still hears.

The client reconnects by itself. When it does so in an unlucky moment, its reader keeps waiting on the old
connection for ever, and nothing tells: the new one counts as connected, and its pings are never read. So a
connection on which not even the answer to its first ping was read is given up, client and all.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Any

from alerts.channels.options import SlackOptions
from alerts.channels.slack import SlackChannel
from monitor.clock import Clock
from monitor.slack_inbound import Act, InboundContext, SlackInbound

if TYPE_CHECKING:
    from monitor.config import Config
    from monitor.store.store import Store

LOG = logging.getLogger("monitor.slack_inbound")

FIRST_RECONNECT = 1.0
LONGEST_RECONNECT = 60.0
LOOK_EVERY = 10.0
"""Seconds between two looks at whether the client hears."""

DEAF_AFTER = 30.0
"""Seconds after which a connection that never answered is given up; a sound one answers within a few."""

CLOSE_WITHIN = 15.0
TAKE_OVER_WITHIN = 10.0
"""Seconds for which an old connection is kept open while a new one comes up."""


class SlackListening:
    """Listens to the Slack that the config names, from the first `follow` to `stop`.

    When the config changes, `follow` again: what answers need (mandate, brands, language) counts at once; with
    another token or address, or the first one, a new connection is opened, and the old one closed once the new one
    hears, so that no click falls between. Without an app token nothing is listened to.
    """

    def __init__(self, act: Act, store: Store, clock: Clock) -> None:
        self._act, self._store, self._clock = act, store, clock
        self._options: SlackOptions | None = None
        self._listener: Listener | None = None
        self._lock = threading.Lock()

    def follow(self, config: Config) -> None:
        """Listen as this config says. A new connection is waited for a moment; it goes on trying by itself."""
        slack = config.alerts.slack
        options = slack if slack is not None and slack.app_token is not None else None
        context = InboundContext.of(config)
        with self._lock:
            if options == self._options:
                if self._listener is not None:
                    self._listener.inbound.context = context
                return
            before, self._listener, self._options = self._listener, None, options
            if options is not None:
                inbound = SlackInbound(SlackChannel(options), self._act, self._store, self._clock, context)
                self._listener = Listener(options, inbound)
                self._listener.start()
            if before is not None:
                if self._listener is not None:
                    self._listener.connected.wait(TAKE_OVER_WITHIN)
                before.stop()
                LOG.info("the connection to Slack that the config no longer names is closed")

    def stop(self) -> None:
        """End listening; what a click has begun is finished first, as far as it does not hang."""
        with self._lock:
            if self._listener is not None:
                self._listener.stop()
            self._listener = self._options = None


class Listener:
    """Keeps one client connected. `looks` are (seconds between looks, seconds until a silent one is deaf)."""

    def __init__(
        self, options: SlackOptions, inbound: SlackInbound, looks: tuple[float, float] = (LOOK_EVERY, DEAF_AFTER)
    ) -> None:
        if options.app_token is None:
            raise ValueError("alerts.slack.app_token is not set: nothing comes in from Slack")
        self._token = options.app_token.get_secret_value()
        self.inbound = inbound
        self.connected = threading.Event()
        self._look_every, self._deaf_after = looks
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="slack-connect", daemon=True)
        self.client = self._new_client()

    def start(self) -> None:
        """Begin to connect, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """End listening; returns when the client is closed and its last click is done, or does not want to."""
        self._stopping.set()
        self._thread.join(timeout=CLOSE_WITHIN)
        _close(self.client).join(timeout=CLOSE_WITHIN)
        self.inbound.idle.wait(CLOSE_WITHIN)

    def _new_client(self) -> Any:
        from slack_sdk.socket_mode import SocketModeClient

        quiet = logging.getLogger("alerts.slack")
        web_client = self.inbound.channel.client
        client = SocketModeClient(app_token=self._token, web_client=web_client, logger=quiet)
        client.socket_mode_request_listeners.append(self.inbound.on_request)
        return client

    def _run(self) -> None:
        while self._connect() and not self._hears_until_deaf():
            LOG.warning("the connection to Slack is open but nothing is heard on it; connecting anew")
            _close(self.client)
            self.client = self._new_client()

    def _connect(self) -> bool:
        """Connect; once connected, the client itself reconnects. False when it is time to stop."""
        wait = FIRST_RECONNECT
        while not self._stopping.is_set():
            try:
                self.client.connect()
            except Exception as error:  # network, token, websocket handshake: all are waited out here
                LOG.warning("cannot listen to Slack (%s); trying again in %.0f s", type(error).__name__, wait)
                self._stopping.wait(wait)
                wait = min(wait * 2, LONGEST_RECONNECT)
            else:
                self.connected.set()
                return True
        return False

    def _hears_until_deaf(self) -> bool:
        """Look at the client again and again. False when it is deaf, True when it is time to stop."""
        session, since = self.client.current_session, time.monotonic()
        while not self._stopping.wait(self._look_every):
            now = self.client.current_session
            if now is not session or not is_silent(now):
                session, since = now, time.monotonic()
            elif time.monotonic() - since >= self._deaf_after:
                return False
        return True


def is_silent(session: Any) -> bool:
    """Is a connection open on which nothing was read yet, not even the answer to the ping that it began with?

    One that is closed is not silent: the client connects it anew.
    """
    return session is not None and session.is_active() and session.last_ping_pong_time is None


def _close(client: Any) -> threading.Thread:
    """Close a client in a thread that nobody needs to wait for: one that is stuck never ends."""
    thread = threading.Thread(target=client.close, name="slack-close", daemon=True)
    thread.start()
    return thread
