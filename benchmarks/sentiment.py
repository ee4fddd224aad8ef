"""Texts per second and core of the scorer, beside VADER, AFINN and Asent in the same run.

    python -m benchmarks.sentiment [FILE.tsv …]

A file has a header and the text in the first column; its first two letters are the language. Without files,
made-up posts are used. AFINN and Asent are measured when they are installed. CPU time, best of three warm
rounds: what a daemon sees that runs for days. With files, also texts seen for the first time by a scorer that has
read the first half of the file: what a short run sees. Import time and memory are of a fresh interpreter.
Run from the checkout it measures the plain scorer; `make bench` measures also the compiled one of a wheel.
"""

from __future__ import annotations

import argparse
import importlib
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from detectors.sentiment import Scorer, judge
from detectors.sentiment.vader import VaderEngine

MADE_UP = {
    "sv": "Hej @nordtåg, tåg {n} är inställt igen, ingen svarar. Väntat i {n} minuter, riktigt dåligt! 😡",
    "da": "Toget kl. {n} er aflyst igen, kundeservice svarer ikke. Det er simpelthen for dårligt {n} gange!",
    "fi": "Juna {n} on taas myöhässä eikä asiakaspalvelu vastaa. Odotin {n} minuuttia, todella huonoa palvelua!",
    "en": "@acme flight {n} cancelled again and nobody answers the phone. On hold for {n} minutes, really bad! 😡",
}
LIMIT = 2000


def texts_of(files: Sequence[Path]) -> dict[str, tuple[str, list[str]]]:
    """Name → language and texts."""
    if not files:
        return {f"made up {lang}": (lang, [t.format(n=n) for n in range(LIMIT)]) for lang, t in MADE_UP.items()}
    found = {}
    for file in files:
        lines = file.read_text("utf-8").split("\n")[1 : LIMIT + 1]
        found[file.name] = (file.name[:2], [line.split("\t")[0] for line in lines if line])
    return found


def rate(score: Callable[[list[str]], object], texts: list[str]) -> float:
    """Texts per CPU second, best of three rounds after one to warm up."""
    score(texts)
    best = float("inf")
    for _ in range(3):
        began = time.process_time()
        score(texts)
        best = min(best, time.process_time() - began)
    return len(texts) / best


def rate_of_new(texts: list[str], language: str) -> float:
    """Texts per CPU second of the second half of `texts`, read once by a scorer that has read the first half."""
    scorer, half = Scorer(), len(texts) // 2
    scorer.score(texts[:half], language)
    began = time.process_time()
    scorer.score(texts[half:], language)
    return (len(texts) - half) / (time.process_time() - began)


def rivals(language: str) -> dict[str, Callable[[list[str]], object]]:
    """The other packages that are installed, by name."""
    package = SentimentIntensityAnalyzer()
    found: dict[str, Callable[[list[str]], object]] = {
        "VADER": lambda texts: [package.polarity_scores(text) for text in texts]
    }
    try:
        afinn = importlib.import_module("afinn").Afinn(language="da" if language == "da" else "en", emoticons=True)
        found["AFINN"] = lambda texts: [afinn.score(text) for text in texts]
    except ImportError:
        pass
    try:
        spacy = importlib.import_module("spacy")
        importlib.import_module("asent")
        pipe = spacy.blank(language)
        pipe.add_pipe("sentencizer")
        pipe.add_pipe({"en": "asent_en_v1", "da": "asent_da_v1", "sv": "asent_sv_v1"}.get(language, "asent_no_v1"))
        found["Asent"] = lambda texts: [pipe(text)._.polarity.compound for text in texts]
    except (ImportError, ValueError):
        pass
    return found


def fresh(code: str) -> str:
    """What a fresh interpreter prints after `code`."""
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path)
    options = parser.parse_args()
    seconds, megabytes = fresh(
        "import time, resource; t = time.process_time(); import detectors.sentiment as s\n"
        "d = time.process_time() - t\n"
        "s.score_texts(['hej'], 'sv')\n"
        "print(round(d, 3), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)"
    ).split()
    compiled = "Python" if (judge.__file__ or "").endswith(".py") else "compiled, as a wheel has it"
    print(f"ours is {compiled}; import {seconds} s, {megabytes} MB after scoring Swedish with its language given")
    scorer, engine = Scorer(), VaderEngine()
    for name, (language, texts) in texts_of(options.files).items():
        rates = {label: rate(score, texts) for label, score in rivals(language).items()}
        rates["ours, pure VADER"] = rate(lambda found: [engine.compound(text) for text in found], texts)
        rates["ours, everything"] = rate(lambda found, tag=language: scorer.score(found, tag), texts)  # type: ignore[misc]
        rates["… and language"] = rate(scorer.score, texts)
        if options.files:
            rates["everything, new texts"] = rate_of_new(texts, language)
        row = "  ".join(f"{label} {value:,.0f} ({value / rates['VADER']:.1f}×)" for label, value in rates.items())
        print(f"{name}: {row}")


if __name__ == "__main__":
    main()
