"""The command line as people meet it: answers, exit codes, and words when something is wrong."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from monitor.cli import main

CONFIG = """\
timezone: UTC
database: sqlite:///{folder}/monitor.db
brands: [{{name: Nordtåg, keywords: [nordtåg], themes: {{delays: [försen]}}}}]
mandate:
  people: {{anna: {{name: Anna Ek, slack: U1}}, bo: {{name: Bo Ny, slack: U2}}}}
  roles: {{crisis_group: {{people: [anna]}}, customer_service: {{people: [anna, bo]}}}}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "config.yaml"
    file.write_text(CONFIG.format(folder=tmp_path), encoding="utf-8")
    return file


@pytest.fixture
def run(monkeypatch, capsys, config):
    """Runs a command with this test's config; answers (exit code, stdout, stderr)."""

    def command(*words: str, own_config: bool = True):
        argv = ["crisis-monitor", *words, *(["--config", str(config)] if own_config else [])]
        monkeypatch.setattr(sys, "argv", argv)
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return ended.value.code, out, err

    return command


def test_help_names_every_command_of_the_design(run):
    _, out, _ = run("--help", own_config=False)
    for name in ("run", "check", "demo", "replay", "backtest", "detect", "score", "import", "flag", "incidents"):
        assert re.search(rf"^\s+{name}\s", out, re.MULTILINE), name
    for name in ("who", "train", "status", "alert-test", "erase", "schema", "init", "silences"):
        assert re.search(rf"^\s+{name}\s", out, re.MULTILINE), name


@pytest.mark.parametrize("words", [("frob",), ("who", "--at"), ("incidents", "show"), ("run", "--often")])
def test_wrong_use_is_exit_2_with_a_word_and_no_traceback(run, words):
    code, _, err = run(*words, own_config=False)
    assert code == 2
    assert "Error" in err
    assert "Traceback" not in err


def test_a_missing_config_says_what_to_do(run, tmp_path):
    code, _, err = run("status", "--config", str(tmp_path / "none.yaml"), own_config=False)
    assert code == 2
    assert "crisis-monitor init" in err


def test_check_says_valid_and_what_is_off(run):
    code, out, _ = run("check", "--json")
    assert code == 0
    assert json.loads(out)["valid"] is True


def test_check_counts_its_sources_as_people_do(run, config, tmp_path):
    source = f"{{type: file_drop, name: a, folder: {tmp_path}}}"
    for sources, said in (("[]", "; 0 sources."), (f"[{source}]", "; 1 source.")):
        config.write_text(f"brands: [{{name: x}}]\nsources: {sources}\n", encoding="utf-8")
        assert said in run("check")[1]


def test_check_lists_all_errors_as_json_too(run, config):
    config.write_text("brands: [{nmae: x}]\nlangauge: sv\n", encoding="utf-8")
    code, out, _ = run("check", "--json")
    assert code == 2
    found = json.loads(out)["problems"]
    assert {problem["line"] for problem in found} == {1, 2}
    assert any("language" in problem["suggestion"] for problem in found)


def test_a_flag_opens_a_watch_is_shown_acknowledged_and_exported(run):
    code, out, _ = run("flag", "three calls about double charges", "--as", "bo", "--json")
    assert (code, json.loads(out)["incidents"]) == (0, ["INC-1"])
    _, listed, _ = run("incidents", "list")
    assert "double charges" in listed
    _, shown, _ = run("incidents", "show", "INC-1", "--json")
    assert "flagged" in [event["kind"] for event in json.loads(shown)["timeline"]]
    assert run("incidents", "ack", "1", "--as", "anna")[0] == 0
    for form in ("text", "json", "markdown", "html", "csv"):
        code, out, _ = run("incidents", "export", "1", "--format", form)
        assert code == 0
        assert "acknowledged" in out


def test_somebody_without_the_mandate_is_refused_and_told_who_may(run):
    run("flag", "odd calls", "--as", "bo")
    code, out, _ = run("incidents", "ack", "1", "--as", "stranger", "--json")
    answer = json.loads(out)
    assert code == 1
    assert answer["done"] is False
    assert answer["allowed"]


def test_an_unknown_incident_and_a_wrong_number_are_words(run):
    assert "There is no INC-9" in run("incidents", "show", "9")[2]
    code, _, err = run("incidents", "show", "nine")
    assert (code, "INC-12" in err) == (2, True)


def test_who_answers_at_a_local_time(run):
    code, out, _ = run("who", "--level", "crisis", "--at", "2026-12-24 03:00")
    assert code == 0
    assert "Anna Ek" in out
    assert run("who", "--level", "panic")[0] == 2
    assert run("who", "--at", "tomorrow")[0] == 2


def test_silences_are_listed_and_end(run):
    assert run("silences", "add", "planned works", "--as", "anna", "--for", "2h", "--theme", "delays")[0] == 0
    _, out, _ = run("silences", "list", "--json")
    assert json.loads(out)["silences"][0]["matcher"] == {"theme": "delays"}
    assert run("silences", "end", "1", "--as", "anna")[0] == 0
    assert json.loads(run("silences", "list", "--json")[1])["silences"] == []
    assert run("silences", "add", "x", "--as", "anna", "--for", "soon")[0] == 2


def test_import_learns_and_alarms_nobody(run, tmp_path):
    file = tmp_path / "posts.ndjson"
    lines = [
        {"id": str(n), "created_at": f"2026-03-0{1 + n % 5}T1{n % 10}:00:00Z", "text": f"nordtåg usel {n}"}
        for n in range(60)
    ]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines) + "{broken\n", encoding="utf-8")
    code, out, err = run("import", str(file), "--json")
    assert (code, json.loads(out)["taken"], json.loads(out)["skipped"]) == (0, 60, 1)
    assert "posts.ndjson" in err
    assert json.loads(run("import", str(file), "--json")[1])["known"] == 60
    assert json.loads(run("incidents", "list", "--json")[1])["incidents"] == []
    status = json.loads(run("status", "--json")[1])
    assert status["brands"][0]["mentions"] == 60


def test_erase_blanks_an_author_and_keeps_the_counts(run, tmp_path):
    file = tmp_path / "posts.csv"
    file.write_text("id,created_at,text,author\n1,2026-03-01T10:00:00Z,nordtåg hemligt,kim\n", encoding="utf-8")
    run("import", str(file))
    export = tmp_path / "kim.ndjson"
    code, out, _ = run("erase", "--author", "file:kim", "--export", str(export), "--json")
    assert (code, json.loads(out)["mentions"]) == (0, 1)
    assert "hemligt" in export.read_text(encoding="utf-8")
    assert json.loads(run("status", "--json")[1])["brands"][0]["mentions"] == 1
    assert run("erase")[0] == 2
    assert run("erase", "--author", "kim")[0] == 2


def test_schema_covers_every_source_type(run):
    from monitor.collectors.registry import collector_types

    schema = json.loads(run("schema", own_config=False)[1])
    assert {f"source_{name}" for name in collector_types()} <= set(schema["$defs"])


def test_replay_writes_a_report_that_runs_no_script(run, tmp_path):
    file, report = tmp_path / "posts.csv", tmp_path / "report.html"
    file.write_text(
        "id,created_at,text\n1,2026-03-01T10:00:00Z,<script>alert(1)</script> nordtåg\n", encoding="utf-8"
    )
    assert run("replay", str(file), "--report", str(report))[0] == 0
    assert "<script>" not in report.read_text(encoding="utf-8")


def test_backtest_shows_both_configs_side_by_side(run, config, tmp_path):
    code, out, _ = run("backtest", "--current", str(config), "--since", "30d", "--json")
    answer = json.loads(out)
    assert code == 0
    assert answer["in force"] == answer["tried"]


def test_status_of_a_fresh_installation_is_well(run):
    code, out, _ = run("status", "--json")
    assert code == 0
    assert json.loads(out)["healthy"] is True
