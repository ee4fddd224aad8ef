"""HTML as platforms send it becomes the text that people see."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.collectors.html_text import clean_text, html_to_text, mend_mojibake


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("hej", "hej"),
        ("<p>ett</p><p>två</p>", "ett\n\ntvå"),
        ("ett<br>två<br/>tre", "ett\ntvå\ntre"),
        ("a &lt;b&gt; &amp;amp; c", "a <b> &amp; c"),
        ("Blåbärs&shy;paj &nbsp; &aring;&#228;&#xf6;", "Blåbärs\u00adpaj åäö"),
        ("<ul><li>ett</li><li>två</li></ul>", "ett\n\ntvå"),
        ("<script>alert(1)</script>kvar<style>p{}</style>", "kvar"),
        ("<svg><text>x</text></svg>kvar", "kvar"),
        ("<b>a</b><i>b</i>", "ab"),
        ("<p>oavslutat <b>fet", "oavslutat fet"),
        ("5 < 6 och 7 > 3", "5 < 6 och 7 > 3"),
        ("A\u030angest", "Ångest"),
        ("\x00a\ud800b\x07", "ab"),
        ("", ""),
    ],
)
def test_text(html: str, text: str) -> None:
    """Lines are kept, tags are gone, entities are unescaped exactly once."""
    assert html_to_text(html).text == text


def test_links_and_alternative_texts_are_kept_beside() -> None:
    """Each once, without page anchors and scripts."""
    html = (
        '<a href="https://a.example/x">a</a><a href="#top">b</a><a href="javascript:x()">c</a>'
        '<img alt="bild på tåg"><a href="https://a.example/x">igen</a>'
    )
    assert html_to_text(html).extra == "https://a.example/x\nbild på tåg"


def test_shortened_links_are_whole_again() -> None:
    """Mastodon hides parts of an address by style only."""
    html = (
        '<a href="https://nordtag.example/sv/forseningar"><span class="invisible">https://</span>'
        '<span class="ellipsis">nordtag.example/sv</span><span class="invisible">/forseningar</span></a>'
    )
    assert html_to_text(html).text == "https://nordtag.example/sv/forseningar"


def test_quotes_are_dropped_when_asked() -> None:
    """What somebody else said is not said again, however deep it is nested."""
    html = (
        '<aside class="quote no-group"><div>Anna:</div><blockquote>gammalt<aside>x</aside></blockquote></aside>'
        "<p>nytt</p><blockquote>mer gammalt</blockquote>"
    )
    assert html_to_text(html, drop_quotes=True).text == "nytt"
    assert "gammalt" in html_to_text(html).text


def test_twice_escaped_html_is_read_twice_when_asked() -> None:
    """Feeds escape their HTML once too often; elsewhere `&lt;b&gt;` is what somebody wrote."""
    html = "&lt;p&gt;f&amp;ouml;rsenat &lt;a href=&quot;https://a.example/&quot;&gt;tåg&lt;/a&gt;&lt;/p&gt;"
    assert html_to_text(html, maybe_escaped_twice=True).text == "försenat tåg"
    assert html_to_text(html, maybe_escaped_twice=True).extra == "https://a.example/"
    assert html_to_text("x &lt;b&gt;").text == "x <b>"
    assert html_to_text("5 &lt; 6", maybe_escaped_twice=True).text == "5 < 6"


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("fÃ¶rsenat tÃ¥g", "försenat tåg"),
        ("â\x80¦", "…"),
        ("donâ€™t", "don’t"),
        ("å Ã", "å Ã"),
        ("SÃO PAULO", "SÃO PAULO"),
    ],
)
def test_mojibake(wrong: str, right: str) -> None:
    """UTF-8 that was decoded as Windows-1252 is mended; what only looks a little like it is not."""
    assert mend_mojibake(wrong) == right


@given(st.text(alphabet="abcåäöÅÄÖæøÆØ …’!?,.\n", max_size=60))
def test_right_text_is_never_mended(text: str) -> None:
    """Nordic text stays as it is."""
    assert mend_mojibake(text) == text


@given(st.text(max_size=300))
def test_any_text_can_be_read(html: str) -> None:
    """Nothing breaks it, and what comes out is clean, stable NFC."""
    text = html_to_text(html, drop_quotes=True, maybe_escaped_twice=True).text
    assert text == clean_text(text)
    assert unicodedata.is_normalized("NFC", text)
    text.encode()


def test_huge_and_deep_html_is_cheap() -> None:
    """Ten megabytes and a hundred thousand open tags are cut, not suffered."""
    assert len(html_to_text("x" * 10_000_000).text) < 500_000
    assert html_to_text("<div>" * 100_000 + "hej").text in ("", "hej")
