"""Make the two tables by which languages are told apart.

    train_languages.py DATA_FOLDER [--leave-out 5] [--out detectors/sentiment/models]

`languages.words.tsv` holds log-odds of frequent words, `languages.letters.tsv` log-odds of the letters of all
others. Both come from the words' shares in each language (`language_evidence.py`): a word's odds are its shares',
with what its spelling makes likely as a prior; the letters' odds are a logistic regression on them. To keep the
tables small and readable, words and n-grams with nearly the same odds share a line (k-means). Needs numpy, scipy,
wordfreq and langidentify; takes some two minutes.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from language_evidence import ROOT, Shares, evidence
from letter_models import LetterModel, Numbers, clustered, letter_table, log_softmax

from detectors.sentiment.language import letters_of
from detectors.sentiment.score import LANGUAGES

KNOWN = 26_000
"""Words of each language that are looked at: as many as the shortest list has."""
LONGEST = 24
LETTERS_SAY = 0.05
"""Weight of what the letters make likely beside a word's share."""
CLIP = 5.0
"""No word speaks against a language by more than this."""
WORDS, EXACT, GROUPS, LETTER_GROUPS = 15_000, 600, 300, 250
"""Words in the table, those with odds of their own, and how many groups the rest and the n-grams form."""
APART = np.array([1, 1, 1, 1, 0.4, 0.4])
"""Finnish and English stand so far apart that their odds need not be so exact."""
LICENCE = """Data licence: CC BY-SA 4.0, for it is derived, among others, from the data of wordfreq by Robyn Speer
# (CC BY-SA 4.0; subtitles from OpenSubtitles and SUBTLEX by Marc Brysbaert and others, which are freely available;
# Wikipedia, ParaCrawl, the Leeds Internet Corpus, Google Books Ngrams), and of langidentify (Apache-2.0;
# Wikipedia). All sources: docs/sentiment.md."""


def tables(shares: dict[str, Shares]) -> tuple[list[str], list[str]]:
    """The lines of both tables."""
    known = {
        language: dict(sorted(shares[language].items(), key=lambda item: -item[1])[:KNOWN])
        for language in LANGUAGES
    }
    words = sorted({word for own in known.values() for word in own if len(word) <= LONGEST})
    seen = np.array([[known[language].get(word, 0.0) for language in LANGUAGES] for word in words])
    models = [LetterModel(known[language]) for language in LANGUAGES]
    spelt = np.array([[model.log(word) for model in models] for word in words])
    odds = np.log(seen + LETTERS_SAY * np.exp(spelt))
    target = (np.exp(log_softmax(spelt)) + np.exp(log_softmax(odds))) / 2
    weights = (seen.max(1) / seen.max(1).min()) ** 0.3
    grams, letter_odds, by_letters = letter_table(
        words, target, weights, {word: letters_of(word) for word in words}
    )
    mistaken = np.abs(np.exp(log_softmax(clipped(odds))) - np.exp(log_softmax(clipped(by_letters)))).sum(1)
    chosen = np.argsort(-seen.sum(1) * mistaken, kind="stable")[:WORDS]
    return word_lines(words, clipped(odds), seen.sum(1), chosen), lines(
        grams, letter_odds - letter_odds.mean(1, keepdims=True), np.abs(letter_odds).sum(1) + 0.01, LETTER_GROUPS
    )


def clipped(odds: Numbers) -> Numbers:
    """Odds within CLIP of the likeliest language, around nought."""
    near = np.maximum(odds - odds.max(1, keepdims=True), -CLIP)
    return np.asarray(near - near.mean(1, keepdims=True))


def word_lines(words: Sequence[str], odds: Numbers, mass: Numbers, chosen: Sequence[int]) -> list[str]:
    """Lines of the chosen words: the most frequent by themselves, the others in groups."""
    by_mass = sorted(chosen, key=lambda place: -mass[place])
    exact, others = by_mass[:EXACT], by_mass[EXACT:]
    first = [line(odds[place], [words[place]]) for place in exact]
    return first + lines([words[place] for place in others], odds[others], mass[others] ** 0.75, GROUPS)


def lines(names: Sequence[str], odds: Numbers, weights: Numbers, count: int) -> list[str]:
    """Lines of groups with nearly the same odds."""
    centres, nearest = clustered(odds * APART, weights, count)
    groups = [[names[place] for place in np.flatnonzero(nearest == group)] for group in range(count)]
    return [line(centre / APART, group) for centre, group in zip(centres, groups, strict=True) if group]


def line(odds: Numbers, names: Sequence[str]) -> str:
    """A line of a table: tenths of log-odds in the order of LANGUAGES, and what they hold for."""
    return "\t".join([*(str(round(10 * float(value))) for value in odds), " ".join(names)])


def main() -> None:
    """Read the arguments and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--leave-out", type=int, default=0, help="leave out every N-th text, for evaluation")
    parser.add_argument("--out", type=Path, default=ROOT / "detectors/sentiment/models")
    options = parser.parse_args()
    for name, what, made in zip(
        ("words", "letters"),
        ("frequent words", "n-grams of letters (^ begins a word, $ ends it)"),
        tables(evidence(options.data, options.leave_out)),
        strict=True,
    ):
        header = f"# Made by scripts/train_languages.py: tenths of log-odds of {what}.\n# {LICENCE}\n# "
        text = "\n".join([header + "\t".join([*LANGUAGES, what.split(" (")[0]]), *made]) + "\n"
        (options.out / f"languages.{name}.tsv").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
