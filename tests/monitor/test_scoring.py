"""What `crisis-monitor score` and `crisis-monitor train` do, without the command line."""

from __future__ import annotations

import json

import pytest

from detectors.sentiment import Scorer
from monitor.scoring import (
    brand_scorer,
    comparison_lines,
    main,
    read_heads,
    read_labels,
    score_lines,
    train,
)


def test_one_object_a_line_in_order_also_for_empty_lines():
    rows = [json.loads(row) for row in score_lines(["Usel service\n", "\n", "Toppen!\r\n"], language="sv")]
    assert [row["label"] for row in rows] == ["negative", "neutral", "positive"]
    assert {"compound", "label", "p_negative", "language", "hostile"} <= set(rows[0])


def test_a_mask_is_passed_on():
    masked, plain = (json.loads(next(score_lines(["Tryg"], language="da", mask=mask))) for mask in (["Tryg"], []))
    assert masked["p_negative"] != plain["p_negative"]


def test_the_module_scores_standard_input(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", iter(["Elendig service\n"]))
    assert main(["--language", "da"]) == 0
    assert json.loads(capsys.readouterr().out)["label"] == "negative"


@pytest.fixture
def labels(tmp_path):
    path = tmp_path / "labels.csv"
    lines = [f'"Plupp {number}, zorgel",neg,sv' for number in range(60)]
    lines += [f"Gnarf {number} är bra,positive,sv" for number in range(60)]
    path.write_text("\n".join(["text,label,language", *lines]) + "\n", "utf-8")
    return path


def test_trained_heads_are_written_read_back_and_change_the_version(labels, tmp_path):
    out = tmp_path / "head.json"
    (row,) = train(labels, out)
    assert row.accuracy_after > row.accuracy_before
    own = brand_scorer(heads=out)
    assert own.version != Scorer().version
    assert own.score(["Plupp 7, zorgel"], "sv")[0].label == "negative"
    assert set(read_heads(out)) == {"sv"}
    assert "sv" in comparison_lines([row])[1]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("text,mood\nx,neg\n", "no column label"),
        ("text,label\nx,angry\n", "line 2: 'angry'"),
        ("", "no column label and text"),
    ],
)
def test_bad_label_files_are_explained(tmp_path, content, says):
    path = tmp_path / "labels.csv"
    path.write_text(content, "utf-8")
    with pytest.raises(ValueError, match=says):
        read_labels(path)


@pytest.mark.parametrize("content", ["{}", "[]", "nonsense", '{"heads": {"sv": {}}}'])
def test_a_file_that_holds_no_heads_is_explained(tmp_path, content):
    path = tmp_path / "head.json"
    path.write_text(content, "utf-8")
    with pytest.raises(ValueError, match="not a file of trained heads"):
        read_heads(path)


def test_a_brands_languages_and_words_are_used():
    scorer = brand_scorer(languages=["sv"], own_words={"sv": {"plupp": -4}}, mask=["Nordtåg"])
    assert scorer.score(["plupp Nordtåg"])[0].label == "negative"
