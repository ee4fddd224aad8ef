"""The package's front: every public name loads, and none before it is used."""

import subprocess
import sys

import pytest

import detectors


@pytest.mark.parametrize("name", detectors.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(detectors, name).__module__.startswith("detectors.")


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'detect_nothing'"):
        detectors.detect_nothing  # noqa: B018 - the access is the test


def test_the_detector_itself_needs_neither_numpy_nor_pandas() -> None:
    code = (
        "import sys; from detectors import SurgeDetector; SurgeDetector().observe(0.0, 1.0);"
        "assert not {'numpy', 'pandas', 'ruptures'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], timeout=60, check=True)
