"""Old branches: list them, delete one."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.desk import Desk
from bot.listeners.windows import at_once, shown
from bot.registry import Answer, Message, Reply, action, command
from bot.requests import Request
from bot.views import branches as views
from bot.views.actions import Action
from ops import old_branches
from ops.people import Right

_list = command("/ops", "branches", needs=Right.LOOK)
_drop = action(Action.DROP_BRANCH, needs=Right.LOOK, stored=True)  # who may is judged by `old_branches`, in its own words


@_list.handle
def listing(_request: Request, desk: Desk) -> Reply:
    """``/ops branches``."""
    return Reply(message=_now(desk))


def _now(desk: Desk) -> Message:
    """As the remote has them."""
    return views.listing(old_branches.find(desk.backstop, datetime.now(UTC)), desk.settings.app.source_branch)


@_drop.answer
def look(request: Request) -> Answer:
    """Over Home a window at once."""
    return at_once(request)


@_drop.handle
def drop(request: Request, desk: Desk) -> Reply:
    """The button, already confirmed; the posts that list it follow."""
    name, _, tip = request.value.partition(" ")
    was_there = old_branches.drop(desk.backstop, request.person, name, tip)
    if keys := sorted(desk.posts.keys("branches-")):
        desk.say(keys[-1], desk.settings.slack.engineering, _now(desk))
    return shown(request, views.dropped(name, was_there=was_there))
