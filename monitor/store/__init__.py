"""The store: mentions, counters, incidents, outbox and state, on SQLite or PostgreSQL.

Names are loaded on first use (PEP 562), so that `--help` does not import SQLAlchemy.
"""

from importlib import import_module

_HOME = {
    "Judgement": "monitor.store.records",
    "KnownPost": "monitor.store.records",
    "Link": "monitor.store.records",
    "PreparedBatch": "monitor.store.records",
    "PreparedMention": "monitor.store.records",
    "Saved": "monitor.store.records",
    "JobRun": "monitor.store.state",
    "Silence": "monitor.store.state",
    "SourceState": "monitor.store.state",
    "Store": "monitor.store.store",
    "StoreError": "monitor.store.errors",
    "StoreFull": "monitor.store.errors",
    "StoreLocked": "monitor.store.errors",
    "StoreTooNew": "monitor.store.errors",
    "open_store": "monitor.store.store",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> object:
    """Load a public name from its module on first use."""
    if name not in _HOME:
        raise AttributeError(f"module 'monitor.store' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    """Name the public functions and classes, loaded or not."""
    return __all__
