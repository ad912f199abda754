"""A page in headless Chromium, driven over its DevTools protocol with a real keyboard and mouse."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest
from websockets.sync.client import ClientConnection, connect

from tests.run import NEEDED

LIMIT = 60.0  # seconds
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
)
KEYS = {"Enter": (13, "\r"), "Escape": (27, "")}  # a named key's code and the text it types


def program() -> str:
    """Chromium's path. Skip the test where it is missing; with CI=true fail it."""
    found = next(filter(None, map(shutil.which, NEEDED["chromium"][0])), None)
    if found is None:
        require("Chromium is not on this machine (apt-get install chromium)")
    return found


def require(missing: str) -> NoReturn:
    """Leave the test out, since this is missing; with CI=true that is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(missing)
    pytest.skip(missing)


def wait(found: Callable[[], Any], what: str) -> Any:
    until = time.monotonic() + LIMIT
    while not (answer := found()):
        assert time.monotonic() < until, f"it did not come about: {what}"
        time.sleep(0.1)
    return answer


class Page:
    """One tab."""

    def __init__(self, line: ClientConnection) -> None:
        self._line = line
        self._asked = 0
        self.problems: list[str] = []  # exceptions, and what the browser itself found wrong
        for domain in ("Page", "Runtime", "Log", "DOM", "Accessibility"):
            self.do(f"{domain}.enable")

    def do(self, method: str, **params: Any) -> Any:
        self._asked += 1
        self._line.send(json.dumps({"id": self._asked, "method": method, "params": params}))
        while (heard := json.loads(self._line.recv(timeout=LIMIT))).get("id") != self._asked:
            self._note(heard)
        assert "error" not in heard, f"{method}: {heard['error']}"
        return heard["result"]

    def _note(self, event: dict[str, Any]) -> None:
        if event["method"] == "Runtime.exceptionThrown":
            self.problems.append(str(event["params"]["exceptionDetails"]))
        if event["method"] == "Log.entryAdded" and event["params"]["entry"]["level"] == "error":
            self.problems.append(str(event["params"]["entry"]))

    def size(self, width: int, height: int) -> None:
        self.do("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)

    def open(self, address: str) -> None:
        self.do("Page.navigate", url=address)

    def value(self, script: str) -> Any:
        answer = self.do("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def until(self, script: str) -> None:
        wait(lambda: self.value(f"Boolean({script})"), script)

    def named(self, role: str, name: str) -> list[int]:
        """What a screen reader calls so: the nodes in the page."""
        root = self.do("DOM.getDocument", depth=0)["root"]["nodeId"]
        found = self.do("Accessibility.queryAXTree", nodeId=root, role=role, accessibleName=name)["nodes"]
        return [node["backendDOMNodeId"] for node in found if not node["ignored"]]

    def click(self, role: str, name: str) -> None:
        node = wait(lambda: self.named(role, name), f"a {role} named {name}")[-1]
        self.do("DOM.scrollIntoViewIfNeeded", backendNodeId=node)
        left, top, right, _, _, bottom, *_ = self.do("DOM.getContentQuads", backendNodeId=node)["quads"][0]
        for kind in ("mousePressed", "mouseReleased"):
            middle = {"x": (left + right) / 2, "y": (top + bottom) / 2}
            self.do("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **middle)

    def click_on(self, selector: str) -> None:
        """Click the last thing that the selector finds."""
        found = f"[...document.querySelectorAll({selector!r})].at(-1)"
        self.until(found)
        self.value(f"{found}.scrollIntoView({{block: 'center'}})")
        x, y = self.value(f"(box => [box.x + box.width / 2, box.y + box.height / 2])({found}.getBoundingClientRect())")
        for kind in ("mousePressed", "mouseReleased"):
            self.do("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, x=x, y=y)

    def press(self, key: str) -> None:
        code, text = KEYS.get(key, (0, key))
        for kind in ("keyDown", "keyUp"):
            self.do("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, text=text if kind == "keyDown" else "")

    def write(self, text: str) -> None:
        for letter in text:
            self.press(letter)

    def picture(self) -> bytes:
        return base64.b64decode(self.do("Page.captureScreenshot", format="png")["data"])


def _tab(folder: Path) -> str:
    told = folder / "DevToolsActivePort"  # written once the port is open
    port = wait(lambda: told.exists() and told.read_text().split("\n")[0], "the browser's port")
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=LIMIT) as answer:
        return next(str(each["webSocketDebuggerUrl"]) for each in json.load(answer) if each["type"] == "page")


@contextmanager
def browsing(folder: Path) -> Iterator[Page]:
    """A browser of the test's own, its profile in a folder of the test's own."""
    words = [program(), *FLAGS, f"--user-data-dir={folder}", "about:blank"]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            with connect(_tab(folder), max_size=None) as line:
                yield Page(line)
        finally:
            process.terminate()
