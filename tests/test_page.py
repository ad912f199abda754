"""The sandbox's page in a real browser: the commands typed, the window clicked, the card watched."""

from __future__ import annotations

import base64
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import Page, browsing, require
from tests.test_demo import Demo

ROOT = Path(__file__).parents[1]
BOX = "document.querySelector('[role=combobox]')"
WINDOW = "document.querySelector('dialog.window')"
DESK, PHONE = (1280, 860), (390, 844)


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    """Alice's view of #engineering, the bot connected."""
    if not (ROOT / "build/console/page.js").exists():
        require("the page is not built (make setup)")
    with browsing(tmp_path / "browser") as opened:
        demo = Demo(tmp_path / "sandbox")
        try:
            opened.size(*DESK)
            opened.open(demo.until_open() + "/#/U0ALICE/C0ENGINEERING")
            opened.until(BOX)
            yield opened
        finally:
            demo.end(signal.SIGTERM)


def say(page: Page, text: str) -> None:
    """Type it in the command box and send it."""
    page.click("combobox", "Message #engineering")
    page.write(text)
    page.until(f"{BOX}.value === {text!r}")
    page.press("Enter")


def told(text: str) -> str:
    return f"[...document.querySelectorAll('article.message[data-ts]')].some(each => each.textContent.includes({text!r}))"


def read_back(page: Page, picture: bytes) -> dict[str, int]:
    """Have the browser read the picture back."""
    text = base64.b64encode(picture).decode()
    read: dict[str, int] = page.value(
        f"""(async () => {{
            const bytes = Uint8Array.from(atob("{text}"), each => each.charCodeAt(0));
            const drawn = await createImageBitmap(new Blob([bytes], {{type: "image/png"}}));
            const paper = new OffscreenCanvas(drawn.width, drawn.height).getContext("2d");
            paper.drawImage(drawn, 0, 0);
            const pixels = new Uint32Array(paper.getImageData(0, 0, drawn.width, drawn.height).data.buffer);
            return {{width: drawn.width, height: drawn.height, colours: new Set(pixels).size}};
        }})()"""
    )
    return read


def test_a_full_backup_is_taken_with_the_keyboard_and_the_mouse(page: Page, tmp_path: Path) -> None:
    say(page, "/backup")
    page.until(f"{WINDOW}?.querySelector('[data-action-id=backup_take_full]')")
    page.click_on("dialog [data-action-id=backup_take_full]")
    page.until(told("Full backup created"))
    page.press("Escape")
    page.until(f"!{WINDOW}")

    picture = page.picture()
    keep = ROOT / "docs/page.png" if os.environ.get("BACKSTOP_PICTURE") == "1" else tmp_path / "page.png"
    keep.write_bytes(picture)
    assert keep.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    read = read_back(page, picture)
    assert (read["width"], read["height"]) == DESK
    assert read["colours"] > 1

    say(page, "/backup list")
    page.until(told("newest first"))

    page.size(*PHONE)
    page.until("innerWidth === 390")
    assert page.value("document.scrollingElement.scrollWidth") <= 390
    assert page.problems == []
