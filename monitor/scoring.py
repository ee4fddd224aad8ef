"""`crisis-monitor score` and `crisis-monitor train`, without the command line around them.

`python -m monitor.scoring --language sv` scores standard input.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from detectors.sentiment import Score, Scorer
from detectors.sentiment.head import Head, head_from
from detectors.sentiment.score import LABELS, Label
from detectors.sentiment.training import Comparison, Labelled, as_table, train_heads

_SHORT: dict[str, Label] = {"neg": "negative", "neu": "neutral", "pos": "positive"}


def score_lines(
    lines: Iterable[str], *, language: str | None = None, mask: Sequence[str] = (), scorer: Scorer | None = None
) -> Iterator[str]:
    """One JSON object (a str without newline) for each line of text, empty lines included, in order."""
    scorer = scorer or Scorer()
    for line in lines:
        yield as_json(scorer.score([line.rstrip("\r\n")], language, mask)[0])


def as_json(score: Score) -> str:
    """The public keys of a score as one JSON object."""
    return json.dumps(
        {
            "compound": score.compound,
            "label": score.label,
            "p_negative": score.p_negative,
            "language": score.language,
            "hostile": score.hostile,
            "hostile_kind": score.hostile_kind,
            "is_question": score.is_question,
        }
    )


def read_labels(path: Path) -> list[Labelled]:
    """Labelled texts of a CSV with the columns text, label and (optional) language.

    Labels are negative, neutral, positive or their first three letters. Raises ValueError naming every bad line.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        missing = {"text", "label"} - set(reader.fieldnames or ())
        if missing:
            raise ValueError(f"{path}: no column {' and '.join(sorted(missing))}; the header must name text,label")
        rows = [(reader.line_num, row) for row in reader]
    bad = [f"line {number}: {row['label']!r}" for number, row in rows if _label(row["label"]) is None]
    if bad:
        raise ValueError(f"{path}: labels must be negative, neutral or positive; not so: {'; '.join(bad[:20])}")
    return [
        Labelled(row["text"], label, row.get("language") or None)
        for _, row in rows
        if (label := _label(row["label"])) is not None
    ]


def _label(word: str | None) -> Label | None:
    short = _SHORT.get((word or "").strip().lower()[:3])
    return short if (word or "").strip().lower() in (*_SHORT, *LABELS) else None


def train(labels: Path, out: Path) -> list[Comparison]:
    """Train heads from the labelled texts in `labels` and write them to `out`; the before/after table.

    The file takes effect when the config names it; it is a new scorer version. Raises ValueError as `read_labels`
    and `train_heads` do.
    """
    heads, table = train_heads(read_labels(labels))
    out.write_text(json.dumps({"heads": as_table(heads)}, indent=1) + "\n", "utf-8")
    return table


def read_heads(path: Path) -> dict[str, Head]:
    """Heads written by `train`. Raises ValueError for a file that is not one."""
    try:
        tables = json.loads(path.read_text("utf-8"))["heads"]
        return {language: head_from(table) for language, table in tables.items()}
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as problem:
        raise ValueError(f"{path} is not a file of trained heads ({problem!r}); make it with train") from problem


def comparison_lines(table: Sequence[Comparison]) -> list[str]:
    """The before/after table for people, one line a language under a header."""
    head = "language  trained on  held back  accuracy before → after  macro-F1 before → after"
    return [head] + [
        f"{row.language:<8}  {row.trained_on:>10}  {row.held_back:>9}  "
        f"{row.accuracy_before:>15.3f} → {row.accuracy_after:.3f}  "
        f"{row.macro_f1_before:>15.3f} → {row.macro_f1_after:.3f}"
        + ("" if row.better else "  (worse: keep the shipped one)")
        for row in table
    ]


def brand_scorer(
    *,
    mask: Sequence[str] = (),
    own_words: Mapping[str, Mapping[str, float]] | None = None,
    languages: Sequence[str] | None = None,
    heads: Path | None = None,
    model: str | None = None,
) -> Scorer:
    """The scorer of one brand as its config asks. Raises ValueError for what cannot be used."""
    chosen = {"languages": languages} if languages else {}
    return Scorer(
        mask=mask, own_words=own_words, heads=read_heads(heads) if heads else None, model=model, **chosen
    )


def main(argv: Sequence[str] | None = None) -> int:
    """`python -m monitor.scoring`: score standard input."""
    parser = argparse.ArgumentParser(prog="monitor.scoring", description=__doc__)
    parser.add_argument("--language")
    parser.add_argument("--mask", action="append", default=[])
    options = parser.parse_args(argv)
    for row in score_lines(sys.stdin, language=options.language, mask=options.mask):
        sys.stdout.write(row + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
