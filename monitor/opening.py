"""Opening the store that a config names, with the secret under which authors are pseudonymised."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from monitor.clock import Clock
from monitor.config import Config
from monitor.output import FAILED, CommandError
from monitor.store.database import parse_url, sqlite_path
from monitor.store.errors import StoreError
from monitor.store.store import Store, open_store

SECRET_FILE = "monitor.secret"  # noqa: S105 - a file's name
SECRET_BYTES = 32


@contextmanager
def opened(config: Config, clock: Clock) -> Iterator[Store]:
    """The migrated store of a config, closed at the end. Raises CommandError with what is wrong in words."""
    try:
        store = open_store(config.database, secret=secret_of(config))
        store.migrate(clock.now())
    except StoreError as error:
        raise CommandError(str(error), FAILED) from error
    try:
        yield store
    except StoreError as error:
        raise CommandError(str(error), FAILED) from error
    finally:
        store.close()


def secret_of(config: Config) -> bytes:
    """The config's `secret`, else that of the file `monitor.secret` beside the database, made on first use.

    Whoever has it can tell whether a known person wrote a stored post; whoever loses it can no longer recognise
    authors seen before.
    """
    if config.secret is not None:
        return config.secret.get_secret_value().encode()
    file = _secret_file(config)
    try:
        return bytes.fromhex(file.read_text(encoding="ascii").strip())
    except FileNotFoundError:
        return _make_secret(file)
    except ValueError as error:
        raise CommandError(f"{file}: expected {SECRET_BYTES} bytes as hexadecimal digits") from error


def _secret_file(config: Config) -> Path:
    url = parse_url(config.database)
    database = sqlite_path(url) if url.get_backend_name() == "sqlite" else None
    return (database.parent if database else Path.cwd()) / SECRET_FILE


def _make_secret(file: Path) -> bytes:
    secret = secrets.token_bytes(SECRET_BYTES)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:  # another process was first
        return bytes.fromhex(file.read_text(encoding="ascii").strip())
    except OSError as error:
        raise CommandError(
            f"{file} cannot be written: {error.strerror}. Is its folder there and writable?"
        ) from error
    with os.fdopen(descriptor, "w", encoding="ascii") as out:
        out.write(secret.hex() + "\n")
    return secret
