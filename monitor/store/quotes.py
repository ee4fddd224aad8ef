"""Quoted posts in an incident: what is erased or deleted goes, what is edited is quoted as it is now."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from sqlalchemy import Connection, select, update

from alerts.incident import Incident, IncidentState
from detectors.signal import Evidence, Quote
from monitor.store.incidents import adapter, read_incident
from monitor.store.tables import incidents, mentions

Texts = Mapping[int, str | None]
"""What mentions say now, by id; None for one that is gone."""

SHOWN = 500
"""Characters of a text that a quote keeps (as the evidence does)."""

Mend = Callable[[Quote], Quote | None]


def without_quotes(incident: Incident, gone: frozenset[int] | None) -> Incident:
    """The incident without quotes of the mentions `gone` (None: without any quote). Counts stay."""
    return _mended(incident, lambda quote: None if gone is None or quote.mention_id in gone else quote)


def with_texts(incident: Incident, texts: Texts) -> Incident:
    """The incident with quotes as the mentions in `texts` read now, without those that are gone. Counts stay."""

    def mend(quote: Quote) -> Quote | None:
        text = texts.get(quote.mention_id, quote.text)
        return replace(quote, text=text[:SHOWN]) if text else None

    return _mended(incident, mend)


def refresh_quotes(connection: Connection, changed: Collection[int]) -> None:
    """Let open incidents quote the `changed` mentions as they are stored now; those that are gone no more."""
    open_ones = select(incidents).where(incidents.c.state != IncidentState.CLOSED.value)
    for row in connection.execute(open_ones).all():
        incident = read_incident(row)
        stale = quoted_ids(incident).intersection(changed)
        if not stale:
            continue
        read = select(mentions.c.id, mentions.c.text).where(mentions.c.id.in_(stale))
        texts = {found.id: found.text or None for found in connection.execute(read)}
        document = adapter().dump_json(with_texts(incident, texts)).decode()
        here = incidents.c.number == incident.number
        connection.execute(update(incidents).where(here).values(document=document))


def quoted_ids(incident: Incident) -> frozenset[int]:
    """The mentions that an incident quotes."""
    found: set[int] = set()

    def note(quote: Quote) -> Quote:
        found.add(quote.mention_id)
        return quote

    _mended(incident, note)
    return frozenset(found)


def _mended(incident: Incident, mend: Mend) -> Incident:
    return replace(
        incident,
        evidence=_evidence(incident.evidence, mend),
        signals=tuple(replace(signal, evidence=_evidence(signal.evidence, mend)) for signal in incident.signals),
    )


def _evidence(evidence: Evidence | None, mend: Mend) -> Evidence | None:
    if evidence is None:
        return None
    return replace(
        evidence,
        first=mend(evidence.first) if evidence.first else None,
        loudest=mend(evidence.loudest) if evidence.loudest else None,
        examples=tuple(kept for quote in evidence.examples if (kept := mend(quote)) is not None),
    )
