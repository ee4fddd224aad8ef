"""Which brands a post concerns: keywords in every Nordic form, own accounts, themes.

    >>> rules = BrandRules("Nordtåg", keywords=("nordtåg",), themes={"delays": ("försen",)})
    >>> matcher = Matcher([rules])
    >>> matcher.match_text("Nordtags tågförseningar...")
    Match(brands=('Nordtåg',), own_of=(), themes_by_brand={'Nordtåg': ('delays',)})

A text is cut into words once; what each word means is remembered, so that a stream costs a few dictionary
look-ups a post, however many brands are watched.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from monitor.mention import Mention
from monitor.spelling import COMPOUND_FROM, fold, phrase_pattern, skeleton, spelling, word_pattern

REMEMBERED_WORDS = 10_000
"""Words whose meaning is remembered before the memory is cleared (2 MB); a language's usual words fit in."""

THEME_INSIDE_FROM = 4
"""Theme stems this long are found inside compounds, too: "försen" in "tågförsening"."""

Meaning = tuple[frozenset[str], tuple[int, ...]]
"""What a word means: the owners whose keyword it is, and the numbers of phrases that it may begin."""

NOTHING: Meaning = (frozenset(), ())

_WORDS = re.compile(r"([#@]?)([^\W_]+)")
_CAMEL = re.compile(r"#\w*[^\W\d_A-ZÅÄÖÆØ][A-ZÅÄÖÆØ]\w*")
_HUMP = re.compile(r"(?<=[^\W\d_A-ZÅÄÖÆØ])(?=[A-ZÅÄÖÆØ])")


@dataclass(frozen=True, slots=True)
class BrandRules:
    """What a brand is called (`keywords`), what only looks like it (`exclude`), its own accounts, its themes.

    A keyword of up to three letters matches as a whole word, of four with inflections, of five and more also as
    the beginning of a compound. `themes` maps a theme to word stems.
    """

    name: str
    keywords: Sequence[str] = ()
    exclude: Sequence[str] = ()
    accounts: Sequence[str] = ()
    themes: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Match:
    """The brands that a post concerns, those whose own post it is (part of `brands`), and its themes for each."""

    brands: tuple[str, ...] = ()
    own_of: tuple[str, ...] = ()
    themes_by_brand: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class Matcher:
    """Matches posts to brands. Immutable but for its memory of words; safe to share between threads."""

    def __init__(self, brands: Sequence[BrandRules]) -> None:
        self._order = tuple(rules.name for rules in brands)
        self._canonical = {fold(name): name for name in self._order}
        self._keywords = _Lexicon({rules.name: (*rules.keywords, *_handles(rules)) for rules in brands})
        self._excluded = _Lexicon({rules.name: tuple(rules.exclude) for rules in brands})
        self._themes = {rules.name: _Themes(rules.themes) for rules in brands}
        self._accounts: dict[str, tuple[str, ...]] = {}
        for rules in brands:
            for account in rules.accounts:
                handle = normal_handle(account)
                self._accounts[handle] = (*self._accounts.get(handle, ()), rules.name)

    def match(self, mention: Mention, *, also: Iterable[str] = ()) -> Match:
        """Brands, own accounts and themes of a post.

        A filled brand column is believed and nothing else looked for. `also` are brands that it concerns for
        another reason: the source's brand, or the thread's.
        """
        own_of = self.own_of(mention)
        text = f"{mention.text}\n{mention.extra_text}" if mention.extra_text else mention.text
        folded = fold(text)
        if mention.brands:
            return self._matched(folded, [self.canonical(name) for name in mention.brands], own_of)
        found = {*self._named(text, folded), *map(self.canonical, also)}
        return self._matched(folded, [*(name for name in self._order if name in found), *found], own_of)

    def match_text(self, text: str) -> Match:
        """Brands and themes of a bare text."""
        folded = fold(text)
        return self._matched(folded, self._named(text, folded), ())

    def themes(self, brand: str, text: str) -> tuple[str, ...]:
        """The themes that a brand has and a text touches."""
        return self._themes_in(brand, fold(text))

    def own_of(self, mention: Mention) -> tuple[str, ...]:
        """The brands whose own account wrote the post."""
        if not self._accounts:
            return ()
        names = (*mention.author_handles, mention.author) if mention.author else mention.author_handles
        found = {brand for name in names for brand in self._accounts.get(normal_handle(name), ())}
        return tuple(name for name in self._order if name in found)

    def canonical(self, name: str) -> str:
        """A brand's name as the config spells it; unknown names stay as they are."""
        return self._canonical.get(fold(name), name)

    def _named(self, text: str, folded: str) -> list[str]:
        words = _words(text, folded)
        found = self._keywords.find(words, folded)
        if found:
            found -= self._excluded.find(words, folded)
        return [name for name in self._order if name in found]

    def _matched(self, folded: str, brands: Iterable[str], own_of: tuple[str, ...]) -> Match:
        every = tuple(dict.fromkeys([*brands, *own_of]))
        return Match(every, own_of, {name: self._themes_in(name, folded) for name in every})

    def _themes_in(self, brand: str, folded: str) -> tuple[str, ...]:
        known = self._themes.get(brand)
        return known.find(folded) if known is not None else ()


class _Lexicon:
    """Finds which owners' words a text holds."""

    def __init__(self, words: Mapping[str, Sequence[str]]) -> None:
        self._single: list[tuple[str, str, re.Pattern[str], re.Pattern[str] | None]] = []
        self._phrases: list[tuple[str, str, re.Pattern[str]]] = []
        self._handles: dict[str, set[str]] = {}
        for owner, of_owner in words.items():
            for word in of_owner:
                self._add(owner, fold(word).strip())
        self._memory: dict[tuple[str, str], Meaning] = {}

    def find(self, words: Iterable[tuple[str, str]], folded: str) -> set[str]:
        """Owners of the words in a text given as (sign, word) pairs and as a whole."""
        found: set[str] = set()
        candidates: set[int] = set()
        for word in words:
            meaning = self._memory.get(word)
            if meaning is None:
                meaning = self._remember(word)
            if meaning is not NOTHING:
                found |= meaning[0]
                candidates.update(meaning[1])
        for number in candidates:
            owner, _, pattern = self._phrases[number]
            if owner not in found and pattern.search(folded):
                found.add(owner)
        return found

    def _add(self, owner: str, word: str) -> None:
        if word.startswith("@"):
            self._handles.setdefault(word[1:], set()).add(owner)
        word = word.lstrip("#") if not word.startswith("@") else ""
        if not word:
            return
        if re.search(r"[\W_]", word):
            first = re.split(r"[\W_]+", word.strip())[0]
            pattern = phrase_pattern(word) if first else re.escape(word)
            self._phrases.append((owner, skeleton(first), re.compile(pattern)))
            return
        inside = re.compile(spelling(word)) if len(word) >= COMPOUND_FROM else None
        self._single.append((owner, skeleton(word)[:2], re.compile(word_pattern(word)), inside))

    def _remember(self, word: tuple[str, str]) -> Meaning:
        sign, letters = word
        bones = skeleton(letters)
        owners = {
            owner
            for owner, start, whole, inside in self._single
            if (bones.startswith(start) and whole.fullmatch(letters))
            or (sign and inside is not None and inside.search(letters))
        }
        if sign == "@":
            owners |= self._handles.get(letters, set())
        phrases = tuple(number for number, (_, first, _) in enumerate(self._phrases) if bones.startswith(first))
        if len(self._memory) >= REMEMBERED_WORDS:
            self._memory.clear()
        meaning = (frozenset(owners), phrases) if owners or phrases else NOTHING
        self._memory[word] = meaning
        return meaning


class _Themes:
    """Finds the themes of one brand. Stems begin a word, or stand inside a compound when they are long enough."""

    def __init__(self, themes: Mapping[str, Sequence[str]]) -> None:
        self._stems: list[tuple[str, re.Pattern[str]]] = []
        self._phrases: list[tuple[str, re.Pattern[str]]] = []
        for theme, stems in themes.items():
            folded = [fold(stem).strip() for stem in stems if stem.strip()]
            single = [stem for stem in folded if not re.search(r"[\W_]", stem)]
            if single:
                self._stems.append((theme, re.compile("|".join(map(_stem_pattern, single)))))
            for phrase in folded:
                if phrase not in single:
                    gap = r"[\W_]+".join(map(spelling, re.findall(r"[^\W_]+", phrase))) or re.escape(phrase)
                    self._phrases.append((theme, re.compile(gap)))
        self._order = {theme: number for number, theme in enumerate(themes)}
        self._memory: dict[str, tuple[str, ...]] = {}

    def find(self, folded: str) -> tuple[str, ...]:
        """Themes of a folded text, in the config's order."""
        if not self._order:
            return ()
        found: set[str] = set()
        for word in folded.split():
            known = self._memory.get(word)
            if known is None:
                known = self._remember(word)
            if known:
                found.update(known)
        found.update(theme for theme, pattern in self._phrases if pattern.search(folded))
        return tuple(sorted(found, key=self._order.__getitem__))

    def _remember(self, word: str) -> tuple[str, ...]:
        themes = tuple(theme for theme, pattern in self._stems if pattern.search(word))
        if len(self._memory) >= REMEMBERED_WORDS:
            self._memory.clear()
        self._memory[word] = themes
        return themes


def normal_handle(name: str) -> str:
    """An account in one spelling: `@Anna@Mastodon.nu` and `https://mastodon.nu/@anna` are `anna@mastodon.nu`."""
    name = fold(name).strip()
    url = re.fullmatch(r"https?://([^/]+)/@([^/@]+)/?", name)
    return f"{url[2]}@{url[1]}" if url else name.lstrip("@")


def _handles(rules: BrandRules) -> list[str]:
    """The accounts as they are called in texts: `@name` without its server, and the whole handle."""
    handles = [normal_handle(account) for account in rules.accounts]
    return [f"@{re.split(r'[@.]', handle)[0]}" for handle in handles if handle]


def _words(text: str, folded: str) -> list[tuple[str, str]]:
    """(sign, word) pairs of a text and its folded form; a hashtag in CamelCase also gives its humps as words."""
    words = _WORDS.findall(folded)
    if "#" in text:
        for tag in _CAMEL.findall(text):
            words += [("", fold(hump)) for hump in _HUMP.split(tag.lstrip("#"))]
    return words


def _stem_pattern(stem: str) -> str:
    inside = len(stem) >= THEME_INSIDE_FROM
    return spelling(stem) if inside else rf"(?<![^\W_]){spelling(stem)}"
