"""Hold deploys and lift the hold, switch maintenance, let a paused app run, look at the lock, and be told when it is free."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.desk import Desk
from bot.listeners.windows import at_once, shown
from bot.registry import Answer, Reply, action, command
from bot.requests import Request
from bot.views import standing as views
from bot.views.actions import Action
from bot.views.blocks import message
from ops import holds, maintenance, standing, waiting
from ops.errors import Refused
from ops.people import Right
from ops.standing import What

ENVIRONMENT = "production"
LONGER = timedelta(hours=4)

_hold = command("/ops", "hold", needs=Right.HOLD, stored=True)
_resume = command("/ops", "resume", needs=Right.HOLD, stored=True)
_lift = action(Action.LIFT, needs=Right.HOLD, stored=True)
_maintenance = command("/ops", "maintenance", needs=Right.HOLD, stored=True)
_off = action(Action.MAINTENANCE_OFF, needs=Right.HOLD, stored=True)
_unpause = command("/ops", "unpause", needs=Right.HOLD, stored=True)
_let_run = action(Action.UNPAUSE, needs=Right.HOLD, stored=True)
_longer = action(Action.STILL_NEEDED, needs=Right.HOLD, stored=True)
_lock = command("/ops", "lock", needs=Right.LOOK)
_tell_me = action(Action.TELL_ME, needs=Right.LOOK, stored=True)


@_hold.handle
def hold(request: Request, desk: Desk) -> Reply:
    """``/ops hold REASON``."""
    held = holds.hold(desk.backstop, request.person, request.text)
    desk.say(f"hold-{held.id}", desk.settings.slack.engineering, views.held(held))
    return Reply(message=message(f"Deploys are held. Everybody sees it in {desk.settings.slack.engineering}."))


@_resume.handle
@_lift.handle
def resume(request: Request, desk: Desk) -> Reply:
    """``/ops resume [why]``, and the button."""
    held = holds.resume(desk.backstop, request.person, request.text)
    desk.say(f"lifted-{held.id}", desk.settings.slack.engineering, views.lifted(held, request.person.id, datetime.now(UTC)))
    return shown(request, message("The hold is lifted: deploys may go on."))


@_lift.answer
@_off.answer
@_let_run.answer
@_tell_me.answer
@_longer.answer
def at_home(request: Request) -> Answer:
    """Over Home a window at once."""
    return at_once(request)


@_maintenance.handle
def switch(request: Request, desk: Desk) -> Reply:
    """``/ops maintenance on REASON`` and ``/ops maintenance off``."""
    word, _, reason = request.text.partition(" ")
    kinds = {"on": maintenance.ON, "off": maintenance.OFF}
    if word.lower() not in kinds:
        raise Refused("Maintenance is switched on or off.", "`/ops maintenance on certificate renewal`, `/ops maintenance off`")
    return _switched(request, desk, kinds[word.lower()], reason)


@_off.handle
def switch_off(request: Request, desk: Desk) -> Reply:
    """The button."""
    return _switched(request, desk, maintenance.OFF, "")


def _switched(request: Request, desk: Desk, kind: str, reason: str) -> Reply:
    """Start the operation; its card says how it went."""
    holds.switch(desk.backstop, request.person, kind, reason, id=request.operation_id)
    return shown(request, message(f"Switching {kind}: its card is in {desk.settings.slack.engineering}."))


@_unpause.handle
@_let_run.handle
def unpause(request: Request, desk: Desk) -> Reply:
    """``/ops unpause``, and the button, which names where."""
    holds.unpause(desk.backstop, request.person, id=request.operation_id, named=request.value)
    return shown(request, message(f"Letting the functions run: its card is in {desk.settings.slack.engineering}."))


@_longer.handle
def longer(request: Request, desk: Desk) -> Reply:
    """It is still needed: nobody asks for four hours."""
    until = datetime.now(UTC) + LONGER
    what, _, environment = request.value.partition(" ")
    there = what in set(What) and standing.extend(desk.backstop.engine, What(what), environment or ENVIRONMENT, until)
    words = "Noted: nobody is asked about it for four hours." if there else "It has ended already."
    return shown(request, message(words))


@_lock.handle
def lock(request: Request, desk: Desk) -> Reply:
    """``/ops lock``."""
    target = desk.backstop.services.target(ENVIRONMENT)
    return Reply(message=views.lock(target, desk.backstop.journal.holder(ENVIRONMENT)))


@_tell_me.handle
def tell_me(request: Request, desk: Desk) -> Reply:
    """Be told once, when nothing holds it any more."""
    waiting.add(desk.backstop.engine, request.value or ENVIRONMENT, request.person.id)
    return shown(request, message("You will be told here, as a direct message, when it is free."))
