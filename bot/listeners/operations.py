"""What runs, what was done, how to stop it, and all commands."""

from __future__ import annotations

from datetime import UTC, datetime

from bot import gathered
from bot.desk import Desk
from bot.listeners.looking import number, page
from bot.listeners.windows import at_once, shown
from bot.registry import Ack, Answer, Reply, action, command
from bot.requests import Request
from bot.views import ops
from bot.views import readiness as views
from bot.views.actions import Action, Listing
from ops import ending, readiness, watch
from ops.backup import ENVIRONMENT
from ops.errors import Refused
from ops.journal import OperationView, Status
from ops.people import Right

_bare = command("/ops", needs=Right.LOOK)
_help = command("/ops", "help", needs=Right.LOOK)
_backup_help = command("/backup", "help", needs=Right.LOOK)
_status = command("/ops", "status", needs=Right.LOOK)
_log = command("/ops", "log", needs=Right.LOOK)
_cancel = command("/ops", "cancel", needs=Right.TAKE, stored=True)
_status_button = action(Action.STATUS, needs=Right.LOOK)
_evidence = action(Action.EVIDENCE, needs=Right.LOOK)
_cancel_button = action(Action.CANCEL, needs=Right.TAKE, stored=True)


@_bare.answer
@_help.answer
@_backup_help.answer
def explain(request: Request) -> Answer:
    """``/ops help``."""
    return Ack(ops.overview())


@_status.handle
def status(request: Request, desk: Desk) -> Reply:
    """``/ops status``."""
    return Reply(message=ops.status(gathered.status(desk.backstop), datetime.now(UTC)))


@_log.handle
def log(request: Request, desk: Desk) -> Reply:
    """``/ops log [line]``: the newest lines, or those before a line."""
    return Reply(message=page(desk, Listing.ACTIVITY, number(request) if request.words else 0))


@_status_button.answer
@_cancel_button.answer
@_evidence.answer
def look(request: Request) -> Answer:
    """Over Home a window at once."""
    return at_once(request)


@_status_button.handle
def status_clicked(request: Request, desk: Desk) -> Reply:
    """The button of the same meaning."""
    return shown(request, ops.status(gathered.status(desk.backstop), datetime.now(UTC)))


@_evidence.handle
def evidence(request: Request, desk: Desk) -> Reply:
    """What the time to come back was measured from."""
    return shown(request, views.evidence(readiness.of(desk.backstop, datetime.now(UTC))))


@_cancel.handle
def cancel(request: Request, desk: Desk) -> Reply:
    """``/ops cancel [ID]``; without an id what runs on production. A watch is ended by its id only: it cannot begin again."""
    if request.words:
        return Reply(message=_cancelled(request, desk, _named(request, desk)))
    running = desk.backstop.journal.running()
    view = desk.backstop.journal.holder(ENVIRONMENT) or next((each for each in running if each.kind != watch.KIND), None)
    return Reply(message=_cancelled(request, desk, view) if view else ops.nothing_to_cancel(running))


@_cancel_button.handle
def cancel_clicked(request: Request, desk: Desk) -> Reply:
    """The button on the card, already confirmed."""
    return shown(request, _cancelled(request, desk, _of_id(desk, request.value)))


def _named(request: Request, desk: Desk) -> OperationView:
    """The operation whose id was typed."""
    return _of_id(desk, request.words[0])


def _of_id(desk: Desk, operation_id: str) -> OperationView:
    """An operation.

    Raises:
        Refused: there is none with that id.
    """
    view = desk.backstop.journal.get(operation_id)
    if view is None:
        raise Refused("There is no operation with that id.", "`/ops status` shows what runs, with its id.")
    return view


def _cancelled(request: Request, desk: Desk, view: OperationView) -> dict[str, object]:
    """Ask it to stop, and say so."""
    ending.end(desk.backstop, request.person, view)
    return ops.given_up(view) if view.status is Status.HALTED else ops.cancelling(view)
