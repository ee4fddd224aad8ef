"""Hostile posts: all that a platform's text has ever been used for. Each must arrive as text, everywhere."""

from __future__ import annotations

CORPUS: dict[str, str] = {
    "channel ping": "<!channel> <!here> <!everyone>",
    "user ping": "<@U0ANNA001> <@U0ANNA001|anna> <!subteam^S0AGENTS1>",
    "link with a label": "<https://evil.example/|klicka här>",
    "bare links": "https://evil.example http://evil.example/?a=1&b=2 www.evil.example evil.example",
    "mail and phone": "<mailto:a@evil.example|skriv> <tel:+4670|ring> a@evil.example",
    "names in text": "@channel @here @everyone @anna #krisgrupp",
    "mrkdwn": "*fet* _kursiv_ ~struken~ `kod` ```block``` > citat",
    "entities": "&lt;!channel&gt; &amp; &#60;script&#62; &quot;",
    "html": '<script>alert(1)</script><img src=x onerror=alert(1)><a href="javascript:x">y</a><style>*{color:red}',
    "attribute break": '" onmouseover="alert(1)" x=\'',
    "html comment": "<!-- --> <![CDATA[x]]> </div></blockquote></td></table>",
    "markdown": "[klicka](https://evil.example) ![bild](https://evil.example/x.png) # rubrik | tabell |",
    "right to left": "betala \u202egpj.exe\u202c till \u2066oss\u2069 \u200f\u061c",
    "zero width": "N\u200bo\u200cr\u200dd\u2060t\ufeffåg \u00adav\u00adstavning",
    "terminal": "\x1b[31mrött\x1b[0m \x1b]0;titel\x07 \x07\x08\x7f \x9b31m",
    "newlines": "rad\r\nrad\n\n\n\n\nINC-1 · avslutad\u2028rad\u2029rad\x0b\x0crad",
    "header injection": "ämne\r\nBcc: alla@evil.example\r\n\r\nhej",
    "forty thousand": "nordtåg " * 5000,
    "one long word": "a" * 40_000,
    "emoji only": "😡🤬👨‍👩‍👧‍👦🏳️‍🌈🇸🇪👍🏽" * 40,
    "zalgo": "H" + "\u0315\u0316\u0317\u0318\u0319" * 60 + "ej",
    "surrogate": "trasig \ud83d halva",
    "nul": "a\x00b",
    "tags": "hej\U000e0041\U000e0042\U000e007f",
    "placeholders": "{theme} {0} {sentence.__class__} %s %(x)s $x ${y}",
    "formula": "=cmd|' /C calc'!A0",
    "nothing": "",
    "only invisible": "\u200b\u200e\u202e\ufeff",
    "slack date": "<!date^1392734382^{date}|x> <#C0CRISIS1|krisgrupp>",
    "emoji name": ":rotating_light: :+1:",
    "template": "{{7*7}} {% raw %} <%= 1 %>",
}
"""Name of the trick → a post that uses it."""
