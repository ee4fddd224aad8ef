"""A PostgreSQL of the tests' own: the binaries of the wheel `pgserver`, started by us on a loopback port.

`pgserver` itself is not imported: as root it would add a system user and leave files in the home folder. As root
the server runs as `nobody` here, because PostgreSQL refuses to run as root.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "max_connections": "40",
    "lc_messages": "C",
}
START_SECONDS = 60
HEAD = "0001"
"""The newest migration: databases that stand elsewhere after a test are not used again."""


class PostgresServer:
    """A running server with its data in a folder of its own; `stop` ends it and removes the folder."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="crisis-monitor-pg-"))
        self._as_nobody: dict[str, Any] = _as_nobody()
        if self._as_nobody:
            os.chown(self._folder, self._as_nobody["user"], self._as_nobody["group"])
        self._bin = self._reachable_binaries()
        self._process: subprocess.Popen[bytes] | None = None
        self._databases = 0
        self._free: list[str] = []
        self.port = 0

    def start(self) -> PostgresServer:
        """Make a cluster and start the server; a port that somebody else took meanwhile is tried anew."""
        self._run("initdb", "-D", self._data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "-N")
        for _ in range(5):
            self.port = _free_port()
            if self._started():
                return self
        raise RuntimeError(f"PostgreSQL did not start: {self._log.read_text(errors='replace')[-2000:]}")

    def url(self, database: str) -> str:
        """The URL of a database."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{database}"

    def new_database(self, template: str = "template1") -> str:
        """Create a database as a copy of another and return its name."""
        self._databases += 1
        name = f"test_{self._databases}"
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return name

    def borrow(self, template: str) -> str:
        """An empty copy of `template`: one that was given back, else a new one (which costs a checkpoint)."""
        return self._free.pop() if self._free else self.new_database(template)

    def give_back(self, name: str) -> None:
        """Empty a borrowed database for the next test; drop it when the test has migrated it."""
        import psycopg
        from psycopg import sql

        from monitor.store.tables import metadata

        with psycopg.connect(f"postgresql://postgres@127.0.0.1:{self.port}/{name}") as link:
            version = link.execute("SELECT version_num FROM alembic_version").fetchone()
            for table in reversed(metadata.sorted_tables):
                link.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table.name)))
        if version == (HEAD,):
            self._free.append(name)
        else:
            self.drop_database(name)

    def drop_database(self, name: str) -> None:
        """Drop a database, whoever is connected to it."""
        self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def execute(self, statement: str) -> None:
        """Run one statement outside any transaction."""
        import psycopg

        with psycopg.connect(f"postgresql://postgres@127.0.0.1:{self.port}/postgres", autocommit=True) as link:
            link.execute(statement)  # type: ignore[arg-type]

    def stop(self) -> None:
        """End the server and remove its folder."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(START_SECONDS)
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    @property
    def _log(self) -> Path:
        return self._folder / "log"

    def _started(self) -> bool:
        settings = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [str(self._bin / "postgres"), "-D", str(self._data), "-p", str(self.port), *settings],
                stdout=log,
                stderr=log,
                cwd=self._folder,
                preexec_fn=_die_with_parent,
                **self._as_nobody,
            )
        until = time.monotonic() + START_SECONDS
        while self._process.poll() is None and time.monotonic() < until:
            if self._answers():
                return True
            time.sleep(0.02)
        return False

    def _answers(self) -> bool:
        import psycopg

        try:
            psycopg.connect(f"postgresql://postgres@127.0.0.1:{self.port}/postgres", connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, program: str, *arguments: object) -> None:
        command = [str(self._bin / program), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, cwd=self._folder, check=False, **self._as_nobody)
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr.decode(errors='replace')[-2000:]}")

    def _reachable_binaries(self) -> Path:
        """The wheel's binaries; a copy where `nobody` may not enter the folder of the checkout."""
        installed = binaries()
        assert installed is not None
        probe = [str(installed / "postgres"), "--version"]
        try:
            subprocess.run(probe, check=True, capture_output=True, cwd="/", **self._as_nobody)
        except (OSError, subprocess.CalledProcessError):
            shutil.copytree(installed.parent, self._folder / "pginstall", symlinks=True)
            for path in [self._folder / "pginstall", *(self._folder / "pginstall").rglob("*")]:
                if not path.is_symlink():
                    path.chmod(0o755)
            return self._folder / "pginstall" / "bin"
        return installed


def binaries() -> Path | None:
    """The folder of the wheel's programs; None when the wheel is not installed. The package is not imported."""
    spec = importlib.util.find_spec("pgserver")
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def _as_nobody() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _die_with_parent() -> None:
    """The server ends with the test run, even when that is killed (PR_SET_PDEATHSIG; Linux only)."""
    try:
        ctypes.CDLL(None).prctl(1, signal.SIGQUIT)
    except (OSError, AttributeError):
        return


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
