"""What somebody wrote themselves in a mail: without what they quote, their signature and their phone's greeting.

Works on lines, by the marks that mail programs put there in the Nordic languages and the usual others.
"""

from __future__ import annotations

import re

from monitor.collectors.html_text import clean_text, html_to_text

_WROTE = r"(?:wrote|writes|skrev|skriver|kirjoitti|schrieb|a écrit|napsal|escribió|napisał|написал)"
_INTRO = re.compile(
    rf"(?:-+\s*)?(?:On|Den|Am|Le|El|W dniu|\S.*?)\b.{{0,200}}{_WROTE}\b[^\n]{{0,120}}:\s*", re.IGNORECASE
)
_DATED_INTRO = re.compile(r"(?=.*\d)(?=.*[@<]).{6,300}:\s*")
_ADDRESSED = re.compile(r"[@<]|\d[:.]\d\d\b")  # somebody who tells what they wrote names neither address nor time
_RULE = re.compile(
    r"[\s>]*[-_=]{2,}\s*(?:original message|original appointment|forwarded message|ursprungligt meddelande"
    r"|vidarebefordrat meddelande|original meddelelse|oprindelig meddelelse|videresendt (?:meddelelse|melding)"
    r"|opprinnelig melding|alkuperäinen viesti|välitetty viesti|reply message|ursprüngliche nachricht)\b.*",
    re.IGNORECASE,
)
_FROM = re.compile(r"\*?(?:From|Från|Fra|Frå|Lähettäjä|Von|De|От|Date|Subject)\*?\s?:\*?(?:\s.*)?", re.IGNORECASE)
_HEADER = re.compile(
    r"\*?(?:From|Sent|Date|To|Cc|Subject|Från|Skickat|Datum|Till|Kopia|Ämne|Fra|Frå|Sendt|Dato|Til|Kopi|Emne"
    r"|Lähettäjä|Lähetetty|Päivämäärä|Vastaanottaja|Aihe|Von|Gesendet|An|Betreff|От|Отправлено|Кому|Тема)\*?\s?:",
    re.IGNORECASE,
)
_PHONE = re.compile(
    r"(?:sent (?:from|with|by|via) |skickat (?:från|via) |sendt (?:fra|via) |lähetetty |get outlook for "
    r"|hämta outlook|skaffa outlook|hent outlook|skaff deg outlook|hanki outlook|von meinem ).{0,80}",
    re.IGNORECASE,
)
_GREETING = re.compile(
    r"(?:med )?(?:vänliga?|varma|bästa|venlig|vennlig|beste|kære|kærlig) (?:hälsning(?:ar)?|hilsen(?:er)?)\b.*"
    r"|(?:m\.?v\.?h\.?|vh|hälsningar|hilsen|terveisin|ystävällisin terveisin|t\.|"
    r"best regards|kind regards|regards|sincerely)[\s,.!/]*.{0,40}",
    re.IGNORECASE,
)
_LONGEST_SIGNATURE = 10  # lines after a greeting; what is longer is somebody going on to write
_HTML_QUOTES = re.compile(
    r"<[a-z]+[^>]*(?:class=[\"']?[^\"'>]*(?:gmail_quote|yahoo_quoted|moz-cite-prefix|OutlookMessageHeader)"
    r"|id=[\"']?(?:OLK_SRC_BODY_SECTION|divRplyFwdMsg|appendonsend|stopSpelling|mail-editor-reference)"
    r"|style=[\"'][^\"'>]*border:\s*none;\s*border-top:\s*solid)",
    re.IGNORECASE,
)
_LONGEST = 100_000  # characters of a mail that are looked at


def own_words(text: str) -> str:
    """A plain text without quotes and signature; "" where somebody wrote nothing of their own."""
    lines = clean_text(text[:_LONGEST]).split("\n")
    kept = _without_signature(_without_quotes(lines))
    return clean_text("\n".join(kept))


def own_words_of_html(html: str) -> str:
    """The same of an HTML mail. Where all is within a mark of quoting, it is read as plain text."""
    cut = _HTML_QUOTES.search(html[:_LONGEST])
    head = html_to_text(html[: cut.start()] if cut else html[:_LONGEST], drop_quotes=True).text
    return own_words(head) or own_words(html_to_text(html[:_LONGEST], drop_quotes=True).text)


def unflowed(text: str) -> str:
    """Lines of a `format=flowed` text (RFC 3676) as paragraphs."""
    joined: list[str] = []
    open_line = False
    for line in text.replace("\r\n", "\n").split("\n"):
        quoted = line.startswith(">")
        plain = line[1:] if line.startswith(" ") else line
        if open_line and not quoted and plain != "-- ":
            joined[-1] += plain
        else:
            joined.append(plain)
        open_line = plain.endswith(" ") and plain != "-- " and not quoted
    return "\n".join(joined)


def _without_quotes(lines: list[str]) -> list[str]:
    kept: list[str] = []
    place = 0
    while place < len(lines):
        taken = _intro_lines(lines, place)
        if _RULE.fullmatch(lines[place]) or _is_header_block(lines, place):
            break
        if taken and not _is_quote_after(lines, place + taken):
            break  # what follows is all somebody else's, without a mark on each line
        if taken:
            place += taken
            continue
        if not lines[place].startswith((">", "|")):
            kept.append(lines[place])
        place += 1
    return kept


def _intro_lines(lines: list[str], place: int) -> int:
    """How many lines "On Monday at 9:15 X wrote:" takes here (mail programs wrap it); 0 if it is none."""
    text = ""
    for count, line in enumerate(lines[place : place + 3], 1):
        if not line.strip() or line.startswith(">"):
            return 0
        text = f"{text} {line}".strip()
        quoted = _is_quote_after(lines, place + count)
        if (_INTRO.fullmatch(text) and (quoted or _ADDRESSED.search(text))) or (
            quoted and _DATED_INTRO.fullmatch(text)
        ):
            return count
    return 0


def _is_quote_after(lines: list[str], place: int) -> bool:
    following = next((line for line in lines[place:] if line.strip()), "")
    return following.startswith(">")


def _is_header_block(lines: list[str], place: int) -> bool:
    """Three of the quoted message's headers in the next lines, the first of them here."""
    if not _FROM.fullmatch(lines[place]):
        return False
    near = [line for line in lines[place : place + 12] if line.strip()][:6]
    return sum(bool(_HEADER.match(line)) for line in near) >= 3


def _without_signature(lines: list[str]) -> list[str]:
    for place, line in enumerate(lines):
        something_before = any(before.strip() for before in lines[:place])
        left = sum(bool(after.strip()) for after in lines[place + 1 :])
        if line.rstrip() == "--" or (left <= 2 and len(line) < 100 and _PHONE.match(line)):
            return lines[:place]
        if something_before and left <= _LONGEST_SIGNATURE and len(line) < 60 and _GREETING.fullmatch(line):
            return lines[:place]
    return lines
