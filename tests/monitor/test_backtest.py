"""What the customer-service lead sees before saving a change: last month under both configs."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from itertools import chain

import pytest

from monitor import backtest
from monitor.cli import main
from monitor.clock import SimulatedClock
from monitor.config_loader import load_config
from monitor.importing import import_mentions
from monitor.opening import opened
from tests.monitor.stream import START, quiet, seen, surge

CONFIG = "timezone: UTC\ndatabase: sqlite:///{folder}/monitor.db\nbrands: [{{name: Nordtåg}}]\n{more}"
NOW = START + timedelta(days=4)


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """Four days in the store, with a surge on the last one."""
    folder = tmp_path_factory.mktemp("history")
    file = folder / "config.yaml"
    file.write_text(CONFIG.format(folder=folder, more=""), encoding="utf-8")
    posts = seen(chain(quiet(4, per_day=60), surge(START + timedelta(days=3, hours=10), 120, timedelta(hours=2))))
    clock = SimulatedClock(NOW)
    config = load_config(file).config
    with opened(config, clock) as store:
        import_mentions(store, config, [p for p in posts if p.created_at < NOW], clock)
    return file


@pytest.fixture
def history(stored, monkeypatch):
    """The config in force; the clock stands at the end of what is stored."""
    monkeypatch.setattr(backtest, "SystemClock", lambda: SimulatedClock(NOW))
    return stored


def ask(history, monkeypatch, capsys, more: str, *words: str):
    new = history.with_name("new.yaml")
    new.write_text(CONFIG.format(folder=history.parent, more=more), encoding="utf-8")
    argv = ["crisis-monitor", "backtest", "--config", str(new), "--current", str(history), *words]
    monkeypatch.setattr(sys, "argv", argv)
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code, capsys.readouterr()


def test_a_higher_threshold_shows_fewer_warnings_and_alarms_nobody(history, monkeypatch, capsys):
    code, told = ask(
        history,
        monkeypatch,
        capsys,
        "detection: {thresholds: {warning_people: 5000, crisis_people: 9000}}",
        "--json",
    )
    answer = json.loads(told.out)
    assert code == 0
    assert answer["mentions"] > 300
    assert answer["in force"]["reached"]["warning"] + answer["in force"]["reached"]["crisis"] == 1
    assert answer["tried"]["reached"]["warning"] + answer["tried"]["reached"]["crisis"] == 0
    with opened(load_config(history).config, SimulatedClock(NOW)) as store:
        assert store.list_incidents() == ()
        assert store.notifications() == ()


def test_a_wrong_span_and_a_wrong_config_are_refused_in_words(history, monkeypatch, capsys):
    code, told = ask(history, monkeypatch, capsys, "", "--since", "last month")
    assert (code, "--since" in told.err) == (2, True)
    code, told = ask(history, monkeypatch, capsys, "detection: {thresholds: {warning_people: many}}\n")
    assert (code, "warning_people" in told.err) == (2, True)


def test_only_the_asked_span_is_replayed_and_the_table_is_readable(history, monkeypatch, capsys):
    _, told = ask(history, monkeypatch, capsys, "", "--since", "15h")
    lines = told.out.splitlines()
    assert 120 < int(lines[0].split()[0]) < 200
    assert [line.split()[0] for line in lines[2:4]] == ["in", "tried"]
    assert any("Nordtåg" in line for line in lines), "three days before them are learnt, so the surge is seen"
