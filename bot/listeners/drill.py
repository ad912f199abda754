"""Drills: start one, say what is seen, decide, note what holds it up, look at all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial

from bot import pictures
from bot.desk import Desk
from bot.listeners.windows import at_once, shown
from bot.pictures import Picture
from bot.registry import Answer, Errors, Open, Reply, Show, action, command, submission
from bot.requests import Request
from bot.views import drill as views
from bot.views.actions import Action, Field, Window
from bot.views.backup import looking
from bot.views.blocks import message
from ops import drill, restore
from ops.errors import Refused
from ops.journal import OperationView
from ops.people import Right

_start = command("/drill", "start", needs=Right.RESTORE, stored=True)
_start_button = action(Action.DRILL_START, needs=Right.RESTORE, stored=True)
_history = command("/drill", "history", needs=Right.LOOK)
_history_button = action(Action.DRILL_HISTORY, needs=Right.LOOK)
_detect = action(Action.DRILL_DETECTED, needs=Right.RESTORE)
_decide = action(Action.DRILL_DECIDED, needs=Right.RESTORE)
_block = action(Action.DRILL_BLOCKER, needs=Right.RESTORE)
_detected = submission(Window.DRILL_DETECTED, needs=Right.RESTORE, stored=True)
_decided = submission(Window.DRILL_DECIDED, needs=Right.RESTORE, stored=True)
_blocked = submission(Window.DRILL_BLOCKER, needs=Right.RESTORE, stored=True)


@_start.handle
def start(request: Request, desk: Desk) -> Reply:
    """``/drill start [A|B]``."""
    return _started(request, desk, request.words[0] if request.words else "A")


@_start_button.answer
def start_at_once(request: Request) -> Answer:
    """Over Home a window at once."""
    return at_once(request)


@_start_button.handle
def start_clicked(request: Request, desk: Desk) -> Reply:
    """The button on the monthly checklist."""
    return _started(request, desk, request.value)


def _started(request: Request, desk: Desk, letter: str) -> Reply:
    """Begin it."""
    scenario = drill.find(letter)
    backstop = desk.backstop
    started = drill.begin(backstop.journal, backstop.services, scenario, request.person.id, id=request.operation_id)
    view = backstop.journal.get(started)
    waits = view.params["shown"]["left"] if view else None
    return shown(request, views.begun(scenario.letter, waits, desk.settings.slack.engineering))


@_history.handle
def history(_request: Request, desk: Desk) -> Reply:
    """``/drill history``."""
    found, broken = _all(desk)
    return Reply(message=views.history(found, broken), picture=_picture(found, desk))


@_history_button.answer
def look(request: Request) -> Answer:
    """Over Home a window at once."""
    return at_once(request)


@_history_button.handle
def history_clicked(request: Request, desk: Desk) -> Reply:
    """The button of the same meaning."""
    found, broken = _all(desk)
    return replace(shown(request, views.history(found, broken)), picture=_picture(found, desk))


def _picture(found: list[drill.Drilled], desk: Desk) -> Callable[[], Picture] | None:
    """The trend, where there is one."""
    return partial(pictures.drills, found, desk.settings.state / "fonts") if found else None


def _all(desk: Desk) -> tuple[list[drill.Drilled], list[drill.BrokenOff]]:
    """Every drill that came to its end, and those that stopped."""
    views = desk.backstop.journal.recent(100, kinds=(drill.KIND,))
    return drill.history(views), drill.broken(views)


@_detect.answer
def see(request: Request) -> Answer:
    """A window at once."""
    return Open(views.see(request.value))


@_block.answer
def block(request: Request) -> Answer:
    """A window at once."""
    return Open(views.blocker(request.value))


@_detect.handle
@_block.handle
def opened(_request: Request, _desk: Desk) -> Reply:
    """It is open already."""
    return Reply()


@_decide.answer
def choose(_request: Request) -> Answer:
    """A window at once, the backups as soon as they are known."""
    return Open(looking())


@_decide.handle
def offer(request: Request, desk: Desk) -> Reply:
    """Which backup."""
    ours = restore.offered(desk.backstop.catalogue.all(), None, desk.settings.convex.production.name)
    return Reply(view=views.decide(request.value, ours, datetime.now(desk.settings.team.zoneinfo)))


@_detected.answer
@_blocked.answer
def check(request: Request) -> Answer:
    """Something must be said."""
    return Show(looking()) if request.fields.get(Field.REASON, "").strip() else Errors({Field.REASON: "Say it in a sentence."})


@_decided.answer
def wait(_request: Request) -> Answer:
    """The same window, until it is written down."""
    return Show(looking())


@_detected.handle
def detected(request: Request, desk: Desk) -> Reply:
    """Somebody has seen it."""
    return _said(request, desk, drill.DETECTED, request.fields.get(Field.REASON, ""), "Noted. Now decide: which backup?")


@_decided.handle
def decided(request: Request, desk: Desk) -> Reply:
    """Somebody has decided."""
    return _said(request, desk, drill.DECIDED, request.fields.get(Field.BACKUP, ""), "Noted: staging is restored from it now.")


@_blocked.handle
def blocked(request: Request, desk: Desk) -> Reply:
    """Something holds it up."""
    return _said(request, desk, drill.BLOCKER, request.fields.get(Field.REASON, ""), "Noted: it becomes a recommendation of the report.")


def _said(request: Request, desk: Desk, kind: str, text: str, answer: str) -> Reply:
    """Write it down; the drill goes on by itself."""
    view = _drill(desk, request.private)
    drill.say(desk.backstop.services, view, kind, text, by=request.person.id, id=f"{kind}-{request.operation_id}")
    return shown(request, message(answer))


def _drill(desk: Desk, drill_id: str) -> OperationView:
    """The drill of a button."""
    view = desk.backstop.journal.get(drill_id)
    if view is None or view.kind != drill.KIND:
        raise Refused("There is no such drill.", "`/drill start` begins one.")
    return view
