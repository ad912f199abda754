"""Where an answer is shown: in the window that was clicked in, in a new one over App Home, or to that person alone."""

from __future__ import annotations

from bot.registry import Ack, Answer, Message, Open, Reply, Show
from bot.requests import Kind, Request
from bot.views.actions import Window
from bot.views.backup import looking
from bot.views.blocks import TITLE, in_window


def at_once(request: Request) -> Answer:
    """What a click gets while its answer is looked up: over Home a window, in a window the same one."""
    if request.kind is Kind.SUBMISSION:
        return Show(looking())
    return Open(looking()) if request.view_type == "home" else Ack()


def shown(request: Request, message: Message, *, replace: bool = False) -> Reply:
    """An answer where the person looks."""
    view = in_window(dict(message), TITLE, Window.ANSWER) if request.view_type else None
    return Reply(message=message, view=view, replace=replace and not request.view_type)
