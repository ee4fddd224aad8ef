"""What the operator sets is what counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from detectors.options import DetectionOptions, PlannedEvent, Sensitivity, Thresholds

T0 = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_sensitivity_moves_thresholds_down_and_calm_moves_them_up() -> None:
    calm, balanced, sensitive = (DetectionOptions(sensitivity=s).effective for s in Sensitivity)
    assert calm.warning_z > balanced.warning_z > sensitive.warning_z
    assert calm.volume_watch > balanced.volume_watch > sensitive.volume_watch


def test_a_threshold_set_on_its_own_is_taken_as_it_is() -> None:
    options = DetectionOptions(sensitivity=Sensitivity.CALM, thresholds=Thresholds(warning_z=2.5))
    assert options.effective.warning_z == 2.5
    assert options.effective.watch_z > Thresholds().watch_z


@pytest.mark.parametrize(
    "wrong", [{"warning_zz": 1}, {"watch_people": 0}, {"warning_z": -1}, {"watch_people": "many"}]
)
def test_wrong_thresholds_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Thresholds.model_validate(wrong)


def test_an_event_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ValidationError, match="expected `ends` later"):
        PlannedEvent(name="strike", starts=T0, ends=T0 - timedelta(hours=1))


def test_an_event_counts_for_its_time_its_themes_and_the_whole_brand() -> None:
    strike = PlannedEvent(name="strike", starts=T0, ends=T0 + timedelta(hours=4), themes=("delays",), factor=5)
    options = DetectionOptions(planned_events=(strike,))
    assert options.event_factor(T0 + timedelta(hours=1)) == (5, "strike")
    assert options.event_factor(T0 + timedelta(hours=1), "delays") == (5, "strike")
    assert options.event_factor(T0 + timedelta(hours=1), "payment") == (1, "")
    assert options.event_factor(T0 + timedelta(hours=5)) == (1, "")


def test_options_survive_json() -> None:
    options = DetectionOptions(planned_events=(PlannedEvent(name="x", starts=T0, ends=T0 + timedelta(days=1)),))
    assert DetectionOptions.model_validate_json(options.model_dump_json()) == options
