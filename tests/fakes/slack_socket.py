"""Slack's Socket Mode on loopback: sends envelopes, and insists on an acknowledgement within three seconds."""

from __future__ import annotations

import json
import threading
from itertools import count
from queue import Empty, Queue
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

from tests.fakes.slack import CRISIS, FakeSlack

Json = dict[str, Any]
DEADLINE = 3.0
HEARS_WITHIN = 30.0
"""Seconds that slack_sdk's client may take to read a new connection: it lets the old one go first, which takes up
to the three seconds of its receive time-out, so that what comes first is not acknowledged in time."""
ANNA = "U0ANNA001"
STRANGER = "U0NOBODY1"


class FakeSocket:
    """The websocket beside a FakeSlack. Each payload goes to one connection, as Slack does it.

    The first envelope on every connection is delivered twice: Slack delivers again what was not acknowledged in
    time, and on a new connection nobody can be sure of that.
    """

    def __init__(self, slack: FakeSlack) -> None:
        self.slack = slack
        self.connected = threading.Event()
        self.connections: list[ServerConnection] = []
        self.times_connected = 0
        self._unused: set[ServerConnection] = set()
        self._acknowledged: dict[str, Queue[Json]] = {}
        self._numbers = count(1)
        self._server: Server = serve(self._serve, "127.0.0.1", 0, compression=None)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        slack.socket_url = f"ws://127.0.0.1:{self._server.socket.getsockname()[1]}/link"

    def stop(self) -> None:
        """Close every connection and stop."""
        self._server.shutdown()
        self._thread.join(5)

    def disconnect(self) -> None:
        """What Slack sends every few hours: the client must come back on a new address."""
        self.connected.clear()
        self.connections[-1].send(json.dumps({"type": "disconnect", "reason": "refresh_requested"}))

    def send(self, kind: str, payload: Json, *, envelope: str | None = None) -> Json:
        """Send an envelope; returns the payload of its acknowledgement. Late or none is a broken rule."""
        assert self.connected.wait(10), "nobody listens"
        envelope = envelope or f"envelope-{next(self._numbers)}"
        self._acknowledged[envelope] = Queue()
        said = {"type": kind, "envelope_id": envelope, "payload": payload, "accepts_response_payload": True}
        connection = self.connections[-1]
        connection.send(json.dumps(said))
        deliveries = 1
        if connection in self._unused:
            self._unused.discard(connection)
            assert connection.ping().wait(HEARS_WITHIN), "the client never read its new connection"
            connection.send(json.dumps({**said, "retry_attempt": 1, "retry_reason": "timeout"}))
            deliveries = 2
        return self._answers(kind, envelope, deliveries)[0]

    def _answers(self, kind: str, envelope: str, deliveries: int) -> list[Json]:
        """The payloads of the acknowledgements, one for each delivery."""
        try:
            return [self._acknowledged[envelope].get(timeout=DEADLINE) for _ in range(deliveries)]
        except Empty:
            self.slack.broken_rules.append(f"{kind} not acknowledged within {DEADLINE:.0f} s")
            return [{}]

    def _serve(self, connection: ServerConnection) -> None:
        connection.send(json.dumps({"type": "hello", "num_connections": 1}))
        self._unused.add(connection)
        self.connections.append(connection)
        self.times_connected += 1
        self.connected.set()
        try:
            for raw in connection:
                self._receive(raw)
        except ConnectionClosed:
            return

    def _receive(self, raw: str | bytes) -> None:
        said = json.loads(raw)
        waiting = self._acknowledged.get(said.get("envelope_id", ""))
        if waiting is None:
            self.slack.broken_rules.append(f"an acknowledgement that fits no envelope: {said}")
            return
        waiting.put(said.get("payload") or {})

    # -- what people do -----------------------------------------------------------------------------------------

    def click(self, kind: str, incident: int = 12, user: str = ANNA, stamp: str = "") -> Json:
        """A click on a button; returns the payload, so that it can be delivered again."""
        action = {"action_id": f"incident:{kind}", "value": str(incident), "type": "button"}
        return self._pressed(action, user, stamp)

    def choose(self, kind: str, incident: int = 12, user: str = ANNA) -> Json:
        """A choice of the menu."""
        option = {"value": f"{incident}:{kind}", "text": {"type": "plain_text", "text": kind}}
        return self._pressed({"action_id": "incident:menu", "selected_option": option}, user, "")

    def _pressed(self, action: Json, user: str, stamp: str) -> Json:
        return {
            "type": "block_actions",
            "user": {"id": user},
            "channel": {"id": CRISIS, "name": "krisgrupp"},
            "message": {"ts": "1771420800.000001"},
            "container": {"type": "message", "message_ts": "1771420800.000001", "channel_id": CRISIS},
            "trigger_id": self.slack.trigger(),
            "response_url": self.slack.response_url,
            "actions": [{**action, "action_ts": stamp or f"{next(self._numbers)}.0"}],
        }

    def submit(self, view: Json, values: dict[str, Json], user: str = ANNA) -> Json:
        """Send a modal that was opened, with what was typed into it."""
        filled = {name: {name: element} for name, element in values.items()}
        return {
            "type": "view_submission",
            "user": {"id": user},
            "view": {**view, "id": f"V{next(self._numbers)}", "state": {"values": filled}},
        }

    def slash(self, command: str, text: str = "", user: str = ANNA) -> Json:
        """A slash command."""
        return {
            "command": command,
            "text": text,
            "user_id": user,
            "channel_id": CRISIS,
            "channel_name": "krisgrupp",
            "trigger_id": self.slack.trigger(),
            "response_url": self.slack.response_url,
        }

    def shortcut(self, text: str, user: str = ANNA) -> Json:
        """The message shortcut on somebody's message."""
        return {
            "type": "message_action",
            "callback_id": "flag",
            "user": {"id": user},
            "channel": {"id": CRISIS, "name": "krisgrupp"},
            "message": {"ts": "1771420801.000002", "text": text, "user": "U0OTHER01"},
            "message_ts": "1771420801.000002",
            "action_ts": f"{next(self._numbers)}.1",
            "trigger_id": self.slack.trigger(),
            "response_url": self.slack.response_url,
        }
