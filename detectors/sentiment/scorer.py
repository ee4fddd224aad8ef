"""The scorer: masking, language and the languages' judges put together."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from importlib import import_module
from importlib.resources import files

from detectors.sentiment.head import Head, Probabilities
from detectors.sentiment.judge import Judge, as_score
from detectors.sentiment.language import LanguageGuesser
from detectors.sentiment.masking import mask_text
from detectors.sentiment.score import LANGUAGES, Score, family

CODE_VERSION = 3
"""Raised by hand when a rule changes; lists and tables are hashed."""

Model = Callable[[list[str]], Sequence[Probabilities]]
"""A model of the user's own: texts in, (negative, neutral, positive) probabilities out, in order."""


class Scorer:
    """A fixed way of scoring. Immutable and thread-safe; `version` names everything that can change a score."""

    def __init__(
        self,
        *,
        mask: Sequence[str] = (),
        own_words: Mapping[str, Mapping[str, float]] | None = None,
        languages: Sequence[str] = LANGUAGES,
        heads: Mapping[str, Head] | None = None,
        model: str | None = None,
    ) -> None:
        """Fix a scorer.

        `mask`: names never scored. `own_words`: language → word → valence (−4..4; "*" for every language).
        `languages`: those in play; a single one is never guessed. `heads`: heads of the user's own training by
        language family. `model`: dotted path ("package.module:function") of a `Model` that replaces the head.
        Raises ValueError for an unknown language or a model that cannot be imported.
        """
        self._mask = tuple(mask)
        self._own = _by_family(own_words or {})
        self._languages = _known(languages)
        self._heads = dict(heads or {})
        self._model_path = model
        self._model = import_model(model) if model else None
        self._guesser = LanguageGuesser(self._languages)
        self._judges: dict[str, Judge] = {}

    @property
    def version(self) -> str:
        """Changes when anything that can change a score changes; 16 hexadecimal digits."""
        words = {language: sorted(own.items()) for language, own in sorted(self._own.items())}
        own = repr((self._mask, words, self._languages, sorted(self._heads.items()), self._model_path))
        return hashlib.sha256((shipped_version() + own).encode()).hexdigest()[:16]

    def score(
        self,
        texts: Sequence[str],
        language: str | Sequence[str | None] | None = None,
        mask: Sequence[str] = (),
        prior: Mapping[str, float] | None = None,
    ) -> list[Score]:
        """Scores of `texts`, in order.

        `language`: one tag for all is final; one a text (None: not known) is what platform or source said of it,
        which is believed unless the text clearly speaks against it: apps fill in their own language. `mask` adds
        names. `prior` is what source and thread make likely, language → weight.
        """
        names = (*self._mask, *mask)
        if language is None or isinstance(language, str):
            scores = [self._score(text, language, names, prior) for text in texts]
        else:
            told = zip(texts, language, strict=True)
            scores = [self._score(text, self._final(tag), names, prior or likely(tag)) for text, tag in told]
        return self._by_own_model(texts, scores) if self._model else scores

    def judge(self, language: str) -> Judge:
        """The judge of a language family, made on first use."""
        found = self._judges.get(language)
        if found is None:
            own = {**self._own.get("*", {}), **self._own.get(language, {})}
            found = self._judges[language] = Judge(language, own, self._heads.get(language))
        return found

    def language_of(self, text: str, tag: str | None, prior: Mapping[str, float] | None = None) -> str:
        """The language code of a masked text; a known tag is believed, but `no` is told apart into nb and nn."""
        return self._language(text, text.split(), tag, prior)

    def _language(
        self, text: str, pieces: Sequence[str], tag: str | None, prior: Mapping[str, float] | None
    ) -> str:
        known = family(tag) if tag else None
        if known is None:
            return self._guesser.guess(text, prior, pieces)
        if known != "no":
            return known
        return str(tag) if tag in ("nb", "nn") else _NORWEGIAN.guess(text, None, pieces)

    def _final(self, tag: str | None) -> str | None:
        """A platform's tag where there is nothing to weigh it against: no language of its family is in play."""
        return None if tag is None or likely(tag).keys() & set(self._languages) else tag

    def _score(self, text: str, tag: str | None, names: Sequence[str], prior: Mapping[str, float] | None) -> Score:
        masked = mask_text(text, names)
        pieces = masked.split()
        language = self._language(masked, pieces, tag, prior)
        return self.judge(_FAMILY[language]).score(masked, pieces, language)

    def _by_own_model(self, texts: Sequence[str], scores: list[Score]) -> list[Score]:
        assert self._model is not None
        found = self._model(list(texts))
        if len(found) != len(texts):
            raise ValueError(f"the model {self._model_path} gave {len(found)} answers for {len(texts)} texts")
        return [
            as_score(tuple(own), old.language, old.hostile_kind, old.is_question)  # type: ignore[arg-type]
            for own, old in zip(found, scores, strict=True)
        ]


def _by_family(own_words: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for language, words in own_words.items():
        key = "*" if language == "*" else family(language)
        if key is None:
            raise ValueError(f"own words for {language!r}: known languages are {', '.join(LANGUAGES)}, no and *")
        found.setdefault(key, {}).update({word.lower(): float(valence) for word, valence in words.items()})
    return found


@lru_cache(maxsize=256)
def likely(tag: str | None) -> Mapping[str, float]:
    """The prior that a platform's tag stands for; `no` is Norwegian of either kind. Empty for an unknown tag."""
    known = family(tag) if tag else None
    if known is None:
        return {}
    return {str(tag): 1.0} if tag in LANGUAGES else {code: 1.0 for code in LANGUAGES if family(code) == known}


def _known(languages: Sequence[str]) -> tuple[str, ...]:
    codes = [code for tag in languages for code in (("nb", "nn") if tag == "no" else (tag,))]
    unknown = [code for code in codes if code not in LANGUAGES]
    if unknown or not codes:
        raise ValueError(
            f"unknown languages {', '.join(unknown) or '(none given)'}; known are {', '.join(LANGUAGES)}"
        )
    return tuple(dict.fromkeys(codes))


def import_model(path: str) -> Model:
    """The callable at a dotted path "package.module:function". Raises ValueError saying what is wrong."""
    module, _, name = path.partition(":")
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as problem:
        raise ValueError(
            f"model {path!r} cannot be imported ({problem}); write package.module:function"
        ) from problem
    if not callable(found):
        raise ValueError(f"model {path!r} is not a function of a list of texts")
    return found  # type: ignore[no-any-return]  # a plug-in's type is its author's promise


_FAMILY = {language: family(language) or "en" for language in LANGUAGES}
_NORWEGIAN = LanguageGuesser(("nb", "nn"), words_only=True)


@cache
def shipped_version() -> str:
    """Version of the shipped rules, lists and tables: the code's number and a hash of the files."""
    digest = hashlib.sha256()
    for folder in ("lexicons", "models"):
        for place in sorted(files("detectors.sentiment").joinpath(folder).iterdir(), key=lambda item: item.name):
            digest.update(place.name.encode() + place.read_bytes())
    return f"{CODE_VERSION}-{digest.hexdigest()[:12]}"


@cache
def default_scorer() -> Scorer:
    """The scorer without own words, shared by all callers."""
    return Scorer()


def score_texts(
    texts: Sequence[str],
    language: str | Sequence[str | None] | None = None,
    mask: Sequence[str] = (),
    *,
    prior: Mapping[str, float] | None = None,
) -> list[Score]:
    """Scores of `texts`, in order, by the shipped scorer; see `Scorer.score`."""
    return default_scorer().score(texts, language, mask, prior)


SCORER_VERSION = shipped_version()
"""Version of the shipped scorer. A brand's own words and mask are in `Scorer.version`."""
