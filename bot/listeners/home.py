"""App Home, drawn whenever somebody opens it."""

from __future__ import annotations

from bot.desk import Desk
from bot.registry import event
from bot.requests import Request
from ops.people import Right

_opened = event("app_home_opened", needs=Right.LOOK)


@_opened.handle
def draw(request: Request, desk: Desk) -> None:
    """The Home tab; the messages tab needs nothing."""
    if request.value in {"home", ""}:
        desk.homes.show(request.person.id)
