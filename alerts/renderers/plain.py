"""A card as plain text: for terminals, `incidents show`, text e-mail and SMS.

`unlinked` breaks addresses and pings in everything but our own links, for media whose programs turn any
address into a link.
"""

from __future__ import annotations

import textwrap

from alerts.card_parts import Card, CardQuote
from alerts.safe_text import clean, one_line, shorten, unlink

WIDTH = 88
SHORT = 300
"""Two text messages' worth: what a short card may cost on a phone."""


def plain_text(card: Card, width: int = WIDTH, *, unlinked: bool = False) -> str:
    """Return the whole card as text, wrapped at `width` columns. Hostile text arrives as text."""
    parts = [_heading(card), *(_paragraph(note, width) for note in card.notes)]
    parts += [_paragraph(text, width) for text in (card.opening, card.lead) if text]
    parts.append("\n".join(_labelled(line.label, line.text, width) for line in card.lines))
    text = "\n\n".join(part for part in parts if part)
    if unlinked:
        text = unlink(text)
    blocks = [text, _quotes(card, width, unlinked=unlinked), one_line(card.footer)]
    return "\n\n".join(block for block in blocks if block)


def short_text(card: Card) -> str:
    """Return the card for a small screen: the summary, then what is next, at most `SHORT` code points."""
    told = [card.summary, *card.notes, *(line.text for line in card.lines[-1:]), card.footer]
    return shorten(unlink(" ".join(one_line(part) for part in told if part)), SHORT)


def subject(card: Card) -> str:
    """Return the subject of a mail: the title with its mark and number, one line."""
    number = f" (INC-{card.number})" if card.number is not None else ""
    return shorten(one_line(f"{card.mark} {card.title}{number}"), 150)


def _heading(card: Card) -> str:
    title = one_line(f"{card.mark} {card.title}")
    return f"{title}\n{'─' * min(len(title), WIDTH)}"


def _paragraph(text: str, width: int) -> str:
    return "\n".join(textwrap.fill(line, width) for line in clean(text).split("\n"))


def _labelled(label: str, text: str, width: int) -> str:
    lead = f"{one_line(label)}: "
    return textwrap.fill(one_line(text), width, initial_indent=lead, subsequent_indent="  ")


def _quotes(card: Card, width: int, *, unlinked: bool) -> str:
    if not card.quotes:
        return ""
    quoted = "\n".join(_quoted(post, width, unlinked=unlinked) for post in card.quotes)
    return f"{one_line(card.quotes_label)}:\n{quoted}"


def _quoted(post: CardQuote, width: int, *, unlinked: bool) -> str:
    words, about = one_line(post.text), one_line(post.about)
    if unlinked:
        words, about = unlink(words), unlink(about)
    lines = [textwrap.fill(words, width, initial_indent="  > ", subsequent_indent="  > ")]
    lines.append(f"    {about}{f'  {post.url}' if post.url else ''}")
    return "\n".join(lines)
