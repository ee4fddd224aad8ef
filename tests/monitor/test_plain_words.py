"""What the commands answer to people who err: the right hint, no `None`, no false comfort."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.cli import main
from monitor.clock import SystemClock
from monitor.config_loader import load_config
from monitor.opening import opened
from monitor.store.state import JobRun

CONFIG = """\
database: sqlite:///{folder}/monitor.db
timezone: Europe/Stockholm
brands: [{{name: Nordtåg, keywords: [nordtåg]}}]
sources: [{{type: file_drop, name: drop, folder: {folder}/drop, every: 1m}}]
alerts: {{slack: {{token: "${{SLACK_BOT_TOKEN}}", channel: "#kris"}}}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "config.yaml").write_text(CONFIG.format(folder=tmp_path), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SLACK_BOT_TOKEN", raising=False)
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """Exit code and everything that was printed."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sys, "argv", ["crisis-monitor", *words])
        with pytest.raises(SystemExit) as ended:
            main()
    out, err = capsys.readouterr()
    return int(str(ended.value.code)), out + err


def test_a_file_that_is_missing_is_only_said_to_be_written_by_init_when_it_is_the_config(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, told = said(capsys, "replay", "nofile.csv", "--brand", "Nordtåg")
    assert (code, "nofile.csv: no such file" in told, "init" in told) == (2, True, False)
    code, told = said(capsys, "check", "--config", "other.yaml")
    assert (code, "other.yaml: no such file" in told, "init" in told) == (2, True, True)


@pytest.mark.parametrize("words", [("check", "--config", "."), ("replay", ".", "--brand", "Nordtåg")])
def test_a_folder_in_the_place_of_a_file_is_told_without_a_traceback(
    folder: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    assert said(capsys, *words) == (2, ". is a folder.\n")


def test_an_incident_that_is_not_there_is_no_matter_of_rights(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, told = said(capsys, "incidents", "ack", "77", "--as", "kim")
    assert code == 1
    assert "There is no open INC-77" in told
    assert "may not" not in told


def test_an_import_of_which_nothing_can_be_read_has_failed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("bad.csv").write_text("id,created_at\n1,2026-01-01T00:00:00Z\n", encoding="utf-8")
    assert said(capsys, "import", "bad.csv")[0] == 1
    Path("half.csv").write_text("id,created_at,text\n1,2026-01-01T00:00:00Z,nordtåg\n2,soon,x\n", encoding="utf-8")
    assert said(capsys, "import", "half.csv")[0] == 0
    assert said(capsys, "import", "half.csv")[0] == 0  # known already, one line skipped: as before


def test_where_nothing_is_stored_nothing_is_called_none(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "Nordtåg: no mention yet" in said(capsys, "status")[1]
    Path("empty.csv").write_text("id,created_at,text\n", encoding="utf-8")
    assert "None" not in said(capsys, "replay", "empty.csv", "--brand", "Nordtåg")[1]
    assert "no incident" in said(capsys, "backtest", "--config", "config.yaml", "--since", "2d")[1]


def test_slack_that_is_off_is_not_said_to_be_missing_from_the_file(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = said(capsys, "check")[1]
    assert "alerts.slack is off: SLACK_BOT_TOKEN is not set" in told
    assert "alerts.slack is not set" not in told


def test_what_to_do_next_names_the_file_that_was_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = said(capsys, "init", "--brand", "Nordbuss", "--config", "buss.yaml")[1]
    assert "crisis-monitor check --config buss.yaml" in told
    Path("config.yaml").unlink()
    assert "crisis-monitor check  " in said(capsys, "init", "--brand", "Nordbuss")[1]


def test_who_is_asked_and_answered_in_the_configs_own_time(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = said(capsys, "who", "--level", "crisis", "--at", "2026-07-01 03:00")[1]
    assert "crisis of Nordtåg at 2026-07-01 03:00 (Europe/Stockholm)" in told
    assert "\n  03:00  " in told


@pytest.mark.parametrize(("seconds_ago", "well"), [(40, True), (600, False)])
def test_a_daemon_that_has_died_is_missed_within_minutes(
    folder: Path, capsys: pytest.CaptureFixture[str], seconds_ago: int, well: bool
) -> None:
    """It writes down every half minute how its jobs do."""
    with opened(load_config(Path("config.yaml"), {}).config, SystemClock()) as store:
        store.save_job_runs([JobRun("tick", datetime.now(UTC) - timedelta(seconds=seconds_ago))])
    code, told = said(capsys, "status")
    assert (code == 0, "is the daemon running?" in told) == (well, not well)
    assert json.loads(said(capsys, "status", "--json")[1])["healthy"] is well


def test_where_no_daemon_ever_ran_it_is_not_said_that_all_is_well(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, told = said(capsys, "status")
    assert code == 0
    assert told.startswith("Nothing has run yet: `crisis-monitor run` begins.")
