"""A strict Slack on loopback: real HTTP and a real Socket Mode websocket, in memory.

It enforces the documented limits, escaping, rate limits and deadlines (`slack_rules`), and fails on any message
that nobody expected: a test takes the messages it expects, and `verify` names what is left over. It can drop a
connection before or after it has accepted, land a message late, be slow, answer 429 and 5xx, and revoke the token.
"""

from __future__ import annotations

import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.parse import parse_qsl

from tests.fakes.slack_rules import message_faults, modal_faults, response_faults, text_faults, unfurl_faults

Json = dict[str, Any]
BOT_TOKEN = "xoxb-test-0000"
APP_TOKEN = "xapp-test-0000"
CRISIS = "C0CRISIS1"
SERVICE = "C0SERVICE"
BURST = 5
"""Messages to one channel within `BURST` seconds before 429: one a second on average, as documented."""


@dataclass
class Fault:
    """What goes wrong with the next call: `kind` is error, status, drop, accept_then_drop, slow, vanish.

    `seconds` is Retry-After (status 429), the delay (slow), or how much later it lands (accept_then_drop).
    """

    kind: str
    error: str = ""
    status: int = 500
    seconds: float = 0.0
    accept: bool = False


@dataclass
class Message:
    """One message as it stands in a channel."""

    channel: str
    ts: str
    text: str
    blocks: list[Json]
    metadata: Json
    thread: str | None = None
    broadcast: bool = False
    visible_at: float = 0.0
    edits: int = 0
    taken: bool = False

    @property
    def key(self) -> str:
        """The idempotency key in its metadata."""
        return str(self.metadata["event_payload"]["key"])

    @property
    def words(self) -> str:
        """Everything that can be read in it."""
        return self.text + "\n" + json.dumps(self.blocks, ensure_ascii=False)


@dataclass
class Call:
    """One API call, as it came."""

    method: str
    arguments: Json
    at: float


class SlackError(Exception):
    """An `ok: false` answer."""


@dataclass
class FakeSlack:
    """The workspace. `clock` gives seconds (a simulated one in scenarios)."""

    clock: Callable[[], float] = time.time
    channels: dict[str, str] = field(default_factory=lambda: {CRISIS: "krisgrupp", SERVICE: "kundservice"})
    members: set[str] = field(default_factory=lambda: {CRISIS, SERVICE})
    archived: set[str] = field(default_factory=set)
    messages: list[Message] = field(default_factory=list)
    ephemerals: list[Json] = field(default_factory=list)
    views: list[Json] = field(default_factory=list)
    uploads: list[Json] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    belongs: dict[str, list[str]] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    broken_rules: list[str] = field(default_factory=list)
    faults: dict[str, list[Fault]] = field(default_factory=lambda: defaultdict(list))
    revoked: bool = False
    down: bool = False
    rate_limited: bool = True
    socket_url: str = ""

    def __post_init__(self) -> None:
        self._lock = threading.RLock()
        self._numbers = count(1)
        self._posts: dict[str, list[float]] = defaultdict(list)
        self._triggers: dict[str, float] = {}
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def api_url(self) -> str:
        """The base URL to give to the client."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/api/"

    @property
    def response_url(self) -> str:
        """An address for answers to a click."""
        return self.api_url.replace("/api/", "/response/1")

    def stop(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def fail(self, method: str, *faults: Fault) -> None:
        """Let the next calls of `method` go wrong, one fault a call."""
        self.faults[method].extend(faults)

    def standing(self, channel: str | None = None) -> list[Message]:
        """The messages that can be seen now, in the order of posting."""
        now = self.clock()
        return [m for m in self.messages if m.visible_at <= now and channel in (None, m.channel)]

    def take(self, channel: str, *containing: str, thread: str | None = None) -> Message:
        """Take the oldest expected message that nobody has taken; fails when it is not there."""
        for message in self.standing(channel):
            if (
                not message.taken
                and message.thread == thread
                and all(part in message.words for part in containing)
            ):
                message.taken = True
                return message
        left = [(m.thread, m.text) for m in self.standing(channel) if not m.taken]
        raise AssertionError(f"no message with {containing} in {channel} thread {thread}; there are {left}")

    def verify(self) -> None:
        """Fail on broken rules, on messages that nobody expected, and on an idempotency key used twice."""
        assert self.broken_rules == []
        unexpected = [(m.channel, m.thread, m.text) for m in self.standing() if not m.taken]
        assert unexpected == [], "messages that nobody expected"
        keys = [m.key for m in self.messages]
        assert len(keys) == len(set(keys)), "a message stands twice"

    def trigger(self) -> str:
        """A trigger id, good for three seconds and one use."""
        with self._lock:
            name = f"trigger-{next(self._numbers)}"
            self._triggers[name] = time.monotonic()
            return name

    # -- one call ---------------------------------------------------------------------------------------------

    def answer(self, method: str, arguments: Json, token: str) -> tuple[int, Json, dict[str, str]] | None:
        """Status, body and headers of a call; None drops the connection."""
        self.calls.append(Call(method, arguments, self.clock()))
        with self._lock:
            fault = self.faults[method].pop(0) if self.faults[method] else None
        if self.down or (fault and fault.kind == "drop"):
            return None
        if fault and fault.kind == "slow":
            time.sleep(fault.seconds)
        if fault and fault.kind == "status" and not fault.accept:
            return self._status(fault)
        if fault and fault.kind == "error":
            return 200, {"ok": False, "error": fault.error}, {}
        with self._lock:
            given = self._handle(method, arguments, token, fault)
        if fault and fault.kind == "accept_then_drop":
            return None
        return self._status(fault) if fault and fault.kind == "status" else given

    @staticmethod
    def _status(fault: Fault) -> tuple[int, Json, dict[str, str]]:
        headers = {"Retry-After": str(int(fault.seconds))} if fault.status == 429 else {}
        error = "ratelimited" if fault.status == 429 else "internal_error"
        return fault.status, {"ok": False, "error": error}, headers

    def _handle(
        self, method: str, arguments: Json, token: str, fault: Fault | None
    ) -> tuple[int, Json, dict[str, str]]:
        wanted = APP_TOKEN if method == "apps.connections.open" else BOT_TOKEN
        if self.revoked:
            return 200, {"ok": False, "error": "token_revoked"}, {}
        if token != wanted:
            return 200, {"ok": False, "error": "invalid_auth"}, {}
        handler = getattr(self, "_do_" + method.replace(".", "_"), None)
        if handler is None:
            self.broken_rules.append(f"unexpected method {method}")
            return 200, {"ok": False, "error": "unknown_method"}, {}
        try:
            later = fault.seconds if fault and fault.kind == "accept_then_drop" else 0.0
            more = {"vanishes": True} if fault and fault.kind == "vanish" else {}
            return 200, {"ok": True, **handler(arguments, later, **more)}, {}
        except _RateLimited:
            return 429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "1"}
        except SlackError as error:
            return 200, {"ok": False, "error": str(error)}, {}

    def _channel(self, name: str, *, by_name: bool = False) -> str:
        found = name if name in self.channels else None
        if by_name and found is None:
            found = next((c for c, called in self.channels.items() if name == f"#{called}"), None)
            if found is None and name.startswith("U"):
                found = f"D{name[1:]}"
                self.channels.setdefault(found, f"dm-{name}")
                self.members.add(found)
        if found is None:
            raise SlackError("channel_not_found")
        if found in self.archived:
            raise SlackError("is_archived")
        if found not in self.members:
            raise SlackError("not_in_channel")
        return found

    def _limit_rate(self, channel: str) -> None:
        if not self.rate_limited:
            return
        now = self.clock()
        recent = [at for at in self._posts[channel] if now - at < BURST]
        if len(recent) >= BURST:
            raise _RateLimited
        self._posts[channel] = [*recent, now]

    def _break(self, method: str, faults: Any) -> None:
        found = [f"{method}: {fault}" for fault in faults]
        self.broken_rules.extend(found)
        if found:
            raise SlackError("invalid_arguments")

    def _do_auth_test(self, arguments: Json, later: float) -> Json:
        return {"user": "crisis-monitor", "team": "Nordtåg", "user_id": "UBOT00001", "bot_id": "B1"}

    def _do_chat_postMessage(self, arguments: Json, later: float, vanishes: bool = False) -> Json:
        channel = self._channel(arguments["channel"], by_name=True)
        blocks = json.loads(arguments.get("blocks", "[]"))
        metadata = json.loads(arguments.get("metadata", "{}"))
        self._break("chat.postMessage", message_faults(arguments, blocks, metadata))
        self._break("chat.postMessage", unfurl_faults(arguments))
        self._limit_rate(channel)
        thread = arguments.get("thread_ts")
        if thread is not None and not any(m.ts == thread for m in self.messages):
            raise SlackError("thread_not_found")
        now = self.clock() + later
        message = Message(
            channel=channel,
            ts=f"{now:.0f}.{next(self._numbers):06d}",
            text=arguments["text"],
            blocks=blocks,
            metadata=metadata,
            thread=thread,
            broadcast=arguments.get("reply_broadcast") == "1",
            visible_at=now,
        )
        if not vanishes:
            self.messages.append(message)
        return {"ts": message.ts, "channel": channel, "message": {"text": message.text}}

    def _do_chat_update(self, arguments: Json, later: float) -> Json:
        channel = self._channel(arguments["channel"])
        blocks = json.loads(arguments.get("blocks", "[]"))
        self._break("chat.update", message_faults(arguments, blocks, json.loads(arguments["metadata"])))
        message = next((m for m in self.messages if m.ts == arguments["ts"] and m.channel == channel), None)
        if message is None:
            raise SlackError("message_not_found")
        if _reused(message.blocks, blocks):
            self._break("chat.update", ["changed blocks keep their block_id: clients may not redraw them"])
        if json.loads(arguments["metadata"]) != message.metadata:
            self._break(
                "chat.update", ["an edit changes the idempotency key: the message cannot be found any more"]
            )
        message.text, message.blocks, message.edits = arguments["text"], blocks, message.edits + 1
        return {"ts": message.ts, "channel": channel, "text": message.text}

    def _do_chat_postEphemeral(self, arguments: Json, later: float) -> Json:
        self._channel(arguments["channel"], by_name=True)
        self._break(
            "chat.postEphemeral",
            text_faults({"type": "mrkdwn", "text": arguments["text"], "verbatim": True}, 4000),
        )
        self.ephemerals.append(arguments)
        return {"message_ts": f"{self.clock():.0f}.000000"}

    def _do_conversations_history(self, arguments: Json, later: float) -> Json:
        return self._page(arguments, [m for m in self._of(arguments) if m.thread is None or m.broadcast])

    def _do_conversations_replies(self, arguments: Json, later: float) -> Json:
        return self._page(arguments, [m for m in self._of(arguments) if arguments["ts"] in (m.thread, m.ts)])

    def _of(self, arguments: Json) -> list[Message]:
        oldest = float(arguments.get("oldest", 0))
        standing = self.standing(self._channel(arguments["channel"]))
        return [m for m in standing if float(m.ts) >= oldest]

    def _page(self, arguments: Json, found: list[Message]) -> Json:
        start, limit = int(arguments.get("cursor") or 0), int(arguments.get("limit", 100))
        newest_first = found[::-1][start : start + limit]
        shown = [
            {
                "ts": m.ts,
                "text": m.text,
                **({"metadata": m.metadata} if arguments.get("include_all_metadata") == "1" else {}),
            }
            for m in newest_first
        ]
        more = start + limit < len(found)
        return {
            "messages": shown,
            "has_more": more,
            "response_metadata": {"next_cursor": str(start + limit) if more else ""},
        }

    def _do_conversations_list(self, arguments: Json, later: float) -> Json:
        found = [{"id": c, "name": name} for c, name in sorted(self.channels.items()) if not c.startswith("D")]
        start = int(arguments.get("cursor") or 0)
        following = str(start + 1) if start + 1 < len(found) else ""
        return {"channels": found[start : start + 1], "response_metadata": {"next_cursor": following}}

    def _do_conversations_open(self, arguments: Json, later: float) -> Json:
        return {"channel": {"id": self._channel(arguments["users"], by_name=True)}}

    def _do_views_open(self, arguments: Json, later: float) -> Json:
        view = json.loads(arguments["view"])
        self._break("views.open", modal_faults(view))
        asked = self._triggers.pop(arguments.get("trigger_id", ""), None)
        if asked is None:
            raise SlackError("invalid_trigger_id")
        if time.monotonic() - asked > 3:
            raise SlackError("expired_trigger_id")
        self.views.append(view)
        return {"view": {"id": f"V{len(self.views)}"}}

    def _do_apps_connections_open(self, arguments: Json, later: float) -> Json:
        return {"url": self.socket_url}

    def _do_files_getUploadURLExternal(self, arguments: Json, later: float) -> Json:
        self.uploads.append(
            {"name": arguments["filename"], "alt": arguments.get("alt_text") or arguments.get("alt_txt")}
        )
        return {
            "upload_url": self.api_url.replace("/api/", f"/upload/{len(self.uploads) - 1}"),
            "file_id": f"F{len(self.uploads)}",
        }

    def _do_files_completeUploadExternal(self, arguments: Json, later: float) -> Json:
        channel = self._channel(arguments["channel_id"])
        files = json.loads(arguments["files"])
        for given in files:
            upload = self.uploads[int(given["id"][1:]) - 1]
            upload |= {"channel": channel, "thread": arguments.get("thread_ts"), "title": given.get("title")}
        return {"files": files}

    def _do_conversations_members(self, arguments: Json, later: float) -> Json:
        return {"members": self.belongs.get(self._channel(arguments["channel"]), [])}

    def _do_usergroups_users_list(self, arguments: Json, later: float) -> Json:
        return {"users": self.belongs.get(arguments["usergroup"], [])}

    def receive_response(self, body: Json) -> None:
        """Keep an answer that came through a response_url."""
        self.broken_rules += response_faults(body)
        self.answers.append(body["text"])

    def receive_upload(self, number: int, body: bytes) -> None:
        """Keep the bytes of an upload."""
        self.uploads[number]["bytes"] = body


def _reused(before: list[Json], after: list[Json]) -> bool:
    """Does a block that says something else keep the id of a block that stood there?"""
    stood = {block.get("block_id"): block for block in before}
    return any(block.get("block_id") in stood and stood[block["block_id"]] != block for block in after)


class _RateLimited(Exception):  # noqa: N818 - not an error of ours
    pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, slack: FakeSlack) -> None:
        self.slack = slack
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A dropped connection is what the test wanted: say nothing."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path.startswith("/response/"):
            self.server.slack.receive_response(json.loads(body))
            self._reply(200, b"ok", {})
            return
        if self.path.startswith("/upload/"):
            self.server.slack.receive_upload(int(self.path.rpartition("/")[2]), body)
            self._reply(200, b"OK", {})
            return
        method = self.path.rpartition("/")[2]
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        answer = self.server.slack.answer(method, dict(parse_qsl(body.decode(), keep_blank_values=True)), token)
        if answer is None:
            self.close_connection = True
            self.connection.close()
            return
        status, said, headers = answer
        self._reply(status, json.dumps(said).encode(), headers)

    def _reply(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {
            **headers,
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""
