"""Where an answer is shown: in the window that was clicked in, in a new one over App Home, or to that person alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bot.desk import Desk
from bot.registry import Ack, Answer, Message, Open, Reply, Show, View
from bot.requests import Kind, Request
from bot.views.actions import Field, Window
from bot.views.backup import looking
from bot.views.blocks import TITLE, in_window
from ops.manifest import as_meant


def at_once(request: Request) -> Answer:
    """What a click gets while its answer is looked up: over Home a window, in a window the same one."""
    if request.kind is Kind.SUBMISSION:
        return Show(looking())
    return Open(looking()) if request.view_type == "home" else Ack()


def shown(request: Request, message: Message, *, replace: bool = False) -> Reply:
    """An answer where the person looks."""
    view = in_window(dict(message), TITLE, Window.ANSWER) if request.view_type else None
    return Reply(message=message, view=view, replace=replace and not request.view_type)


def not_meant(request: Request, backup_id: str) -> dict[str, str]:
    """What is wrong with a window in which a backup's id is typed and a reason given, by field."""
    wrong = {}
    if as_meant(request.fields.get(Field.TYPED, "")) != backup_id:
        wrong[str(Field.TYPED)] = f"That is not {backup_id}. Type it as it stands there."
    if not request.fields.get(Field.REASON, "").strip():
        wrong[str(Field.REASON)] = "Say what is wrong: others read it before they sign."
    return wrong


class Telling:
    """Draws the lines of a look into its window, as often as somebody can read them."""

    _OFTEN = 1.0  # seconds between two lines

    def __init__(self, request: Request, desk: Desk, draw: Callable[[str], View]) -> None:
        self._request, self._desk, self._draw = request, desk, draw
        self._at, self._line = 0.0, ""

    def __call__(self, line: str) -> None:
        """Say it, unless it was said or something else was a moment ago."""
        if line != self._line and time.monotonic() - self._at > self._OFTEN:
            self._at, self._line = time.monotonic(), line
            self._desk.draw(self._request, self._draw(line))


@contextmanager
def patience(seconds: float) -> Iterator[threading.Event]:
    """An event that ends what takes longer: the person waits before a window."""
    stop = threading.Event()
    timer = threading.Timer(seconds, stop.set)
    timer.daemon = True
    timer.start()
    try:
        yield stop
    finally:
        timer.cancel()
