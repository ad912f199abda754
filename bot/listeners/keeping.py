"""Delete a backup, bring it back, pin it, release it, explain why a table fell. What removes something is also said in the channel."""

from __future__ import annotations

from bot.desk import Desk
from bot.listeners.looking import named, page
from bot.listeners.windows import at_once, shown
from bot.registry import Ack, Answer, Errors, Message, Open, Reply, action, command, submission
from bot.requests import Request
from bot.views import backup as views
from bot.views.actions import Action, Field, Listing, Window, reason
from ops import keeping
from ops.people import Right
from ops.trash import require_deletable

_delete = command("/backup", "delete", needs=Right.DELETE)
_undelete = command("/backup", "undelete", needs=Right.TAKE, stored=True)
_pin = command("/backup", "pin", needs=Right.TAKE, stored=True)
_unpin = command("/backup", "unpin", needs=Right.DELETE, stored=True)
_delete_button = action(Action.DELETE, needs=Right.DELETE, stored=True)
_keep_button = action(Action.KEEP, needs=Right.LOOK)
_undelete_button = action(Action.UNDELETE, needs=Right.TAKE, stored=True)
_pin_button = action(Action.PIN, needs=Right.TAKE, stored=True)
_unpin_button = action(Action.UNPIN, needs=Right.DELETE, stored=True)
_explain = action(Action.EXPLAIN_FALL, needs=Right.DELETE)
_explained = submission(Window.EXPLAIN_FALL, needs=Right.DELETE, stored=True)


@_delete_button.answer
@_undelete_button.answer
@_pin_button.answer
@_unpin_button.answer
def look(request: Request) -> Answer:
    """Over Home a window at once."""
    return at_once(request)


@_delete.handle
def ask_to_delete(request: Request, desk: Desk) -> Reply:
    """``/backup delete ID [reason]`` asks once; what must stay is refused before the question."""
    backstop = desk.backstop
    backup = backstop.catalogue.get(named(request))
    require_deletable(backup, backstop.catalogue.all(), backstop.in_use())
    why = request.text.partition(" ")[2]
    return Reply(message=views.delete_question(backup, backstop.settings.retention.trash_hours, why))


@_delete_button.handle
def delete(request: Request, desk: Desk) -> Reply:
    """The question was answered with yes."""
    backup_id, why = reason(request.value)
    thrown = keeping.delete(desk.backstop, request.person, backup_id, why)
    said = views.deleted(thrown)
    _tell_everybody(request, desk, said, thrown.backup.operation_id)
    return shown(request, said, replace=bool(why) or not request.message)


@_keep_button.handle
def keep(request: Request, desk: Desk) -> Reply:
    """The question was answered with no."""
    return shown(request, views.kept(request.value), replace=True)


@_undelete.handle
def undelete(request: Request, desk: Desk) -> Reply:
    """``/backup undelete [ID]``; without an id it shows the deleted ones."""
    if not request.words:
        return Reply(message=page(desk, Listing.TRASH, 1))
    return _brought_back(request, desk, request.words[0])


@_undelete_button.handle
def undelete_clicked(request: Request, desk: Desk) -> Reply:
    """The button beside a deleted backup."""
    return _brought_back(request, desk, request.value)


@_pin.handle
def pin(request: Request, desk: Desk) -> Reply:
    """``/backup pin ID [reason]``."""
    return Reply(message=views.pinned(keeping.pin(desk.backstop, request.person, named(request), request.text.partition(" ")[2])))


@_pin_button.handle
def pin_clicked(request: Request, desk: Desk) -> Reply:
    """The button at one backup."""
    return shown(request, views.pinned(keeping.pin(desk.backstop, request.person, request.value)))


@_unpin.handle
def unpin(request: Request, desk: Desk) -> Reply:
    """``/backup unpin ID``."""
    return Reply(message=views.unpinned(keeping.unpin(desk.backstop, request.person, named(request))))


@_unpin_button.handle
def unpin_clicked(request: Request, desk: Desk) -> Reply:
    """The button at one backup."""
    return shown(request, views.unpinned(keeping.unpin(desk.backstop, request.person, request.value)))


@_explain.answer
def open_explanation(request: Request) -> Answer:
    """A window while the backup is looked at; in a window the same one."""
    return Ack() if request.in_window else Open(views.looking())


@_explain.handle
def ask_for_explanation(request: Request, desk: Desk) -> Reply:
    """Why did the table fall?"""
    return Reply(view=views.explain_fall(desk.backstop.catalogue.get(request.value)))


@_explained.answer
def check_explanation(request: Request) -> Answer:
    """A reason must be given."""
    if not request.fields.get(Field.REASON, "").strip():
        return Errors({str(Field.REASON): "Say why the rows went: whoever looks for them later will read it."})
    return at_once(request)


@_explained.handle
def explain(request: Request, desk: Desk) -> Reply:
    """Take note that it was meant, so that retention goes on."""
    why = request.fields[Field.REASON]
    return shown(request, views.explained(keeping.clear_warnings(desk.backstop, request.person, request.private, why), why))


def _brought_back(request: Request, desk: Desk, backup_id: str) -> Reply:
    """Bring it back, and say so."""
    backup = keeping.undelete(desk.backstop, request.person, backup_id)
    said = views.undeleted(backup)
    _tell_everybody(request, desk, said, backup.operation_id)
    return shown(request, said)


def _tell_everybody(request: Request, desk: Desk, message: Message, made_by: str | None) -> None:
    """Say it in the channel too, under the backup's own card where it has one."""
    card = made_by if made_by and desk.posts.wanted_at(made_by) else None
    desk.say(f"kept-{request.operation_id}", desk.settings.slack.engineering, message, thread_of=card)
