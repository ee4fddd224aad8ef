"""Incidents as text, JSON, Markdown, HTML and CSV: the card, what happened when, who knew, who acted."""

from __future__ import annotations

import csv
import html
import io
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from alerts.card_lines import lead_sentence
from alerts.incident import Incident, IncidentState, TimelineEvent
from alerts.plan import mandate_of, plan_for, theme_labels
from alerts.texts.reader import Reader
from monitor.acting import incident_number
from monitor.clock import SystemClock
from monitor.config import Config
from monitor.config_loader import load_config
from monitor.messages import render_text
from monitor.opening import opened
from monitor.output import FINE, WRONG_USE, Output, fail, plain, show_time, to_json
from monitor.store.store import Store

MOST = 1000


def list_all(config_file: Path, output: Output, *, everything: bool) -> int:
    """The command `incidents list`."""
    config, clock = load_config(config_file).config, SystemClock()
    with opened(config, clock) as store:
        found = store.list_incidents(limit=MOST)
    shown = [i for i in found if everything or i.state is not IncidentState.CLOSED]
    lines = [headline(incident, config) for incident in shown] or ["No open incident."]
    output.answer({"incidents": [overview(incident) for incident in shown]}, "\n".join(lines))
    return FINE


def show_one(config_file: Path, number: str, output: Output) -> int:
    """The command `incidents show`."""
    config, clock = load_config(config_file).config, SystemClock()
    with opened(config, clock) as store:
        incident, events = found_incident(store, number)
    text = "\n".join([card_text(incident, config, clock.now()), "", *timeline_lines(events, config.zone)])
    output.answer(document(incident, events), text)
    return FINE


def export_one(config_file: Path, number: str, form: str) -> int:
    """The command `incidents export`."""
    if form not in FORMS:
        fail(f'"{form}" is no format: expected {", ".join(FORMS)}', WRONG_USE)
    config, clock = load_config(config_file).config, SystemClock()
    with opened(config, clock) as store:
        incident, events = found_incident(store, number)
    sys.stdout.write(FORMS[form](incident, events, config, clock.now()))
    return FINE


def found_incident(store: Store, number: str) -> tuple[Incident, tuple[TimelineEvent, ...]]:
    """An incident and its timeline. Raises CommandError when there is none of that number."""
    wanted = incident_number(number)
    incident = store.incident(wanted)
    if incident is None:
        fail(f"There is no INC-{wanted}. `crisis-monitor incidents list --all` shows which there are.")
    return incident, store.timeline(wanted)


def overview(incident: Incident) -> dict[str, Any]:
    """The few columns that a list shows."""
    return {
        "id": f"INC-{incident.number}",
        "brand": incident.brand,
        "level": incident.level.label,
        "state": incident.state.value,
        "opened_at": show_time(incident.opened_at),
        "onset_at": show_time(incident.onset.at if incident.onset else None),
        "peak_level": incident.peak_level.label,
        "closed_at": show_time(incident.closed_at),
        "themes": list(incident.themes),
        "acknowledged_by": incident.acknowledgement.by if incident.acknowledgement else None,
        "drill": incident.drill,
    }


def document(incident: Incident, events: Sequence[TimelineEvent]) -> dict[str, Any]:
    """An incident with everything that is known of it, as JSON."""
    from monitor.store.incidents import adapter

    return {
        **overview(incident),
        "incident": adapter().dump_python(incident, mode="json"),
        "timeline": [event_row(event) for event in events],
    }


def event_row(event: TimelineEvent) -> dict[str, Any]:
    """One line of the timeline as plain data."""
    return {
        "at": show_time(event.at),
        "kind": event.kind,
        "actor": event.actor,
        "channel": event.channel,
        "data": dict(event.data),
    }


def headline(incident: Incident, config: Config) -> str:
    """One incident on one line."""
    reader = reader_of(config, incident.opened_at)
    labels = theme_labels(config.mandate, reader.language)
    opened_at = incident.opened_at.astimezone(config.zone)
    return (
        f"INC-{incident.number}  {incident.level.label:8} {incident.state.value:12} "
        f"{opened_at:%Y-%m-%d %H:%M}  {incident.brand}: {lead_sentence(incident, reader, labels)}"
    )


def reader_of(config: Config, now: datetime) -> Reader:
    """The reader of this config's alerts."""
    return Reader(config.alerts.language or config.language, config.timezone, now)


def card_text(incident: Incident, config: Config, now: datetime) -> str:
    """The card as the crisis group reads it."""
    language = config.alerts.language or config.language
    plan = plan_for(incident, mandate_of(incident), now, language)
    return render_text(incident, plan, language, config.timezone, now)


def timeline_lines(events: Iterable[TimelineEvent], zone: ZoneInfo) -> list[str]:
    """The timeline, a line an event, in local time."""
    return [
        f"{event.at.astimezone(zone):%Y-%m-%d %H:%M:%S}  {event.kind:22} {event.actor:16} "
        + event_details(event.data)
        for event in events
    ]


def event_details(data: Mapping[str, Any]) -> str:
    """What a timeline event holds, as `name=value` on one line without control characters."""
    return " ".join(f"{key}={_one_line(value)}" for key, value in data.items() if value not in (None, ""))


def _one_line(value: object) -> str:
    return " ".join(plain(str(value)).split())


def _as_text(incident: Incident, events: Sequence[TimelineEvent], config: Config, now: datetime) -> str:
    return plain("\n".join([card_text(incident, config, now), "", *timeline_lines(events, config.zone), ""]))


def _as_json(incident: Incident, events: Sequence[TimelineEvent], _config: Config, _now: datetime) -> str:
    return to_json(document(incident, events)) + "\n"


def _as_markdown(incident: Incident, events: Sequence[TimelineEvent], config: Config, now: datetime) -> str:
    rows = [
        f"| {event.at.astimezone(config.zone):%Y-%m-%d %H:%M:%S} | {event.kind} | {_cell(event.actor)} "
        f"| {_cell(event_details(event.data))} |"
        for event in events
    ]
    card = "\n".join("    " + line for line in plain(card_text(incident, config, now)).splitlines())
    head = ["| time | what | who | details |", "| --- | --- | --- | --- |"]
    title = f"# INC-{incident.number} {_cell(incident.brand)}"
    return "\n".join([title, "", card, "", "## Timeline", "", *head, *rows, ""])


_MARKDOWN = str.maketrans({char: f"\\{char}" for char in "\\|`*_[]<>#!~"})


def _cell(text: str) -> str:
    return _one_line(text).translate(_MARKDOWN)


def _as_html(incident: Incident, events: Sequence[TimelineEvent], config: Config, now: datetime) -> str:
    rows = "".join(
        f"<tr><td>{event.at.astimezone(config.zone):%Y-%m-%d %H:%M:%S}</td><td>{html.escape(event.kind)}</td>"
        f"<td>{html.escape(event.actor)}</td><td>{html.escape(event_details(event.data))}</td></tr>\n"
        for event in events
    )
    title = html.escape(f"INC-{incident.number} {incident.brand}")
    card = html.escape(plain(card_text(incident, config, now)))
    return (
        f'<!doctype html><html lang="{config.language}"><meta charset="utf-8"><title>{title}</title>'
        "<style>body{font:16px system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem}pre{white-space:pre-wrap}"
        "td{padding:.2rem .6rem;vertical-align:top;border-top:1px solid #ddd}</style>"
        f"<h1>{title}</h1><pre>{card}</pre><table>{rows}</table></html>\n"
    )


def _as_csv(_incident: Incident, events: Sequence[TimelineEvent], _config: Config, _now: datetime) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["at", "kind", "actor", "channel", "details"])
    for event in events:
        cells = [show_time(event.at) or "", event.kind, event.actor, event.channel, event_details(event.data)]
        writer.writerow([_no_formula(cell) for cell in cells])
    return out.getvalue()


def _no_formula(cell: str) -> str:
    """A cell that a spreadsheet cannot take for a formula."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


FORMS: Mapping[str, Callable[[Incident, Sequence[TimelineEvent], Config, datetime], str]] = {
    "text": _as_text,
    "json": _as_json,
    "markdown": _as_markdown,
    "html": _as_html,
    "csv": _as_csv,
}
