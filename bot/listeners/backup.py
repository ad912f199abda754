"""Take a backup, or verify one: the panel, two commands, and the buttons that do the same."""

from __future__ import annotations

from datetime import UTC, datetime

from bot import gathered
from bot.desk import Desk
from bot.listeners.windows import at_once
from bot.registry import Ack, Answer, Open, Reply, Show, action, command, submission
from bot.requests import Kind, Request
from bot.views import backup as views
from bot.views.actions import Action, Field, Window
from ops import backup as taking
from ops import manifest, verification
from ops import verify as verifying
from ops.errors import Refused
from ops.facts import GOOD
from ops.manifest import Type
from ops.people import Right

_panel = command("/backup", needs=Right.LOOK)
_open_panel = action(Action.OPEN_PANEL, needs=Right.TAKE)
_look_again = action(Action.LOOK_AGAIN, needs=Right.LOOK)
_quick = command("/backup", "quick", needs=Right.TAKE, stored=True)
_full = command("/backup", "full", needs=Right.TAKE, stored=True)
_take_quick = action(Action.TAKE_QUICK, needs=Right.TAKE, stored=True)
_take_full = action(Action.TAKE_FULL, needs=Right.TAKE, stored=True)
_take_for = action(Action.TAKE_FOR, needs=Right.TAKE, stored=True)
_sent_off = submission(Window.PANEL, needs=Right.TAKE, stored=True)
_verify = command("/backup", "verify", needs=Right.TAKE, stored=True)
_restore_button = action(Action.VERIFY_RESTORE, needs=Right.TAKE, stored=True)
_verify_button = action(Action.VERIFY, needs=Right.TAKE, stored=True)


@_panel.answer
@_open_panel.answer
def open_panel(request: Request) -> Answer:
    """``/backup``, and the button of the same meaning: a window at once, its content as soon as it is known."""
    return Open(views.looking())


@_look_again.answer
def look_again(request: Request) -> Answer:
    """The same window drawn anew; over Home the Home itself."""
    return Ack()


@_panel.handle
@_open_panel.handle
@_look_again.handle
def draw_panel(request: Request, desk: Desk) -> Reply | None:
    """The panel, where it was asked for."""
    if request.view_type == "home":
        desk.homes.show(request.person.id)
        return None
    return _in_window(desk)


@_quick.handle
def quick(request: Request, desk: Desk) -> Reply:
    """``/backup quick [notes]``."""
    return _told(request, desk, _start(request, desk, "quick", notes=request.text))


@_full.handle
def full(request: Request, desk: Desk) -> Reply:
    """``/backup full [notes]``."""
    return _told(request, desk, _start(request, desk, "full", notes=request.text))


@_take_quick.handle
def take_quick(request: Request, desk: Desk) -> Reply | None:
    """The panel's button, with what was typed beside it."""
    return _shown(request, desk, _start_typed(request, desk, "quick"))


@_take_full.handle
def take_full(request: Request, desk: Desk) -> Reply | None:
    """The panel's button, with what was typed beside it."""
    return _shown(request, desk, _start_typed(request, desk, "full"))


@_take_for.answer
def take_for_at_once(request: Request) -> Answer:
    """Over Home a window at once."""
    return at_once(request)


@_take_for.handle
def take_for(request: Request, desk: Desk) -> Reply:
    """The button where a backup is called for (B7): its purpose is filled in."""
    purpose, _, description = request.value.partition(" ")
    return _told(request, desk, _start(request, desk, "full", purpose=purpose, description=description))


@_sent_off.answer
def taking_full(request: Request) -> Answer:
    """The window stays, to show what runs."""
    return Show(views.looking())


@_sent_off.handle
def sent_off(request: Request, desk: Desk) -> Reply | None:
    """The panel's window sent off, by its button or the Enter key: the full backup, which covers more."""
    return _shown(request, desk, _start_typed(request, desk, "full"))


@_verify_button.answer
def verify_at_once(request: Request) -> Answer:
    """A window over Home; elsewhere nothing yet."""
    return at_once(request)


@_verify.handle
@_verify_button.handle
def verify(request: Request, desk: Desk) -> Reply:
    """``/backup verify ID [level]``, and ``/backup verify weekly``: from L4 on by a restore to staging."""
    if request.kind is Kind.COMMAND and request.words[:1] == ["weekly"]:
        return _restored(request, desk, "")
    backup_id, level = _read_verify(request)
    if level in verification.BY_RESTORE and manifest.type_of(backup_id) == "full":
        return _restored(request, desk, backup_id)
    params = verifying.ask(desk.backstop.services, backup_id, level)
    desk.backstop.journal.start(verifying.KIND, params, by=request.person.id, environment=None, id=request.operation_id)
    return _told(request, desk, f"Verifying `{backup_id}`")


@_restore_button.answer
def restore_at_once(request: Request) -> Answer:
    """Over Home a window at once."""
    return at_once(request)


@_restore_button.handle
def verify_by_restore(request: Request, desk: Desk) -> Reply:
    """The button of a verification that failed."""
    return _restored(request, desk, request.value)


def _restored(request: Request, desk: Desk, backup_id: str) -> Reply:
    """Verify by a restore to staging: a backup, or the one that needs it most."""
    journal, services = desk.backstop.journal, desk.backstop.services
    verification.start(journal, services, backup_id, request.person.id, id=request.operation_id, now=datetime.now(UTC))
    return _told(request, desk, f"Restoring {f'`{backup_id}`' if backup_id else 'a backup'} to {services.target('staging')}")


def _read_verify(request: Request) -> tuple[str, int]:
    """The id and the level.

    Raises:
        Refused: no id, or a level that is no number.
    """
    words = request.words if request.kind is Kind.COMMAND else [request.value]
    if not words or not words[0]:
        raise Refused("Which backup?", "`/backup verify ID`, as `/backup list` shows them.")
    backup_id = manifest.check_id(words[0])
    level = (words[1] if len(words) > 1 else str(GOOD)).upper().removeprefix("L")
    if not (level.isascii() and level.isdigit() and len(level) < 3):
        raise Refused("A level is a number from 0 to 5.", f"`/backup verify {backup_id} {GOOD}`")
    return backup_id, int(level)


def _start_typed(request: Request, desk: Desk, kind: Type) -> str:
    """Start with what was typed into the panel's window, if it was one."""
    fields = request.fields
    return _start(
        request,
        desk,
        kind,
        notes=fields.get(Field.NOTES, ""),
        description=fields.get(Field.DESCRIPTION, ""),
        purpose=fields.get(Field.PURPOSE, ""),
    )


def _start(request: Request, desk: Desk, kind: Type, **typed: str) -> str:
    """Start the backup; the words that say so."""
    wanted = taking.ask(desk.backstop.services, kind, request.person.id, **typed)
    desk.backstop.journal.start(wanted.kind, wanted.dump(), by=request.person.id, environment=taking.ENVIRONMENT, id=request.operation_id)
    return f"{wanted.kind.capitalize()} of {gathered.target(desk.backstop)} started"


def _told(request: Request, desk: Desk, started: str) -> Reply:
    """Words to the person alone: the card is where everybody sees it."""
    return Reply(message=views.started(started, desk.settings.slack.engineering))


def _shown(request: Request, desk: Desk, started: str) -> Reply | None:
    """In a window the panel, which now shows what runs; over Home the Home; elsewhere words."""
    if request.view_type == "home":
        desk.homes.show(request.person.id)
        return None
    words = views.started(started, desk.settings.slack.engineering)
    return Reply(view=_in_window(desk).view, message=words) if request.in_window else Reply(message=words)


def _in_window(desk: Desk) -> Reply:
    """The panel's window, and what comes in its place when that is gone."""
    state = gathered.panel(desk.backstop)
    return Reply(view=views.panel(state, datetime.now(UTC)), message=views.reopen(state.target))
