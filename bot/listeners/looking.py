"""Look at backups: all of them, one, the log of them, the deleted ones, and turn the pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from bot import gathered
from bot.desk import Desk
from bot.listeners.windows import at_once, shown
from bot.registry import Answer, Message, Reply, action, command
from bot.requests import Request
from bot.views import backup as views
from bot.views import ops
from bot.views.actions import Action, Listing, turn
from ops import activity
from ops.errors import Refused
from ops.people import Right

_list = command("/backup", "list", needs=Right.LOOK)
_show = command("/backup", "show", needs=Right.LOOK)
_log = command("/backup", "log", needs=Right.LOOK)
_show_button = action(Action.SHOW, needs=Right.LOOK)
_page = action(Action.PAGE, needs=Right.LOOK)


@_list.handle
def list_(request: Request, desk: Desk) -> Reply:
    """``/backup list [page]``."""
    return Reply(message=page(desk, Listing.BACKUPS, number(request)))


@_log.handle
def log(request: Request, desk: Desk) -> Reply:
    """``/backup log [page]``."""
    return Reply(message=page(desk, Listing.LOG, number(request)))


@_show.handle
def show(request: Request, desk: Desk) -> Reply:
    """``/backup show ID``."""
    return Reply(message=one(desk, named(request)))


@_show_button.answer
@_page.answer
def look(request: Request) -> Answer:
    """Over Home a window at once."""
    return at_once(request)


@_show_button.handle
def show_clicked(request: Request, desk: Desk) -> Reply:
    """The button beside a backup."""
    return shown(request, one(desk, request.value))


@_page.handle
def turn_page(request: Request, desk: Desk) -> Reply:
    """Another page of whatever is listed there; its place is read from the button and never trusted."""
    listing, place = turn(request.value)
    return shown(request, page(desk, listing, place), replace=True)


def one(desk: Desk, backup_id: str) -> Message:
    """One backup with all that is known of it."""
    return views.show(desk.backstop.catalogue.get(backup_id), str(desk.backstop.settings.folder))


def page(desk: Desk, listing: Listing, place: int) -> Message:
    """A page of a list."""
    return _PAGES[listing](desk, place)


def number(request: Request) -> int:
    """The page that was typed; the first when none was.

    Raises:
        Refused: it is no number.
    """
    typed = request.words[:1]
    if not typed:
        return 1
    if not (typed[0].isascii() and typed[0].isdigit() and len(typed[0]) < 10):
        raise Refused(f"“{typed[0][:20]}” is no page.", f"`{request.name} {request.subcommand} 2` shows the second one.")
    return int(typed[0])


def named(request: Request) -> str:
    """The id that was typed.

    Raises:
        Refused: none was.
    """
    if not request.words:
        raise Refused("Which backup?", f"`{request.name} {request.subcommand} ID`, as `/backup list` shows them.")
    return request.words[0]


def _backups(desk: Desk, place: int) -> Message:
    """All backups."""
    return views.listing(desk.backstop.catalogue.all(), place, datetime.now(UTC), gathered.target(desk.backstop))


def _backup_log(desk: Desk, place: int) -> Message:
    """The backup log."""
    return views.log(desk.backstop.catalogue.all(), place, str(desk.backstop.settings.folder))


def _trash(desk: Desk, place: int) -> Message:
    """The deleted ones."""
    return views.trash(desk.backstop.trash.all(), place)


def _activity(desk: Desk, before: int) -> Message:
    """The activity log before a line; 0 is its end."""
    return ops.activity(activity.lines(desk.backstop.engine, views.PAGE + 1, before or None), before)


_PAGES: dict[Listing, Callable[[Desk, int], Message]] = {
    Listing.BACKUPS: _backups,
    Listing.LOG: _backup_log,
    Listing.TRASH: _trash,
    Listing.ACTIVITY: _activity,
}
