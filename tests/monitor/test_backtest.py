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


@pytest.fixture
def history(tmp_path, monkeypatch):
    """Four days in the store, with a surge on the last one; the clock stands at their end."""
    file = tmp_path / "config.yaml"
    file.write_text(CONFIG.format(folder=tmp_path, more=""), encoding="utf-8")
    posts = seen(chain(quiet(4), surge(START + timedelta(days=3, hours=10), 120, timedelta(hours=2))))
    clock = SimulatedClock(NOW)
    with opened(load_config(file).config, clock) as store:
        import_mentions(store, load_config(file).config, [p for p in posts if p.created_at < NOW], clock)
    monkeypatch.setattr(backtest, "SystemClock", lambda: clock)
    return file


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
    assert answer["mentions"] > 400
    assert answer["in force"]["reached"]["warning"] + answer["in force"]["reached"]["crisis"] == 1
    assert answer["tried"]["reached"]["warning"] + answer["tried"]["reached"]["crisis"] == 0
    with opened(load_config(history).config, SimulatedClock(NOW)) as store:
        assert store.list_incidents() == ()
        assert store.notifications() == ()


def test_the_table_is_readable_and_names_the_incidents(history, monkeypatch, capsys):
    _, told = ask(history, monkeypatch, capsys, "")
    assert "in force" in told.out
    assert "tried" in told.out
    assert "Nordtåg" in told.out


def test_a_wrong_span_and_a_wrong_config_are_refused_in_words(history, monkeypatch, capsys):
    code, told = ask(history, monkeypatch, capsys, "", "--since", "last month")
    assert (code, "--since" in told.err) == (2, True)
    code, told = ask(history, monkeypatch, capsys, "detection: {thresholds: {warning_people: many}}\n")
    assert (code, "warning_people" in told.err) == (2, True)


def test_only_the_asked_span_is_replayed(history, monkeypatch, capsys):
    _, told = ask(history, monkeypatch, capsys, "", "--since", "6h", "--json")
    assert json.loads(told.out)["mentions"] < 60
