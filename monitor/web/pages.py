"""Pages for people on this machine: how it is now, and one incident with its timeline. Read only.

Everything is escaped by the templates; the pages load nothing from elsewhere and run no script.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from fastapi import HTTPException, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, select_autoescape

from alerts.card_lines import lead_sentence
from alerts.incident import Incident
from monitor.incident_views import card_text, event_details, reader_of
from monitor.output import amount, plain
from monitor.status import gather_status

if TYPE_CHECKING:
    from monitor.daemon import Daemon

NOT_HERE = "The pages are shown on this machine only. Reach them through a proxy with a login, or a tunnel."


class Pages:
    """Renders the pages of one daemon."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        loader = PackageLoader("monitor.web", "templates")
        self._templates = Environment(loader=loader, autoescape=select_autoescape(default=True))

    def now(self, request: Request) -> HTMLResponse:
        """The page of the moment: incidents, sources, brands."""
        refuse_strangers(request)
        daemon = self._daemon
        at = daemon.clock.now()
        incidents = daemon.store.open_incidents()
        context = {
            "title": "crisis-monitor",
            "headline": f"{len(incidents)} open" if incidents else "All quiet",
            "at": at.astimezone(daemon.loaded.config.zone).strftime("%Y-%m-%d %H:%M"),
            "status": gather_status(daemon.store, daemon.loaded, at),
            "incidents": [self._row(incident) for incident in incidents],
            "brands": self._brands(),
            "failures": daemon.watch.failures,
        }
        return self._page("now.html", context)

    def incident(self, request: Request, number: int) -> HTMLResponse:
        """One incident: its card and its timeline. Raises HTTPException 404."""
        refuse_strangers(request)
        daemon = self._daemon
        found = daemon.store.incident(number)
        if found is None:
            raise HTTPException(404, f"There is no INC-{number}.")
        config = daemon.loaded.config
        events = [
            {
                "at": event.at.astimezone(config.zone).strftime("%Y-%m-%d %H:%M:%S"),
                "kind": event.kind,
                "actor": event.actor,
                "details": event_details(event.data),
            }
            for event in daemon.store.timeline(number)
        ]
        card = plain(card_text(found, config, daemon.clock.now()))
        return self._page(
            "incident.html", {"title": f"INC-{number}", "incident": found, "card": card, "events": events}
        )

    def _row(self, incident: Incident) -> dict[str, Any]:
        config = self._daemon.loaded.config
        return {
            "number": incident.number,
            "brand": incident.brand,
            "level": incident.level.label,
            "state": incident.state.value,
            "since": incident.opened_at.astimezone(config.zone).strftime("%Y-%m-%d %H:%M"),
            "lead": plain(lead_sentence(incident, reader_of(config, self._daemon.clock.now()))),
        }

    def _brands(self) -> list[dict[str, Any]]:
        states = self._daemon.monitor.pipeline.brands
        rows = gather_status(self._daemon.store, self._daemon.loaded, self._daemon.clock.now())["brands"]
        for row in rows:
            state = states.get(row["brand"])
            row["learnt"] = learnt_words(state.judge.learnt, state.judge.cold) if state else "–"
        return list(rows)

    def _page(self, name: str, context: dict[str, Any]) -> HTMLResponse:
        return HTMLResponse(self._templates.get_template(name).render(context))


def learnt_words(days: float, cold: bool) -> str:
    """How much a brand's judge has learnt, for people."""
    if cold:
        return "no baseline yet; absolute rules until about a day is learnt"
    return amount(round(days), "day") if days >= 2 else amount(round(days * 24), "hour")


def refuse_strangers(request: Request) -> None:
    """Pages hold what people wrote: they are for this machine (or the proxy on it). Raises HTTPException 403."""
    host = request.client.host if request.client else ""
    try:
        here = ip_address(host).is_loopback
    except ValueError:
        here = host == "testclient"
    if not here:
        raise HTTPException(403, NOT_HERE)
