"""`replay --report FILE.html`: what a replay would have done, as one page that needs nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, select_autoescape

from monitor.incident_views import card_text, event_details
from monitor.output import plain

if TYPE_CHECKING:
    from monitor.replay import Replayed


def write_report(replayed: Replayed, file: Path) -> None:
    """Write the page. Every text in it is escaped."""
    from monitor.replay import summary

    monitor = replayed.monitor
    zone = monitor.config.zone
    incidents = [
        {
            "number": incident.number,
            "level": incident.peak_level.label,
            "brand": incident.brand,
            "card": plain(card_text(incident, monitor.config, incident.opened_at)),
            "events": [
                {
                    "at": event.at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S"),
                    "kind": event.kind,
                    "actor": event.actor,
                    "details": event_details(event.data),
                }
                for event in monitor.store.timeline(incident.number)
            ],
        }
        for incident in sorted(monitor.store.list_incidents(limit=1000), key=lambda found: found.number)
    ]
    environment = Environment(
        loader=PackageLoader("monitor.web", "templates"), autoescape=select_autoescape(default=True)
    )
    page = environment.get_template("replay.html")
    file.write_text(page.render(title="Replay", summary=summary(replayed), incidents=incidents), encoding="utf-8")
