"""Make the table of frequent words by which languages are told apart.

    train_languages.py DATA_FOLDER [--out detectors/sentiment/models/words.tsv]

Counts the words of licensed texts in known languages (docs/sentiment.md), adds the hand-written words of
`lexicons/languages.tsv` as pseudo-counts, and writes for each word its log-odds in each language.
"""

from __future__ import annotations

import argparse
import math
import re
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from detectors.sentiment.lexicon import entries, list_text, rows  # noqa: E402  # after the path is set
from detectors.sentiment.masking import mask_text  # noqa: E402
from detectors.sentiment.score import LANGUAGES  # noqa: E402

SETS = {
    "sv": ["sv_absabank.train"],
    "nb": ["no_norec_sent.train"],
    "nn": [],
    "da": ["da_angrytweets.train", "da_twittersent.train", "da_lcc.train", "da_dkhate.train"],
    "fi": ["fi_xed.train"],
    "en": ["en_xed.train"],
}
WORDS = 2500
"""How many words the table holds; more makes it larger, not better."""
HAND = 4e-4
"""Relative frequency that a hand-written word of weight 1 is given on top of its count."""
FLOOR = 4e-5
"""Relative frequency of a word never seen: rarer differences are chance."""
CLIP = 3.0
_WORD = re.compile(r"[^\W\d_]+")


def counts(folder: Path, language: str) -> Counter[str]:
    """Word counts of all texts of a language."""
    texts = []
    for name in SETS[language]:
        texts += [line.split("\t")[0] for line in (folder / f"{name}.tsv").read_text("utf-8").split("\n")[1:]]
    return Counter(word for text in texts for word in _WORD.findall(mask_text(text).lower()))


def as_nynorsk(bokmaal: dict[str, float]) -> dict[str, float]:
    """Bokmål's frequencies without the words that the hand-written list gives to Bokmål alone.

    No licensed Nynorsk posts are at hand: what makes Nynorsk is what the list adds.
    """
    alone = {
        word for languages, _, cell in rows(list_text("languages")) if languages == "nb" for word in entries(cell)
    }
    return {word: share for word, share in bokmaal.items() if word not in alone}


def frequencies(folder: Path) -> dict[str, dict[str, float]]:
    """Language → word → relative frequency, hand-written words included."""
    found: dict[str, dict[str, float]] = {}
    for language in LANGUAGES:
        seen = counts(folder, language)
        total = max(1, sum(seen.values()))
        found[language] = {word: count / total for word, count in seen.items() if count > 1}
    found["nn"] = as_nynorsk(found["nb"])
    for languages, weight, cell in rows(list_text("languages")):
        for language in languages.split():
            for word in entries(cell):
                found[language][word] = found[language].get(word, 0.0) + HAND * float(weight)
    return found


def table(found: dict[str, dict[str, float]]) -> list[str]:
    """Lines of the table: word and its log-odds in each language, most telling words first."""
    mass = Counter[str]()
    for words in found.values():
        mass.update(words)
    lines = []
    for word, _ in mass.most_common(WORDS):
        logs = [math.log(found[language].get(word, 0.0) + FLOOR) for language in LANGUAGES]
        middle = sum(logs) / len(logs)
        odds = [max(-CLIP, min(CLIP, log - middle)) for log in logs]
        if max(odds) - min(odds) > 0.5:
            lines.append("\t".join([word, *(f"{value:.1f}" for value in odds)]))
    return lines


def main() -> None:
    """Read the arguments and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, default=ROOT / "detectors/sentiment/models/words.tsv")
    options = parser.parse_args()
    header = "# Made by scripts/train_languages.py; log-odds of frequent words.\n# word\t" + "\t".join(LANGUAGES)
    options.out.write_text("\n".join([header, *table(frequencies(options.data))]) + "\n", "utf-8")


if __name__ == "__main__":
    main()
