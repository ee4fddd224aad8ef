"""`run`: the daemon. Opens the store, takes the lock, starts schedule and web server, and stops gracefully.

A changed config file is taken into use when it loads; a wrong one is named in the log and changes nothing.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import FrameType

import structlog

from alerts.channels.registry import build_channels
from monitor.assembly import Monitor, build_monitor
from monitor.clock import Clock, SystemClock
from monitor.collectors.http import Network
from monitor.config import Loaded
from monitor.config_loader import ConfigError, load_config
from monitor.jobs import COLLECT_POOL, Job
from monitor.logs import set_up_logs
from monitor.opening import opened
from monitor.output import FAILED, FINE, CommandError, amount
from monitor.schedule import Schedule
from monitor.slack_listening import SlackListening
from monitor.steady_memory import give_back_large_blocks
from monitor.store.errors import StoreLocked
from monitor.store.store import Store
from monitor.systemd import notify
from monitor.versions import bring_scores_up_to_date, bring_themes_up_to_date
from monitor.watch import Watch

log = structlog.get_logger("monitor.daemon")

POOLS = {COLLECT_POOL: 16, "core": 4, "deliver": 2}
RELOAD_EVERY = timedelta(seconds=10)
WATCH_EVERY = timedelta(seconds=30)
TERMINATING = (signal.SIGTERM, signal.SIGINT)


def run_daemon(config_file: Path, *, once: bool = False) -> int:
    """The command `run`. Returns when it was told to stop. Raises ConfigError, CommandError."""
    set_up_logs()
    give_back_large_blocks()
    clock = SystemClock()
    loaded = load_config(config_file)
    with opened(loaded.config, clock) as store, _locked(store, clock):
        daemon = Daemon(config_file, loaded, store, clock)
        return daemon.once() if once else daemon.run()


@contextmanager
def _locked(store: Store, clock: Clock) -> Iterator[None]:
    try:
        with store.lock("daemon", clock.now()):
            yield
    except StoreLocked as error:
        raise CommandError(str(error), FAILED) from error


@dataclass
class Daemon:
    """A running daemon: its monitor, its schedule, its web server."""

    config_file: Path
    loaded: Loaded
    store: Store
    clock: Clock
    network: Network = field(init=False)
    monitor: Monitor = field(init=False)
    schedule: Schedule = field(init=False)
    watch: Watch = field(init=False)
    clicks: SlackListening = field(init=False)
    stop: threading.Event = field(default_factory=threading.Event)
    _modified: float = 0.0

    def __post_init__(self) -> None:
        self.network = Network(self.clock)
        self._modified = self.config_file.stat().st_mtime
        self.monitor = self._build()
        self.watch = Watch(self.store, self.clock, self.network)
        self.clicks = SlackListening(lambda action: self.monitor.pipeline.act(action), self.store, self.clock)

    def once(self) -> int:
        """One pass over everything, then the end."""
        self._start_pipeline(self.clock.now())
        self.monitor.once()
        return FINE

    def run(self) -> int:
        """Run until SIGTERM or SIGINT."""
        for number in TERMINATING:
            signal.signal(number, self._on_signal)
        signal.signal(signal.SIGHUP, self._on_reload)
        self._start_pipeline(self.clock.now())
        self.schedule = Schedule(self.jobs(), self.clock, pool_sizes=POOLS)
        self.watch.schedule = self.schedule
        with self._web(), self._clicks():
            self.schedule.start()
            self._announce()
            notify("READY=1")
            self.stop.wait()
            self._shut_down()
        return FINE

    def jobs(self) -> list[Job]:
        """The monitor's job table and the daemon's own: reload, watch."""
        return [
            *self.monitor.jobs(),
            Job("reload", RELOAD_EVERY, self._reload_if_changed),
            Job("watch", WATCH_EVERY, self._watch),
        ]

    def reload(self, now: datetime) -> bool:
        """Take the config file into use if it loads; False, and everything as before, when it does not."""
        try:
            loaded = load_config(self.config_file)
        except (ConfigError, OSError) as error:
            log.error("the changed config does not load; the one in force stays", file=str(self.config_file))
            for problem in error.problems if isinstance(error, ConfigError) else (error,):
                log.error(str(problem))
            return False
        if loaded.config.database != self.loaded.config.database or loaded.config.web != self.loaded.config.web:
            log.warning("database and web address change only with a restart")
        self.loaded = loaded
        before = self.monitor
        before.stopping.set()
        self.monitor = self._build()
        for runner in before.runners.values():
            runner.collector.close()
        self._start_pipeline(now)
        self.schedule.replace(self.jobs())
        self.clicks.follow(loaded.config)
        log.info("config taken into use", file=str(self.config_file))
        return True

    def _build(self) -> Monitor:
        config = self.loaded.config
        self.network.introduce(config.contact)
        return build_monitor(config, self.store, self.clock, build_channels(config.alerts), self.network)

    def _start_pipeline(self, now: datetime) -> None:
        bring_scores_up_to_date(self.store, self.loaded.config, now)
        bring_themes_up_to_date(self.store, self.loaded.config, now)
        self.monitor.pipeline.start(now)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.stop.set()

    def _on_reload(self, _number: int, _frame: FrameType | None) -> None:
        self._modified = 0.0
        self.schedule.wake("reload")

    def _reload_if_changed(self, now: datetime) -> None:
        try:
            modified = self.config_file.stat().st_mtime
        except FileNotFoundError:
            return
        if modified != self._modified:
            self._modified = modified
            self.reload(now)

    def _watch(self, now: datetime) -> None:
        if self.watch.check(self.loaded, self.monitor, now):
            notify("WATCHDOG=1")

    def _announce(self) -> None:
        config = self.loaded.config
        brands = ", ".join(brand.name for brand in config.brands) or "no brand"
        slack = config.alerts.slack
        where = f"Slack {slack.channel}" if slack else "this console (Slack is not set up)"
        sys.stdout.write(
            f"crisis-monitor watches {brands} through {amount(len(self.loaded.sources), 'source')}. "
            f"Database {self.store.name}, pages http://{config.web.listen}/, config {self.config_file}, "
            f"alerts to {where}. Stop with Ctrl-C.\n"
        )
        for part in self.loaded.off:
            sys.stdout.write(f"  {part}\n")
        sys.stdout.flush()

    @contextmanager
    def _web(self) -> Iterator[None]:
        from monitor.web.server import serving

        with serving(self):
            yield

    @contextmanager
    def _clicks(self) -> Iterator[None]:
        self.clicks.follow(self.loaded.config)
        try:
            yield
        finally:
            self.clicks.stop()

    def _shut_down(self) -> None:
        notify("STOPPING=1")
        log.info("stopping: finishing what is under way")
        self.monitor.stopping.set()
        self.schedule.stop()
        self.monitor.pipeline.save_snapshots(self.clock.now())
        log.info("stopped; nothing is half-done")
