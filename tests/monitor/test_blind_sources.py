"""The decision core hears which sources were blind in a bucket: the calm of what they carry is not believed."""

from __future__ import annotations

from datetime import UTC, datetime

from detectors.observation import BrandObservation, Observation
from detectors.signal import Scope, ScopeKind
from detectors.window import BrandWindow
from monitor.pipeline import blind_sources

AT = datetime(2026, 2, 3, 11, tzinfo=UTC)


def seen(**sources: float) -> BrandObservation:
    """A bucket in which each source was heard for this share."""
    scopes = {
        Scope("B", ScopeKind.SOURCE, name): Observation(AT, covered=share) for name, share in sources.items()
    }
    return BrandObservation("B", AT, {Scope("B"): Observation(AT), **scopes})


def test_what_was_not_heard_for_most_of_the_bucket_is_blind():
    assert blind_sources(seen(news=0.0, desk=1.0, feed=0.4, chat=0.6)) == ("news", "feed")


def test_the_window_says_it_of_every_configured_source():
    window = BrandWindow("B", ["news", "desk"], {})
    assert blind_sources(window.observe(AT, {"news": 0.0, "desk": 1.0})) == ("news",)
