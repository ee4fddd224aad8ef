"""A packed file of GDELT's Global Knowledge Graph (version 2.1): one article a line, 27 columns with tabs between.

There is no column for the title: it stands in the last one, in `<PAGE_TITLE>`. Files unpack to a hundred
megabytes, so they are read as a stream and never held whole.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import IO
from urllib.parse import unquote, urlsplit

from monitor.collectors.html_text import html_to_text

COLUMNS = 27
_KIND, _SITE, _URL, _ORGANISATIONS, _TRANSLATION, _EXTRAS = 2, 3, 4, 13, 25, 26
_WEB = b"1"
_TITLE = re.compile(rb"<PAGE_TITLE>(.*?)</PAGE_TITLE>", re.DOTALL)
_LANGUAGE = re.compile(rb"srclc:([a-z]{3})")
MOST_UNPACKED = 1_000_000_000  # bytes; ten times of what is usual
LONGEST_LINE = 4_000_000
LONGEST_URL = 2_000

LANGUAGES = {
    "swe": "sv", "nor": "no", "nob": "no", "nno": "no", "dan": "da", "fin": "fi", "isl": "is", "ice": "is",
    "est": "et", "lav": "lv", "lit": "lt", "deu": "de", "ger": "de", "fra": "fr", "fre": "fr", "nld": "nl",
    "dut": "nl", "spa": "es", "ita": "it", "por": "pt", "pol": "pl", "rus": "ru", "ukr": "uk", "": "en",
}  # fmt: skip
"""The file's names of languages; articles in English name none."""


class BrokenFileError(Exception):
    """What is wrong with the file, to follow "HOST …"."""


@dataclass(frozen=True, slots=True)
class Article:
    """One article. `organisations` are names that were found in it, in English spelling."""

    url: str
    site: str
    title: str
    language: str
    organisations: str

    def words_of_url(self) -> str:
        """The address as words: many hold the headline."""
        return re.sub(r"[^\w]+", " ", unquote(urlsplit(self.url).path))


def articles_in(packed: bytes, languages: Collection[str]) -> Iterator[Article | None]:
    """The articles in some languages; None for a line that makes no sense. Raises BrokenFileError."""
    for line in _lines(packed):
        columns = line.split(b"\t")
        if len(columns) != COLUMNS:
            yield None
            continue
        told = _LANGUAGE.search(columns[_TRANSLATION])
        language = LANGUAGES.get(told[1].decode() if told else "")
        if columns[_KIND] == _WEB and language in languages:
            yield _article(columns, str(language))


def _article(columns: list[bytes], language: str) -> Article | None:
    url, site = (columns[i].decode("utf-8", "replace").strip() for i in (_URL, _SITE))
    found = _TITLE.search(columns[_EXTRAS])
    title = html_to_text(found[1].decode("utf-8", "replace")).text if found else ""
    if not url.startswith(("https://", "http://")) or len(url) > LONGEST_URL or not title or not site:
        return None
    organisations = columns[_ORGANISATIONS].decode("utf-8", "replace").replace(";", "\n")
    return Article(url, site.lower(), title, language, organisations)


def _lines(packed: bytes) -> Iterator[bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            name = next((found for found in archive.namelist() if found.lower().endswith(".csv")), None)
            if name is None:
                raise BrokenFileError("sent a file without a table.")
            with archive.open(name) as file:
                yield from _bounded(file)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as exc:
        raise BrokenFileError(f"sent a file that is cut off or broken ({len(packed)} bytes).") from exc


def _bounded(file: IO[bytes]) -> Iterator[bytes]:
    """Whole lines; a table that unpacks to more than it should is no table."""
    size = 0

    while line := file.readline(LONGEST_LINE):
        size += len(line)
        if size > MOST_UNPACKED:
            raise BrokenFileError(f"sent a file that unpacks to more than {MOST_UNPACKED // 1_000_000} MB.")
        if line.strip():
            yield line.rstrip(b"\r\n")
