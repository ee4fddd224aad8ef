"""The web server beside the schedule: hooks for pushed sources, pages, `/healthz`, `/metrics`."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import structlog
import uvicorn

from monitor.output import CommandError
from monitor.web.app import build_app

if TYPE_CHECKING:
    from monitor.daemon import Daemon

log = structlog.get_logger("monitor.web")

START_SECONDS = 30.0
STOP_SECONDS = 5


class _Server(uvicorn.Server):
    """uvicorn in a thread: signals belong to the daemon."""

    def install_signal_handlers(self) -> None:
        """The daemon has its own."""


@contextmanager
def serving(daemon: Daemon) -> Iterator[int]:
    """Serve while the body runs; yields the port. Raises CommandError when the address cannot be used."""
    host, port = daemon.loaded.config.web.address
    config = uvicorn.Config(
        build_app(daemon),
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    server = _Server(config)
    thread = threading.Thread(target=_run, args=(server,), name="web", daemon=True)
    thread.start()
    try:
        yield _wait_until_up(server, thread, f"{host}:{port}")
    finally:
        server.should_exit = True
        thread.join(STOP_SECONDS + 1)


def _run(server: uvicorn.Server) -> None:
    try:
        server.run()
    except SystemExit:
        log.error("the web server could not start")


def _wait_until_up(server: uvicorn.Server, thread: threading.Thread, address: str) -> int:
    deadline = time.monotonic() + START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise CommandError(f"web.listen: {address} cannot be used. Is another program listening there?")
        time.sleep(0.01)
    return int(server.servers[0].sockets[0].getsockname()[1])
