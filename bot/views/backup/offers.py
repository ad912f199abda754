"""Where a backup is called for, it is offered with its purpose filled in (B7)."""

from __future__ import annotations

from bot.views.actions import Action
from bot.views.blocks import Element, button
from bot.views.text import one_line
from ops.purposes import Purpose

_DESCRIPTION = 80  # characters of the label


def after(what: str) -> Element:
    """An incident is over: what is there now is worth keeping."""
    return _offer("Take post-incident backup", Purpose.POST_INCIDENT, what)


def before(what: str) -> Element:
    """Something outside the app is about to change."""
    return _offer("Take backup before the change", Purpose.PRE_INFRASTRUCTURE, what)


def _offer(label: str, purpose: Purpose, what: str) -> Element:
    """The button."""
    return button(label, f"{Action.TAKE_FOR}:{purpose}", f"{purpose} {one_line(what)[:_DESCRIPTION]}".strip())
