"""`/metrics` for Prometheus, from the same figures as `status`."""

from __future__ import annotations

from typing import Any


def metrics_text(status: dict[str, Any]) -> str:
    """The status as Prometheus text: health, sources, outbox, incidents by level, mentions by brand."""
    from prometheus_client import CollectorRegistry, Gauge, generate_latest

    registry = CollectorRegistry()

    def gauge(name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"crisis_monitor_{name}", text, labels, registry=registry)

    gauge("healthy", "1 while status finds nothing wrong").set(status["healthy"])
    gauge("outbox_waiting", "messages on their way").set(status["outbox"]["waiting"])
    gauge("outbox_failed", "messages that could not be sent").set(len(status["outbox"]["failed"]))
    works = gauge("source_works", "1 while a source is heard", "source")
    for source in status["sources"]:
        works.labels(source["source"]).set(source["works"])
    open_now = gauge("incidents_open", "open incidents", "level")
    for level in ("watch", "warning", "crisis"):
        open_now.labels(level).set(sum(i["level"] == level for i in status["incidents"]))
    mentions = gauge("mentions", "mentions stored", "brand")
    for brand in status["brands"]:
        mentions.labels(brand["brand"]).set(brand["mentions"])
    return generate_latest(registry).decode()
