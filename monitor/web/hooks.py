"""`/hooks/NAME`: where desks, suites and platforms send their news to a pushed source.

Answers: 202 something was taken; 200 all of it was known; 400 something was refused (the good items are stored all
the same); 401 not believed; 404 no such hook; 413 too large; 503 the store cannot take it now, send it again.
`notes` in the answer name items that were taken after something in them was mended. Platforms that take anything
but 200 for a failure are answered with 200 (`InboundAnswer.terse`); for their sake a GET is let through, too: they
ask by it whether the hook is ours (a challenge).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from starlette.concurrency import run_in_threadpool

from monitor.clock import Clock
from monitor.collecting import Report, Sink
from monitor.collectors.base import Batch, InboundAnswer, InboundRequest, PushCollector
from monitor.mention import Refusal

RETRY_SECONDS = 60
_LISTED = 100


@dataclass(frozen=True, slots=True)
class Hooks:
    """What the hooks work with.

    `collector_of` finds a pushed source by name, and None for any other name; `wake` has a source polled now.
    """

    collector_of: Callable[[str], PushCollector | None]
    sink: Sink
    clock: Clock
    wake: Callable[[str], None] = lambda _name: None

    def router(self) -> APIRouter:
        """The routes, to be included without a login: each sender proves itself."""
        router = APIRouter()
        for method in ("GET", "POST"):
            router.add_api_route("/hooks/{name}", self.handle, methods=[method], include_in_schema=False)
        return router

    async def handle(self, name: str, request: Request) -> Response:
        """Read the body within its limit, let the source judge it, store it, say what became of it."""
        collector = self.collector_of(name)
        if collector is None:
            return _problem(404, "no such hook")
        body = await _read_body(request, collector.max_bytes)
        if body is None:
            return _problem(413, f"more than {collector.max_bytes} bytes; send it in parts")
        inbound = InboundRequest(
            request.method, _lower(request.headers), dict(request.query_params), body, self.clock.now()
        )
        return await run_in_threadpool(self._answer, name, collector, inbound)

    def _answer(self, name: str, collector: PushCollector, inbound: InboundRequest) -> Response:
        answer = collector.receive(inbound)
        response = _plain(answer) if answer.batch is None else self._stored(name, answer.batch, answer.terse)
        if answer.poll:
            self.wake(name)
        return response

    def _stored(self, name: str, batch: Batch, terse: bool) -> Response:
        try:
            report = self.sink.save(name, batch)
        except Exception:  # whatever the store's trouble is: the sender keeps the items and sends them again
            headers = {"Retry-After": str(RETRY_SECONDS)}
            return JSONResponse({"error": "cannot be stored now; send it again"}, 503, headers)
        if batch.on_stored is not None:
            batch.on_stored()
        return PlainTextResponse("stored") if terse else JSONResponse(_told(batch, report), _status(batch, report))


async def _read_body(request: Request, longest: int) -> bytes | None:
    """The body, or None when it is longer than `longest` bytes (noticed without reading it all)."""
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > longest:
        return None
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > longest:
            return None
    return bytes(body)


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _plain(answer: InboundAnswer) -> Response:
    if answer.status >= 400:
        return _problem(answer.status, answer.text)
    return PlainTextResponse(answer.text, answer.status)


def _problem(status: int, why: str) -> Response:
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    return JSONResponse({"error": why}, status, headers)


def _refusals(batch: Batch, report: Report) -> list[dict[str, str]]:
    return _listed(batch.refusals, report.refusals)


def _listed(*parts: Iterable[Refusal]) -> list[dict[str, str]]:
    found = dict.fromkeys(chain(*parts))
    return [{"where": refusal.where, "why": refusal.why} for refusal in found]


def _status(batch: Batch, report: Report) -> int:
    if _refusals(batch, report):
        return 400
    return 202 if report.taken or report.unmatched or batch.measurements else 200


def _told(batch: Batch, report: Report) -> dict[str, Any]:
    refused = _refusals(batch, report)
    told: dict[str, Any] = {
        "taken": report.taken,
        "known": report.known,
        "unmatched": report.unmatched,
        "measurements": len(batch.measurements),
        "refused": len(refused),
    }
    if refused:
        told["refusals"] = refused[:_LISTED]
    notes = _listed(batch.notes, report.notes)
    if notes:
        told["notes"] = notes[:_LISTED]
    if report.items:
        pairs = zip(batch.mentions, report.items, strict=False)
        told["items"] = [{"id": mention.global_id, "outcome": outcome.value} for mention, outcome in pairs]
    return told
