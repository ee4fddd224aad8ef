"""A wheel holds the compiled scorer, which says what the plain one says; without a compiler it stays plain."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from detectors.sentiment import Scorer, score_texts
from detectors.sentiment.vader import VaderEngine

ROOT = Path(__file__).parents[1]
CASES = sorted((ROOT / "tests/detectors/sentiment/hard_cases").glob("*.tsv"))
SAY = """
import json, sys
import detectors.sentiment.judge as judge
from detectors.sentiment import Scorer, score_texts
from detectors.sentiment.vader import VaderEngine
texts = json.load(sys.stdin)
own = Scorer(own_words={"sv": {"strejk": 0, "grym": 2}, "*": {"ikke": -1}}, mask=["Tryg", "Power"])
engine = VaderEngine()
compounds = [engine.compound(text) for text in texts]
print(json.dumps([judge.__file__, score_texts(texts), own.score(texts), compounds]))
"""

pytestmark = [
    pytest.mark.timeout(1200),  # mypyc and the C compiler take a minute on a quiet machine
    pytest.mark.skipif(shutil.which(os.environ.get("CC", "cc")) is None, reason="no C compiler on this machine"),
]


def build_wheel(folder: Path, **environment: str) -> Path:
    """The unpacked wheel of a copy of the sources."""
    source, wheels, unpacked = folder / "source", folder / "wheels", folder / "unpacked"
    source.mkdir()
    for name in ("pyproject.toml", "setup.py", "README.md"):
        shutil.copy(ROOT / name, source)
    for name in ("detectors", "alerts", "monitor"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    pip = [sys.executable, "-m", "pip", "wheel", "--no-index", "--no-build-isolation", "--no-deps", "--wheel-dir"]
    done = subprocess.run(
        [*pip, str(wheels), str(source)], env=os.environ | environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    with zipfile.ZipFile(next(wheels.iterdir())) as wheel:
        wheel.extractall(unpacked)
    return unpacked


def compiled_modules(unpacked: Path) -> list[str]:
    """Names of the extension modules in a wheel."""
    return sorted(file.name.split(".")[0] for file in unpacked.rglob("*") if file.suffix in (".so", ".pyd"))


def test_the_compiled_scorer_says_what_the_plain_one_says(tmp_path):
    unpacked = build_wheel(tmp_path)
    assert {"engine", "judge", "language", "vader"} <= set(compiled_modules(unpacked))
    texts = [line.split("\t")[0] for file in CASES for line in file.read_text("utf-8").splitlines()[1:]]
    texts += ["", "!", "😡" * 50, "a" * 30_000, " ".join(texts[:40]), "\ud800 svarer ikke", "SÅ DÅRLIGT!!! " * 9]
    done = subprocess.run(
        [sys.executable, "-P", "-c", SAY],
        env=os.environ | {"PYTHONPATH": str(unpacked)},
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=True,
    )
    where, scores, own_scores, compounds = json.loads(done.stdout)
    assert Path(where).is_relative_to(unpacked)
    assert Path(where).suffix != ".py"
    own = Scorer(own_words={"sv": {"strejk": 0, "grym": 2}, "*": {"ikke": -1}}, mask=["Tryg", "Power"])
    assert scores == [list(score) for score in score_texts(texts)]
    assert own_scores == [list(score) for score in own.score(texts)]
    engine = VaderEngine()
    assert compounds == [engine.compound(text) for text in texts]


@pytest.mark.parametrize(
    "environment", [{"CRISIS_MONITOR_PURE": "1"}, {"CC": "false"}], ids=["wished", "no compiler"]
)
def test_a_wheel_without_compiled_modules_is_whole(tmp_path, environment):
    unpacked = build_wheel(tmp_path, **environment)
    assert compiled_modules(unpacked) == []
    assert (unpacked / "detectors/sentiment/judge.py").is_file()
