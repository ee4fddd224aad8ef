"""HTML of platforms as plain text: entities unescaped once, lines kept, link targets kept beside the text."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from html.parser import HTMLParser

_LINE = frozenset((
    "br", "p", "div", "li", "ul", "ol", "tr", "table", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre",
    "hr", "section", "article",
))  # fmt: skip
_SILENT = frozenset(("script", "style", "template", "noscript", "head", "svg"))
_VOID = frozenset((
    "br", "hr", "img", "input", "meta", "link", "source", "wbr", "area", "base", "col", "embed", "track",
))  # fmt: skip
_LONGEST_HTML = 200_000  # characters; a post is at most a few thousand, and parsing must stay cheap
_TAG = re.compile(
    r"</?(?:p|br|a|div|span|strong|em|b|i|ul|ol|li|img|h[1-6]|blockquote)(?:\s[^<>]*)?/?>", re.IGNORECASE
)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,8});", re.IGNORECASE)
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_SPACES = re.compile(r"[^\S\n]+")
_MOJIBAKE = re.compile("[ÃÂâ][\u0080-\u00bf\u2018-\u203a€™œžŸ]")


@dataclass(frozen=True, slots=True)
class HtmlText:
    """What people see (`text`), and what they do not: link targets and alternative texts, one a line (`extra`)."""

    text: str
    extra: str = ""


def html_to_text(html: str, *, drop_quotes: bool = False, maybe_escaped_twice: bool = False) -> HtmlText:
    """Plain text of an HTML fragment.

    `drop_quotes` leaves out quoted posts (Discourse's `aside.quote`, mail's `blockquote`); `maybe_escaped_twice`
    reads once more when tags or entities are still to be seen (feeds do that).

    >>> html_to_text('<p>Tåg 12<br>ställs in</p><p><a href="https://x.se/a">mer</a></p>')
    HtmlText(text='Tåg 12\\nställs in\\n\\nmer', extra='https://x.se/a')
    """
    found = _read(html, drop_quotes)
    if maybe_escaped_twice and (_TAG.search(found.text) or _ENTITY.search(found.text)):
        again = _read(found.text, drop_quotes)
        return HtmlText(again.text, "\n".join(filter(None, (found.extra, again.extra))))
    return found


def clean_text(text: str) -> str:
    """Plain text in NFC without what no text needs: NUL, control characters, lone surrogates, spaces in rows."""
    if text.isprintable() and "  " not in text and unicodedata.is_normalized("NFC", text):
        return text.strip()  # most posts: nothing to clean, 20 times as fast
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = _UNPRINTABLE.sub("", text)
    lines = [_SPACES.sub(" ", line).strip() for line in unicodedata.normalize("NFC", kept).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def mend_mojibake(text: str) -> str:
    """Undo UTF-8 that was read as Windows-1252 and encoded again (`fÃ¶r` → `för`), if that is what it is."""
    if not _MOJIBAKE.search(text):
        return text
    try:
        return bytes(_byte_of(c) for c in text).decode("utf-8")
    except (UnicodeError, ValueError):
        return text


def _byte_of(character: str) -> int:
    code = ord(character)
    return code if code < 0x100 else character.encode("windows-1252")[0]


def _read(html: str, drop_quotes: bool) -> HtmlText:
    reader = _Reader(drop_quotes)
    reader.feed(html[:_LONGEST_HTML])
    reader.close()
    return HtmlText(clean_text("".join(reader.parts)), "\n".join(dict.fromkeys(reader.extras)))


class _Reader(HTMLParser):
    """Collects text and link targets; keeps a stack only of elements whose content is left out."""

    def __init__(self, drop_quotes: bool) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.extras: list[str] = []
        self._drop_quotes = drop_quotes
        self._dropping = ""
        self._depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._dropping:
            self._depth += tag == self._dropping
            return
        values = {name: value or "" for name, value in attrs}
        if tag not in _VOID and self._is_dropped(tag, values):
            self._dropping, self._depth = tag, 1
            return
        self._line(tag)
        extra = values.get("href") if tag == "a" else values.get("alt") if tag == "img" else None
        if extra and extra.strip() and not extra.startswith(("#", "javascript:")):
            self.extras.append(clean_text(extra))

    def handle_endtag(self, tag: str) -> None:
        if self._dropping:
            self._depth -= tag == self._dropping
            if self._depth <= 0:
                self._dropping = ""
        else:
            self._line(tag, closing=True)

    def handle_data(self, data: str) -> None:
        if not self._dropping:
            self.parts.append(data)

    def _line(self, tag: str, closing: bool = False) -> None:
        if tag in _LINE and not (closing and tag == "br"):
            self.parts.append("\n\n" if tag == "p" and closing else "\n")

    def _is_dropped(self, tag: str, values: dict[str, str]) -> bool:
        if tag in _SILENT:
            return True
        quoted = tag == "blockquote" or (tag == "aside" and "quote" in values.get("class", "").split())
        return self._drop_quotes and quoted
