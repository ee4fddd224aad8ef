"""Renders Slack blocks as a page that looks like Slack, and takes a picture of it with Chromium.

`python scripts/picture.py BLOCKS.json PICTURE.png`: BLOCKS.json is `{"text", "blocks"}` as in tests/alerts/golden.
Used by the test suite for docs/slack-alert.png; everything is drawn from the blocks that go to Slack.
"""

from __future__ import annotations

import html
import json
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

WIDTH = 760
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")

_STYLE = """
body{font:15px/1.46 Lato,'Noto Sans','DejaVu Sans',sans-serif;color:#1d1c1d;background:#fff;margin:0;padding:16px}
.row{display:flex;gap:10px}.avatar{width:36px;height:36px;border-radius:6px;background:#2b4a6f;color:#fff;
display:flex;align-items:center;justify-content:center;font-weight:700;flex:none}
.name{font-weight:900}.app{font-size:10px;background:#ddd;border-radius:2px;padding:1px 3px;margin:0 6px}
.time{font-size:12px;color:#616061}h1{font-size:18px;margin:4px 0 8px}p{margin:4px 0;white-space:pre-wrap}
.context{font-size:12.5px;color:#616061;display:flex;gap:8px;margin:2px 0 6px}
hr{border:0;border-top:1px solid #ddd}
.actions{display:flex;gap:8px;margin:8px 0}.button{border:1px solid #bbb;border-radius:4px;padding:4px 12px;
font-weight:700;font-size:14px}.primary{background:#007a5a;border-color:#007a5a;color:#fff}
.light{display:inline-block;width:.8em;height:.8em;border-radius:50%}
.mention{background:#e8f5fa;color:#1264a3;border-radius:3px;padding:0 2px}a{color:#1264a3;text-decoration:none}
"""


def page(message: Mapping[str, Any], time: str = "14:20") -> str:
    """Return the message as an HTML page."""
    body = "".join(_block(block) for block in message["blocks"])
    head = f'<span class="name">crisis-monitor</span><span class="app">APP</span><span class="time">{time}</span>'
    return (
        f'<!doctype html><meta charset="utf-8"><style>{_STYLE}</style>'
        f'<div class="row"><div class="avatar">cm</div><div>{head}{body}</div></div>'
    )


def take_picture(message: Mapping[str, Any], file: Path) -> None:
    """Write the message's picture as PNG. Raises RuntimeError without a Chromium on the machine."""
    from playwright.sync_api import sync_playwright

    browser_file = chromium()
    if browser_file is None:
        raise RuntimeError("no Chromium on this machine: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_file, args=["--no-sandbox"])
        view = browser.new_page(viewport={"width": WIDTH, "height": 400})
        view.set_content(page(message))
        view.screenshot(path=str(file), full_page=True)
        browser.close()


def chromium() -> str | None:
    """Return where Chromium is on this machine; None when it is not."""
    return next((found for name in CHROMIUM if (found := shutil.which(name))), None)


def _block(block: Mapping[str, Any]) -> str:
    kind = block["type"]
    if kind == "header":
        return f"<h1>{_text(block['text'])}</h1>"
    if kind == "section":
        return f"<p>{_text(block['text'])}</p>"
    if kind == "context":
        return f'<div class="context">{"".join(f"<span>{_text(e)}</span>" for e in block["elements"])}</div>'
    if kind == "actions":
        return f'<div class="actions">{"".join(_element(e) for e in block["elements"])}</div>'
    return "<hr>"


def _element(element: Mapping[str, Any]) -> str:
    if element["type"] == "static_select":
        return f'<span class="button">{_text(element["placeholder"])} ▾</span>'
    primary = " primary" if element.get("style") == "primary" else ""
    return f'<span class="button{primary}">{_text(element["text"])}</span>'


def _text(text: Mapping[str, str]) -> str:
    """Draw a text object: plain_text as it is, mrkdwn as Slack reads it."""
    if text["type"] == "plain_text":
        return _lights(html.escape(text["text"]))
    said = html.escape(html.unescape(text["text"]).replace("<", "\x01").replace(">", "\x02"), quote=False)
    said = re.sub("\x01@([A-Z0-9]+)\x02", r'<span class="mention">@\1</span>', said)
    said = re.sub("\x01(https?://[^|\x02]+)\\|([^\x02]*)\x02", r'<a href="\1">\2</a>', said)
    said = said.replace("\x01", "&lt;").replace("\x02", "&gt;")
    return re.sub(r"\*([^*\n]+)\*", r"<b>\1</b>", said)


def _lights(said: str) -> str:
    """Draw the coloured circles of the levels, which plain fonts lack."""
    for sign, colour in {"🟡": "#e3b341", "🟠": "#e07b39", "🔴": "#c0392b", "⚪": "#cccccc"}.items():
        said = said.replace(sign, f'<span class="light" style="background:{colour}"></span>')
    return said


def main(arguments: Sequence[str]) -> int:
    """Run from the command line."""
    if len(arguments) != 2:
        sys.stderr.write("usage: picture.py BLOCKS.json PICTURE.png\n")
        return 2
    take_picture(json.loads(Path(arguments[0]).read_text(encoding="utf-8")), Path(arguments[1]))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
