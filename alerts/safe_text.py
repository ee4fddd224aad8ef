"""Other people's words, made harmless: for every place where alerts show them.

Post text, author names, link titles and brand names are data, never markup. Everything passes `clean` once
(controls, text direction, invisible characters, towers of accents), `shorten` cuts between graphemes, and each
renderer escapes for its own medium with one of the functions below.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator

ELLIPSIS = "…"
ZERO_WIDTH_JOINER = "\u200d"
_EMOJI_VARIATION = "\ufe0f"
_TEXT_VARIATION = "\ufe0e"
MAX_MARKS = 4
"""Combining marks kept on one letter. Vietnamese and Hebrew need at most three; more is a drawing ("Zalgo")."""

_HARMLESS = re.compile(r"[\n\x20-\x7e\xa1-\xac\xae-\u024f\u2013-\u201d\u2026]*")
"""Latin letters, digits and signs: nothing in such a text needs a closer look."""

_WHITE = re.compile(r"[^\S\n]+")
_EMPTY_LINES = re.compile(r"\n\s*\n+")
_SKIN_TONES = range(0x1F3FB, 0x1F3FF + 1)
_REGIONAL = range(0x1F1E6, 0x1F1FF + 1)
_LINK_JOINTS = re.compile(r"(?<=\w)(?=\.[^\W\d_])|(?<=:)(?=//)|(?<=[@#!])(?=\w)")
_WORD_JOINER = "\u2060"
_FORMULA_START = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


def clean(text: str) -> str:
    r"""Return `text` in NFC without controls, direction marks, invisible characters or accent towers.

    Line breaks stay; other white space becomes one blank. A lone surrogate becomes U+FFFD. The joiner and the
    variation selector stay inside emoji, where they choose the picture, and vanish elsewhere.

    >>> clean("pay\u202epal\u200b \x1b[31mnow")
    'paypal [31mnow'
    """
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    kept = text if _HARMLESS.fullmatch(text) else "".join(_visible(text))
    lines = (_WHITE.sub(" ", line).strip() for line in kept.split("\n"))
    return _EMPTY_LINES.sub("\n", "\n".join(lines)).strip()


def one_line(text: str) -> str:
    """Return `clean(text)` with line breaks as blanks: for headings, names and labels."""
    return clean(text).replace("\n", " ")


def _visible(text: str) -> Iterator[str]:
    """Yield the characters of `text` that may be shown."""
    marks = 0
    previous = ""
    for character in text:
        shown, marks = _shown(character, previous, marks)
        if shown:
            previous = shown
            yield shown


def _shown(character: str, previous: str, marks: int) -> tuple[str, int]:
    """Return what stands for `character` after `previous` ("" for nothing) and the count of marks so far."""
    category = unicodedata.category(character)
    if character in (ZERO_WIDTH_JOINER, _EMOJI_VARIATION, _TEXT_VARIATION):
        return (character if _joins_emoji(previous) else "", marks)
    if category in ("Mn", "Me"):
        return (character if previous and marks < MAX_MARKS else "", marks + 1)
    if category == "Cs":
        return "\ufffd", 0
    if category in ("Zl", "Zp"):
        return "\n", 0
    if category in ("Cc", "Cf", "Co", "Cn"):
        return ("\n" if character == "\n" else " " if character == "\t" else "", 0)
    return character, 0


def _joins_emoji(previous: str) -> bool:
    """Tell whether a joiner or variation selector after `previous` belongs to a picture."""
    if not previous:
        return False
    return previous == _EMOJI_VARIATION or unicodedata.category(previous) in ("So", "Sk", "Sm", "Po", "Nd")


def graphemes(text: str) -> Iterator[str]:
    """Yield what a reader takes for one character: letter with marks, emoji with its parts, flag.

    A small subset of Unicode's UAX 29 that is right for Latin, Nordic and emoji text and never splits a
    combining mark, a joiner sequence, a skin tone or a flag from its base.
    """
    cluster = ""
    for character in text:
        if cluster and not _extends(cluster, character):
            yield cluster
            cluster = ""
        cluster += character
    if cluster:
        yield cluster


def _extends(cluster: str, character: str) -> bool:
    """Tell whether `character` belongs to the grapheme `cluster`."""
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Mc"):
        return True
    if character in (ZERO_WIDTH_JOINER, _EMOJI_VARIATION, _TEXT_VARIATION) or ord(character) in _SKIN_TONES:
        return True
    if cluster[-1] == ZERO_WIDTH_JOINER:
        return True
    return len(cluster) == 1 and ord(cluster) in _REGIONAL and ord(character) in _REGIONAL


def shorten(text: str, limit: int) -> str:
    """Return `text` in at most `limit` code points, cut between graphemes (between words when near), with "…".

    `limit` is at least 1. Text that fits is returned as it is.
    """
    if len(text) <= limit:
        return text
    room = limit - len(ELLIPSIS)
    kept = ""
    for cluster in graphemes(text):
        if len(kept) + len(cluster) > room:
            break
        kept += cluster
    space = kept.rfind(" ")
    if space > room * 0.7:
        kept = kept[:space]
    return kept.rstrip() + ELLIPSIS


def quote(text: str, limit: int = 280) -> str:
    """Return other people's words as they may be quoted: cleaned, on one line, at most `limit` code points.

    Of a very long text only the beginning is looked at, so that 40,000 characters cost no more than a page.
    """
    return shorten(one_line(text[: 20 * limit + 100]), limit)


def escape_mrkdwn(text: str) -> str:
    """Escape for Slack's mrkdwn: the three characters that start its markup (`&` first).

    Neither pings nor links survive; `*bold*` does, so posts are shown as plain_text instead.
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def escape_html(text: str) -> str:
    """Escape for HTML text and attribute values."""
    return html.escape(text, quote=True)


def unlink(text: str) -> str:
    """Return `text` with an invisible joiner where mail programs and phones see a link, address or handle."""
    return _LINK_JOINTS.sub(_WORD_JOINER, text)


_LOOK_ALIKES = str.maketrans({"*": "∗", "_": "ˍ", "~": "∼", "`": "ˋ", "|": "ǀ"})


def without_format(text: str) -> str:
    """Return `text` with look-alikes for the characters that format in mrkdwn and Markdown."""
    return text.translate(_LOOK_ALIKES)


def spreadsheet_cell(text: str) -> str:
    """Return `text` so that no spreadsheet reads it as a formula: a leading apostrophe where one would start."""
    return f"'{text}" if text.startswith(_FORMULA_START) else text


def web_url(url: str | None) -> str | None:
    """Return `url` if it is a plain http(s) address that can be linked to, else None.

    Refuses blanks, quotes, angle brackets, bars, controls and non-ASCII hosts that could end a link early.
    """
    if url is None or not re.fullmatch(r"https?://[^\s<>\"'|\\^`{}\x00-\x1f\x7f]{1,2000}", url):
        return None
    return url if clean(url) == url else None
