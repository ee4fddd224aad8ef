"""Taking quoted posts out of an incident's document: an erased post must not live on in its evidence."""

from __future__ import annotations

from dataclasses import replace

from alerts.incident import Incident
from detectors.signal import Evidence, Quote


def without_quotes(incident: Incident, gone: frozenset[int] | None) -> Incident:
    """The incident without quotes of the mentions `gone` (None: without any quote). Counts stay."""
    return replace(
        incident,
        evidence=_clean(incident.evidence, gone),
        signals=tuple(replace(signal, evidence=_clean(signal.evidence, gone)) for signal in incident.signals),
    )


def _clean(evidence: Evidence | None, gone: frozenset[int] | None) -> Evidence | None:
    if evidence is None:
        return None
    return replace(
        evidence,
        first=_kept(evidence.first, gone),
        loudest=_kept(evidence.loudest, gone),
        examples=tuple(quote for quote in evidence.examples if _kept(quote, gone) is not None),
    )


def _kept(quote: Quote | None, gone: frozenset[int] | None) -> Quote | None:
    return None if quote is None or gone is None or quote.mention_id in gone else quote
