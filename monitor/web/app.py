"""What the web server answers: hooks, pages for people on this machine, health, metrics."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, cast

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse

from monitor.collectors.base import PushCollector
from monitor.status import gather_status
from monitor.web.hooks import Hooks
from monitor.web.pages import Pages

if TYPE_CHECKING:
    from monitor.daemon import Daemon

SAFE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class CurrentSink:
    """The sink of whatever monitor is current: a reload builds a new one."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon

    def __getattr__(self, name: str) -> Any:
        return getattr(self._daemon.monitor.sink, name)


def build_app(daemon: Daemon) -> FastAPI:
    """The application of one daemon. It reads the daemon's current monitor at every request."""
    app = FastAPI(title="crisis-monitor", docs_url=None, redoc_url=None, openapi_url=None)

    def collector_of(name: str) -> PushCollector | None:
        runner = daemon.monitor.runners.get(name)
        pushed = runner is not None and hasattr(runner.collector, "receive")
        return cast(PushCollector, runner.collector) if runner is not None and pushed else None

    def wake(name: str) -> None:
        daemon.schedule.wake(f"collect:{name}")

    app.include_router(Hooks(collector_of, CurrentSink(daemon), daemon.clock, wake).router())
    pages = Pages(daemon)

    @app.middleware("http")
    async def add_headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await call_next(request)
        for name, value in SAFE_HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    @app.get("/healthz")
    def healthz() -> JSONResponse:
        failures = daemon.watch.failures
        return JSONResponse({"well": not failures, "failures": failures}, 503 if failures else 200)

    @app.get("/metrics")
    def metrics() -> PlainTextResponse:
        from monitor.web.metrics import metrics_text

        return PlainTextResponse(metrics_text(gather_status(daemon.store, daemon.loaded, daemon.clock.now())))

    @app.get("/")
    def now(request: Request) -> HTMLResponse:
        return pages.now(request)

    @app.get("/incidents/{number}")
    def incident(request: Request, number: int) -> HTMLResponse:
        return pages.incident(request, number)

    return app
