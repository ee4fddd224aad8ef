"""First floor: findings in; incidents, escalation and messages out.

`alerts.decide` decides, `alerts.who` says who is told and who is next, `alerts.outbox` plans what leaves; cards
and channels write and send. The names below are loaded on first use (PEP 562), each with no more than it needs.
"""

from importlib import import_module

_HOME = {
    "Decision": "alerts.incident",
    "Incident": "alerts.incident",
    "Mandate": "alerts.mandate",
    "default_mandate": "alerts.mandate",
    "plan_next": "alerts.outbox",
    "validate_mandate": "alerts.mandate_check",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> object:
    """Load a public name from its module on first use."""
    if name not in _HOME:
        raise AttributeError(f"module 'alerts' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    """Name the public functions and classes, loaded or not."""
    return __all__
