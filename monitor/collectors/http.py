"""The only way out: every collector calls its platform through an `HttpSession`.

It sends a descriptive User-Agent, verifies TLS always, reads answers as a stream within a size and a time limit,
follows at most five redirects (never from https to http, credentials never to another host), refuses calls other
than GET that the collector did not declare, keeps within the platform's limits, and turns every failure into a
SourceError in plain words without secrets. Proxies come from the environment (`HTTPS_PROXY`, `NO_PROXY`).

    Network(clock)                      one a process: TLS context, meters, the transport (an argument)
      .session(non_get=…, secrets=…)    one a source: HttpSession.get / .post -> Answer

Errors: SourceError (no answer; `pause` when a limit is used up) > HttpError (an answer that is an error).
"""

from __future__ import annotations

import logging
import ssl
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from urllib.request import getproxies, proxy_bypass

import httpx

from monitor.clock import Clock
from monitor.collectors.answers import Answer, HttpError, error_of_exception, error_of_status
from monitor.collectors.base import SourceError
from monitor.collectors.calls import CHECK_ADDRESS, Call, Limits, Validators, prepared, redirected, refuse_unlisted
from monitor.collectors.rate_limits import Budget, Meter, read_wait
from monitor.collectors.redaction import Redactor
from monitor.collectors.urls import Resolver, refuse_private, resolve

__all__ = ["Answer", "Budget", "HttpError", "HttpSession", "Limits", "Network", "Validators"]

Params = Mapping[str, Any] | list[tuple[str, Any]]
_REDIRECTS = (301, 302, 303, 307, 308)
_FOR_GOOD = (301, 308)
_LESS = "It is tried again. If this stays, ask for less: fewer things, or another address."


class Network:
    """What all sources share: TLS context, User-Agent, who has used how much of which limit."""

    def __init__(
        self,
        clock: Clock,
        *,
        transport: httpx.BaseTransport | None = None,
        contact: str = "",
        limits: Limits | None = None,
        resolver: Resolver = resolve,
    ) -> None:
        self.clock = clock
        self.limits = limits or Limits()
        self.resolver = resolver
        self.introduce(contact)
        self._transport = transport
        self._tls: ssl.SSLContext | None = None
        self._meters: dict[tuple[str, str], Meter] = {}
        self._lock = threading.Lock()
        # httpx logs whole URLs at INFO, and those can hold keys.
        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.WARNING)

    def introduce(self, contact: str) -> None:
        """Whom a platform may write to: said with every request from now on."""
        self.user_agent = f"crisis-monitor/{_version()} ({contact or 'self-hosted; ask its operator'})"

    def session(
        self,
        *,
        non_get: Collection[str] = (),
        secrets: Collection[str] = (),
        budget: Budget | None = None,
    ) -> HttpSession:
        """A session for one source. `non_get`: its calls besides GET; `budget`: per host and account."""
        return HttpSession(self, Redactor(secrets), tuple(non_get), budget, account="|".join(sorted(secrets)))

    def client(self) -> httpx.Client:
        """A fresh client: no cookies or connections are shared between sources."""
        limits = self.limits
        timeout = httpx.Timeout(limits.read_seconds, connect=limits.connect_seconds)
        if self._transport is not None:
            return httpx.Client(transport=self._transport, timeout=timeout)
        with self._lock:  # loading the authorities takes 20 ms and a megabyte: once a process
            self._tls = self._tls or httpx.create_ssl_context()
        return httpx.Client(verify=self._tls, timeout=timeout)

    def meter(self, host: str, account: str, budget: Budget | None) -> Meter:
        """The meter of an account at a host, shared by all sources that use it."""
        with self._lock:
            key = (host, account)
            if key not in self._meters:
                self._meters[key] = Meter(budget, self.clock.now())
            return self._meters[key]

    def is_proxied(self, url: httpx.URL) -> bool:
        """Whether the environment sends this call through a proxy (which then resolves the name)."""
        return self._transport is None and url.scheme in getproxies() and not proxy_bypass(url.host)


def _version() -> str:
    try:
        return version("crisis-monitor")
    except PackageNotFoundError:
        return "0"


class HttpSession:
    """One source's calls. Used by one thread at a time. Made by `Network.session`."""

    def __init__(
        self, network: Network, redact: Redactor, non_get: tuple[str, ...], budget: Budget | None, account: str
    ) -> None:
        self.redact = redact
        self._network = network
        self._non_get = non_get
        self._budget = budget
        self._account = account
        self._client: httpx.Client | None = None
        self._hosts: set[str] = set()

    def get(
        self,
        url: str,
        *,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        credentials: Mapping[str, str] | None = None,
        also_ok: Collection[int] = (),
        from_content: bool = False,
        cost: float = 1,
        max_bytes: int | None = None,
    ) -> Answer:
        """GET a URL. Raises SourceError.

        `credentials` are headers that never go to another host; `also_ok` are statuses ≥ 300 that the collector
        understands (304, 404 …) and gets as an Answer; `from_content` must be True for a URL that a platform's
        content gave (it may not be private); `cost` counts against the budget.
        """
        call = Call(
            "GET", self._url(url, params), dict(headers or {}), dict(credentials or {}), None, from_content
        )
        return self._ask(call, also_ok, cost, max_bytes)

    def post(
        self,
        url: str,
        *,
        json: object = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        credentials: Mapping[str, str] | None = None,
        also_ok: Collection[int] = (),
        cost: float = 1,
    ) -> Answer:
        """POST to a declared path (a login, a read by POST). It is never redirected. Raises SourceError."""
        request = (
            httpx.Request("POST", "http://x", json=json)
            if form is None
            else httpx.Request("POST", "http://x", data=form)
        )
        merged = {"Content-Type": request.headers.get("content-type", ""), **dict(headers or {})}
        call = Call("POST", self._url(url, None), merged, dict(credentials or {}), request.content)
        return self._ask(call, also_ok, cost, None)

    @property
    def user_agent(self) -> str:
        """Who we say we are: for collectors that open a stream by themselves."""
        return self._network.user_agent

    def now(self) -> datetime:
        """The time, for collectors that listen for a while."""
        return self._network.clock.now()

    def demand_public(self, url: str) -> None:
        """For streams whose address a platform told: raises SourceError where it is private."""
        web = httpx.URL(url)
        refuse_private(web.copy_with(scheme=web.scheme.replace("ws", "http", 1)), self._network.resolver)

    def hide(self, secret: str) -> None:
        """Keep a token that came while running out of every message."""
        self.redact.hide(secret)

    def meter(self, host: str) -> Meter:
        """The limits of a host as this source's account has them."""
        self._hosts.add(host)
        return self._network.meter(host, self._account, self._budget)

    def spare(self) -> float:
        """The share (0–1) of all known limits that is left, for adaptive polling."""
        now = self._network.clock.now()
        return min((self.meter(host).spare(now) for host in tuple(self._hosts)), default=1.0)

    def close(self) -> None:
        """Give connections back."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _url(self, url: str, params: Params | None) -> httpx.URL:
        try:
            made = httpx.URL(url)
            return made.copy_merge_params(params) if params else made
        except (httpx.InvalidURL, ValueError, TypeError):
            pass
        raise SourceError(
            f'"{self.redact(str(url)[:100])}" is not a web address.',
            permanent=True,
            remedy="Correct the address in the config.",
        )

    def _ask(self, call: Call, also_ok: Collection[int], cost: float, max_bytes: int | None) -> Answer:
        refuse_unlisted(call, self._non_get)
        asked, for_good = call.url, True
        for _ in range(self._network.limits.max_redirects + 1):
            answer = self._send(call, cost, max_bytes or self._network.limits.max_bytes)
            if answer.status not in _REDIRECTS or "location" not in answer.headers:
                moved = str(call.url) if for_good and call.url != asked else None
                return self._judged(replace(answer, moved_to=moved), also_ok)
            for_good = for_good and answer.status in _FOR_GOOD
            call = redirected(call, answer)
        raise answer.error("sends us round in circles (more than five redirects).", remedy=CHECK_ADDRESS)

    def _send(self, call: Call, cost: float, max_bytes: int) -> Answer:
        network, host = self._network, call.url.host
        meter = network.meter(host, "", None) if call.guarded else self.meter(host)
        meter.before_call(host, cost, network.clock.now())
        request = prepared(call, network.user_agent, network.resolver, proxied=network.is_proxied(call.url))
        problem: Exception
        try:
            with (
                self._client_for(call) as client,
                client.stream(
                    request.method,
                    request.url,
                    headers=request.headers,
                    content=call.content,
                    extensions=request.extensions,
                ) as response,
            ):
                meter.after_answer(response.headers, network.clock.now())
                body = self._body(response, host, max_bytes)
                return Answer(response.status_code, str(call.url), response.headers, body, self.redact)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError) as exc:
            problem = exc
        # Raised outside: the original exception carries the request with its headers.
        raise error_of_exception(host, problem, self.redact)

    @contextmanager
    def _client_for(self, call: Call) -> Iterator[httpx.Client]:
        """The source's own client; for a guarded call a fresh one.

        Guarded calls go to a bare address, and connections are pooled by address: one that was verified for
        another name must not be used again.
        """
        if not call.guarded:
            yield self._opened()
            return
        with self._network.client() as client:
            yield client

    def _opened(self) -> httpx.Client:
        if self._client is None:
            self._client = self._network.client()
        self._client.cookies.clear()  # a source is one account by its token, not by a cookie
        return self._client

    def _body(self, response: httpx.Response, host: str, max_bytes: int) -> bytes:
        """The decoded body, read as a stream so that neither its size nor its slowness can hurt."""
        monotonic, limits = self._network.clock.monotonic, self._network.limits
        started, parts, size = monotonic(), [], 0
        for part in response.iter_bytes():
            size += len(part)
            if size > max_bytes:
                raise SourceError(f"{host} sent more than {max_bytes // 1_000_000} MB; not read.", remedy=_LESS)
            if monotonic() - started > limits.total_seconds:
                raise SourceError(f"{host} is too slow (over {limits.total_seconds:.0f} s).", remedy=_LESS)
            parts.append(part)
        return b"".join(parts)

    def _judged(self, answer: Answer, also_ok: Collection[int]) -> Answer:
        if answer.status < 300 or answer.status in also_ok:
            return answer
        limited = answer.status in (429, 503) or "retry-after" in answer.headers
        wait: timedelta | None = read_wait(answer.headers, self._network.clock.now()) if limited else None
        raise error_of_status(answer, wait)
