"""How frequent words are in each language, by licensed texts and counts (docs/sentiment.md, *Data and licences*).

Needs the packages `wordfreq` and `langidentify` (only their data are read; `pip install --no-deps langidentify`).
"""

from __future__ import annotations

import gzip
import math
import re
import sys
from collections import Counter, defaultdict
from importlib.resources import files
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from detectors.sentiment.lexicon import entries, list_text, rows  # noqa: E402  # after the path is set
from detectors.sentiment.masking import mask_text  # noqa: E402
from detectors.sentiment.score import LANGUAGES  # noqa: E402

Shares = dict[str, float]
"""Word → share of all words of a language."""

SETS = {
    "sv": ["sv_absabank.train"],
    "nb": ["no_norec_sent.train"],
    "da": ["da_angrytweets.train", "da_twittersent.train", "da_lcc.train", "da_dkhate.train"],
    "fi": ["fi_xed.train"],
    "en": ["en_xed.train"],
}
POSTS, WIKIPEDIA, TEXTS = 0.55, 0.2, 0.25
"""Weights of wordfreq (subtitles, tweets, news, the web), of langidentify (Wikipedia) and of the texts at hand."""
CONVERTED = 0.6
"""Weight of Bokmål turned into Nynorsk against Nynorsk's own Wikipedia."""
PLAIN = 0.03
"""Share of writers who leave out diacritics."""
SPOKEN = 2e-5
"""Share that a spelling of `lexicons/languages.tsv` is given on top of its count."""
UNSEEN = 4e-6
"""Share of a word that is too rare for langidentify's lists."""
ENDINGS = [
    (re.compile(pattern), ending)
    for pattern, ending in (
        *(("ligere$", "legare"), ("ligste$", "legaste"), ("ligst$", "legast"), ("lige$", "lege"), ("lig$", "leg")),
        *(("sjonene$", "sjonane"), ("sjoner$", "sjonar"), ("heten$", "heita"), ("het$", "heit")),
        *(("ene$", "ane"), ("ere$", "arar"), ("ere$", "are"), ("erne$", "arane"), ("er$", "ar"), ("et$", "a")),
        *(
            ("ingen$", "inga"),
            ("else$", "ing"),
            ("^hv", "kv"),
            ("ende$", "ande"),
            ("ede$", "a"),
            ("este$", "aste"),
        ),
        *(("en$", "a"), ("løse$", "lause"), ("løs$", "laus")),
    )
]
"""Endings of Bokmål and of Nynorsk; the first nine are right even in words that no list knows."""
CERTAIN = 9
WORD = re.compile(r"[^\W\d_]+")
_TO_ONE, _TO_TWO = (
    str.maketrans("åäöæø", "aaoao"),
    str.maketrans({"å": "aa", "ä": "ae", "ö": "oe", "æ": "ae", "ø": "oe"}),
)


def evidence(folder: Path, leave_out: int = 0) -> dict[str, Shares]:
    """Language → its words' shares. `leave_out`: every how many-th text is not counted, for evaluation."""
    found, spoken_nb = {}, {}
    for language in SETS:
        counted, texts, wikipedia = (
            from_wordfreq(language),
            from_texts(folder, language, leave_out),
            from_wikipedia(language),
        )
        found[language] = mixed((POSTS, counted), (WIKIPEDIA, wikipedia), (TEXTS, texts))
        if language == "nb":
            whole = POSTS + TEXTS
            spoken_nb = mixed((POSTS / whole, counted), (TEXTS / whole, texts))
    found["nn"] = mixed((CONVERTED, as_nynorsk(spoken_nb)), (1 - CONVERTED, from_wikipedia("nn")))
    for language, words in found.items():
        if language != "en":
            _add_plain(words)
    for languages, weight, cell in rows(list_text("languages")):
        for language in languages.split():
            for word in entries(cell):
                found[language][word] = found[language].get(word, 0.0) + SPOKEN * float(weight)
    return {language: found[language] for language in LANGUAGES}


def from_texts(folder: Path, language: str, leave_out: int = 0) -> Shares:
    """Shares in the training texts at hand; words seen once are chance."""
    counts = Counter[str]()
    for name in SETS[language]:
        lines = (folder / f"{name}.tsv").read_text("utf-8").split("\n")[1:]
        kept = [line for number, line in enumerate(lines) if not leave_out or number % leave_out]
        for line in kept:
            counts.update(WORD.findall(mask_text(line.split("\t")[0]).lower()))
    total = counts.total()
    return {word: count / total for word, count in counts.items() if count > 1}


def from_wordfreq(language: str) -> Shares:
    """Shares by the package wordfreq."""
    from wordfreq import get_frequency_dict

    return {word: share for word, share in get_frequency_dict(language, "best").items() if WORD.fullmatch(word)}


def from_wikipedia(language: str) -> Shares:
    """Shares in Wikipedia, by the package langidentify, which calls Bokmål `no`."""
    name = f"topwords-{'no' if language == 'nb' else language}.txt.gz"
    packed = files("langidentify").joinpath("models", "lite", name).read_bytes()
    lines = gzip.decompress(packed).decode("utf-8").splitlines()
    return {word: math.exp(float(log)) for word, log in (line.split() for line in lines if line[0] != "#")}


def mixed(*parts: tuple[float, Shares]) -> Shares:
    """The weighted sum of shares."""
    found: defaultdict[str, float] = defaultdict(float)
    for weight, shares in parts:
        for word, share in shares.items():
            found[word] += weight * share
    return dict(found)


def as_nynorsk(bokmaal: Shares) -> Shares:
    """Bokmål's shares as Nynorsk's would be: no licensed Nynorsk posts are at hand.

    `nynorsk.tsv` says what frequent words become; the others follow what the two Wikipedias make of them, or,
    where these are silent, the endings.
    """
    pairs = {word: entries(cell) for word, cell in rows((ROOT / "scripts/nynorsk.tsv").read_text("utf-8"))}
    old, new = from_wikipedia("nb"), from_wikipedia("nn")
    found: defaultdict[str, float] = defaultdict(float)
    for word, share in bokmaal.items():
        forms = _by_hand(word, pairs[word], old, new) if word in pairs else _by_ending(word, old, new)
        for form, part in forms.items():
            found[form] += share * part
    return dict(found)


def _by_hand(word: str, forms: list[str], old: Shares, new: Shares) -> Shares:
    """The forms that `nynorsk.tsv` gives, the first likeliest; up to half stays where Nynorsk has the word too."""
    kept = 0.0 if word in forms else min(0.5, new.get(word, 0.0) / (old.get(word, 0.0) + UNSEEN))
    weights = [1 / (place + 1.5) for place in range(len(forms))]
    found = {form: (1 - kept) * weight / sum(weights) for form, weight in zip(forms, weights, strict=True)}
    return found | ({word: kept} if kept else {})


def _by_ending(word: str, old: Shares, new: Shares) -> Shares:
    """The word as it is, and with Nynorsk's ending where that is likelier."""
    other = _with_ending(word, old, new)
    if word not in old and word not in new:
        return {word: 0.05, other: 0.8} if other else {word: 0.6}
    likelier = min(5.0, (new.get(word, 0.0) + UNSEEN) / (old.get(word, 0.0) + UNSEEN))
    return {word: likelier, other: 1 - likelier} if other and likelier < 0.6 else {word: likelier}


def _with_ending(word: str, old: Shares, new: Shares) -> str | None:
    known = word in old or word in new
    for place, (pattern, ending) in enumerate(ENDINGS):
        other = pattern.sub(ending, word)
        if other != word and (new.get(other, 0.0) > 1.5 * old.get(other, 0.0) or (not known and place < CERTAIN)):
            return other
    return None


def _add_plain(words: Shares) -> None:
    """Enter words without their diacritics as well."""
    for word, share in list(words.items()):
        if not word.isascii():
            for plain in {word.translate(_TO_ONE), word.translate(_TO_TWO)}:
                words[plain] = words.get(plain, 0.0) + PLAIN * share
