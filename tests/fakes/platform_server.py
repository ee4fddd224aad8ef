"""What fakes of platforms share: they answer httpx requests in memory or over loopback, and misbehave on demand.

A fake subclasses `FakePlatform` and writes `answer(request)`. `transport()` plugs it into `Network(transport=…)`
(no sockets, simulated time); `serve()` puts the same fake on 127.0.0.1 for tests with a real process.
Faults are queued with `fail(fault, times=…)`; `ALWAYS` lasts until `recover()`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

from monitor.clock import SimulatedClock

ALWAYS = 10**9
Fault = Callable[[httpx.Request, Callable[[httpx.Request], httpx.Response], SimulatedClock], httpx.Response]
"""(request, the real answer, clock) → what comes instead."""


@dataclass
class _Planned:
    fault: Fault
    times: int
    after: int
    match: str


@dataclass
class FakePlatform:
    """A platform that can be scripted. `requests` holds everything it was asked."""

    clock: SimulatedClock
    requests: list[httpx.Request] = field(default_factory=list)
    _planned: list[_Planned] = field(default_factory=list)

    def answer(self, request: httpx.Request) -> httpx.Response:
        """The right answer to a request."""
        raise NotImplementedError

    def fail(self, fault: Fault, *, times: int = 1, after: int = 0, match: str = "") -> None:
        """Misbehave `times` times, after `after` good answers, where the URL contains `match`."""
        self._planned.append(_Planned(fault, times, after, match))

    def recover(self) -> None:
        """Behave from now on."""
        self._planned.clear()

    def handle(self, request: httpx.Request) -> httpx.Response:
        """Answer or misbehave."""
        self.requests.append(request)
        for planned in self._planned:
            if planned.match not in str(request.url):
                continue
            if planned.after > 0:
                planned.after -= 1
            elif planned.times > 0:
                planned.times -= 1
                return planned.fault(request, self.answer, self.clock)
        return self.answer(request)

    def transport(self) -> httpx.MockTransport:
        """For `Network(transport=…)`."""
        return httpx.MockTransport(self.handle)

    @contextmanager
    def serve(self) -> Iterator[str]:
        """The same fake on a loopback port; yields its base URL."""
        handle, lock = self.handle, threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                url = f"http://{self.headers['host']}{self.path}"
                request = httpx.Request(self.command, url, headers=list(self.headers.items()), content=body)
                with lock:
                    response = handle(request)
                try:
                    content = response.read()
                except httpx.HTTPError:  # a cut body: promise more than is sent, and hang up
                    content, self.close_connection = b"", True
                    response.headers["content-length"] = "1000"
                self.send_response(response.status_code)
                for name, value in response.headers.items():
                    if name not in ("content-length", "transfer-encoding", "content-encoding"):
                        self.send_header(name, value)
                length = "1000" if self.close_connection and not content else str(len(content))
                self.send_header("content-length", length)
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = _serve  # noqa: N815  # the names that http.server looks for

            def log_message(self, *args: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def status(code: int, body: str = "", headers: dict[str, str] | None = None) -> Fault:
    """An answer with a status."""
    return lambda request, answer, clock: httpx.Response(code, text=body, headers=headers)


def html_page(request: httpx.Request, answer: object, clock: object) -> httpx.Response:
    """A web page with status 200 where data was asked for."""
    page = "<!DOCTYPE html><html><head><title>Consent</title></head><body>Before you go on …</body></html>"
    return httpx.Response(200, text=page, headers={"content-type": "text/html; charset=utf-8"})


class _Broken(httpx.SyncByteStream):
    """Sends parts, calling `between` before each, then breaks off with `ending` if there is one."""

    def __init__(self, parts: list[bytes], between: Callable[[], None], ending: Exception | None) -> None:
        self.parts, self.between, self.ending = parts, between, ending

    def __iter__(self) -> Iterator[bytes]:
        for part in self.parts:
            self.between()
            yield part
        if self.ending is not None:
            raise self.ending


def _with_stream(response: httpx.Response, stream: httpx.SyncByteStream) -> httpx.Response:
    headers = {name: value for name, value in response.headers.items() if name != "content-length"}
    return httpx.Response(response.status_code, headers=headers, stream=stream)


def cut_body(
    request: httpx.Request, answer: Callable[[httpx.Request], httpx.Response], clock: object
) -> httpx.Response:
    """The connection breaks in the middle of the body."""
    response = answer(request)
    half = response.read()[: len(response.content) // 2]
    return _with_stream(
        response, _Broken([half], lambda: None, httpx.RemoteProtocolError("peer closed connection"))
    )


def cut_silently(
    request: httpx.Request, answer: Callable[[httpx.Request], httpx.Response], clock: object
) -> httpx.Response:
    """Half a body that pretends to be whole."""
    response = answer(request)
    return _with_stream(response, _Broken([response.read()[: len(response.content) // 2]], lambda: None, None))


def slow_body(
    request: httpx.Request, answer: Callable[[httpx.Request], httpx.Response], clock: SimulatedClock
) -> httpx.Response:
    """A body that drips: two seconds a byte."""
    content = answer(request).read() or b" "
    parts = [content[i : i + 1] for i in range(len(content))]
    return _with_stream(answer(request), _Broken(parts, lambda: clock.advance(timedelta(seconds=2)), None))


def endless_body(request: httpx.Request, answer: object, clock: object) -> httpx.Response:
    """A body that never ends."""

    def parts() -> Iterator[bytes]:
        while True:
            yield b" " * 1_000_000

    return httpx.Response(200, content=parts(), headers={"content-type": "application/json"})


def no_connection(request: httpx.Request, answer: object, clock: object) -> httpx.Response:
    """Nobody listens."""
    raise httpx.ConnectError("[Errno 111] Connection refused", request=request)


def timeout(request: httpx.Request, answer: object, clock: object) -> httpx.Response:
    """Somebody listens and says nothing."""
    raise httpx.ReadTimeout("timed out", request=request)


RATE_LIMIT_DIALECTS: dict[str, Callable[[datetime], dict[str, str]]] = {
    "retry-after in seconds": lambda end: {"retry-after": "90"},
    "retry-after as a date": lambda end: {"retry-after": format_datetime(end, usegmt=True)},
    "ISO 8601": lambda end: {
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": end.isoformat(timespec="microseconds"),
    },
    "epoch seconds": lambda end: {"ratelimit-remaining": "0", "ratelimit-reset": str(int(end.timestamp()))},
    "seconds left": lambda end: {"x-ratelimit-remaining": "0.0", "x-ratelimit-reset": "90"},
    "nothing": lambda end: {},
}
"""The dialects in which platforms say when they want to be asked again: the headers for `end`, 90 s from now."""


def rate_limited(dialect: str) -> Fault:
    """429 in one of the dialects, until 90 seconds from now."""

    def fault(request: httpx.Request, answer: object, clock: SimulatedClock) -> httpx.Response:
        end = clock.now() + timedelta(seconds=90)
        headers = RATE_LIMIT_DIALECTS[dialect](end)
        return httpx.Response(429, json={"error": "Too many requests"}, headers=headers)

    return fault
