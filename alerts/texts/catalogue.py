"""The gettext catalogues: one `.po` a language, compiled when first asked for.

The msgid is a key (`card.since`), the English text stands in `en.po` like any other language's: so that a
changed English sentence never silently orphans its five translations. Plural entries have `key` and `key` as
msgid and msgid_plural and two forms, which all six languages have.
"""

from __future__ import annotations

import gettext
from functools import lru_cache
from importlib.resources import files
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

LANGUAGES = ("sv", "nb", "nn", "da", "fi", "en")
FALLBACK_LANGUAGE = "en"


def read_catalogue(language: str) -> Catalog:
    """Parse the `.po` of `language`. Raises KeyError for a language that we do not speak."""
    from babel.messages.pofile import read_po

    if language not in LANGUAGES:
        raise KeyError(f"no texts in {language!r}; there are {', '.join(LANGUAGES)}")
    with (files(__package__) / f"{language}.po").open("rb") as source:
        return read_po(source, locale=language)


@lru_cache(maxsize=len(LANGUAGES))
def translations(language: str) -> gettext.GNUTranslations:
    """Return the compiled catalogue of `language`. Raises KeyError for a language that we do not speak."""
    from babel.messages.mofile import write_mo

    compiled = BytesIO()
    write_mo(compiled, read_catalogue(language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def pattern(language: str, key: str, count: int | None = None) -> str | None:
    """Return the text of `key` with its `{placeholders}`, the plural form for `count`; None when there is none."""
    catalogue = translations(language)
    found = catalogue.gettext(key) if count is None else catalogue.ngettext(key, key, count)
    return None if found == key else found
