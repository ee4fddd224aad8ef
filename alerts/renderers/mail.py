"""A card as the HTML part of an e-mail: inline styles only, no script, no remote picture, every value escaped."""

from __future__ import annotations

from alerts.card_parts import Card, CardQuote
from alerts.safe_text import clean, escape_html, unlink, web_url
from detectors.signal import Level

_COLOURS = {Level.CALM: "#777777", Level.WATCH: "#b58900", Level.WARNING: "#cb6d16", Level.CRISIS: "#b3261e"}
_QUOTE_STYLE = "border-left:3px solid #cccccc;margin:4px 0;padding:2px 10px"


def html_mail(card: Card) -> str:
    """Return the card as an HTML fragment for a mail's body."""
    parts = [f'<h2 style="color:{_COLOURS[card.level]};margin:0 0 8px">{_text(f"{card.mark} {card.title}")}</h2>']
    parts += [f'<p style="background:#f4f0e6;padding:6px">{_text(note)}</p>' for note in card.notes]
    parts += [f"<p>{_text(text)}</p>" for text in (card.opening, card.lead) if text]
    if card.lines:
        rows = "".join(f"<tr>{_cell(line.label, bold=True)}{_cell(line.text)}</tr>" for line in card.lines)
        parts.append(f'<table style="border-collapse:collapse">{rows}</table>')
    if card.quotes:
        parts.append(f"<p><b>{_text(card.quotes_label)}</b></p>")
        parts += [_quote(card, post) for post in card.quotes]
    if card.footer:
        parts.append(f'<p style="color:#777777;font-size:small">{_text(card.footer)}</p>')
    return f'<div lang="{escape_html(card.language)}">{"".join(parts)}</div>'


def _cell(text: str, *, bold: bool = False) -> str:
    weight = "font-weight:bold;white-space:nowrap;" if bold else ""
    return f'<td style="{weight}vertical-align:top;padding:2px 10px 2px 0">{_text(text)}</td>'


def _quote(card: Card, post: CardQuote) -> str:
    url = web_url(post.url)
    label = _text(card.link_label)
    link = f' · <a href="{escape_html(url)}" rel="noreferrer">{label}</a>' if url else ""
    words = _text(post.text)
    about = f'<br><span style="color:#777777">{_text(post.about)}{link}</span>'
    return f'<blockquote style="{_QUOTE_STYLE}">{words}{about}</blockquote>'


def _text(text: str) -> str:
    return escape_html(unlink(clean(text))).replace("\n", "<br>")
