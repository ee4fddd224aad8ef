"""`crisis-monitor score` and `crisis-monitor train`, without the command line around them."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence

from detectors.sentiment import Score, Scorer

BATCH = 256


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
        }
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
