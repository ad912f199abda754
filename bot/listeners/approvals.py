"""Sign, reject, take back, ask again, break the glass, close a task. Who may is decided at the click."""

from __future__ import annotations

from bot.desk import Desk
from bot.listeners.signing import asked, draw
from bot.registry import Answer, Open, Reply, action, submission
from bot.requests import Request
from bot.views import approval as views
from bot.views.actions import Action, Field, Window
from bot.views.backup import looking
from bot.views.blocks import message
from bot.views.text import mention
from ops import approvals, asking, tasks
from ops.approvals import Approval
from ops.errors import OpsError
from ops.people import Right

_approve = action(Action.APPROVE, needs=Right.APPROVE, stored=True)
_reject = action(Action.REJECT, needs=Right.APPROVE)
_rejected = submission(Window.REJECT, needs=Right.APPROVE, stored=True)
_withdraw = action(Action.WITHDRAW, needs=Right.LOOK, stored=True)
_again = action(Action.ASK_AGAIN, needs=Right.ROLLBACK, stored=True)
_glass = action(Action.BREAK_GLASS, needs=Right.BREAK_GLASS)
_broken = submission(Window.BREAK_GLASS, needs=Right.BREAK_GLASS, stored=True)
_close = action(Action.CLOSE_TASK, needs=Right.SETTLE)
_closed = submission(Window.CLOSE_TASK, needs=Right.SETTLE, stored=True)


@_approve.handle
def approve(request: Request, desk: Desk) -> Reply:
    """Sign it; the card says so whatever comes of it."""
    try:
        signed = asking.approve(desk.backstop, request.person, request.value)
    finally:
        _drawn(desk, request.value)
    return Reply(message=message(f"Signed: {views.title(signed)} has begun. Its card is in {desk.settings.slack.engineering}."))


def _drawn(desk: Desk, approval_id: str) -> Approval | None:
    """Bring the card up to date, if there is such an approval."""
    try:
        found = approvals.get(desk.backstop.engine, approval_id)
    except OpsError:
        return None
    draw(desk, found)
    return found


@_reject.answer
@_glass.answer
@_close.answer
def open_window(request: Request) -> Answer:
    """A window at once."""
    return Open(looking())


@_reject.handle
def why_not(request: Request, desk: Desk) -> Reply:
    """Ask for the reason."""
    return Reply(view=views.reject_window(approvals.get(desk.backstop.engine, request.value)))


@_rejected.handle
def reject(request: Request, desk: Desk) -> Reply:
    """Say no, and tell whoever asked."""
    said = request.fields.get(Field.REASON, "")
    found = approvals.reject(desk.backstop.engine, request.private, request.person, desk.settings, said)
    draw(desk, found)
    return Reply(message=message(f"Rejected. {mention(found.requested_by)} sees it on the card."))


@_withdraw.handle
def withdraw(request: Request, desk: Desk) -> Reply:
    """Take it back."""
    draw(desk, approvals.withdraw(desk.backstop.engine, request.value, request.person))
    return Reply(message=message("Taken back: nobody can sign it any more."))


@_again.handle
def again(request: Request, desk: Desk) -> Reply:
    """Ask once more for what expired: the same plan, if nothing moved since."""
    renewed = asking.again(desk.backstop, request.person, request.value, id=request.operation_id)
    return Reply(message=asked(desk, renewed.approval))


@_glass.handle
def glass(request: Request, desk: Desk) -> Reply:
    """Ask for the reason and the id."""
    return Reply(view=views.glass_window(approvals.get(desk.backstop.engine, request.value)))


@_broken.handle
def break_glass(request: Request, desk: Desk) -> Reply:
    """Start it without the signature, and tell everybody."""
    typed = {"reason": request.fields.get(Field.REASON, ""), "typed": request.fields.get(Field.TYPED, "")}
    try:
        found = asking.break_glass(desk.backstop, request.person, request.private, **typed)
    finally:
        _drawn(desk, request.private)
    tell_of_glass(desk, found)
    return Reply(
        message=message(f"It has begun. Its card is in {desk.settings.slack.engineering}; a review stays open until somebody closes it.")
    )


def tell_of_glass(desk: Desk, found: Approval) -> None:
    """Both channels, and the task."""
    for channel in (desk.settings.slack.engineering, desk.settings.slack.incidents):
        desk.say(f"glass-{found.id}-{channel}", channel, views.glass_told(found))
    task = next((each for each in tasks.open_ones(desk.backstop.engine) if each.about == found.operation_id), None)
    if task is not None:
        desk.say(f"task-{task.id}", desk.settings.slack.incidents, views.task(task))


@_close.handle
def closing(request: Request, desk: Desk) -> Reply:
    """Ask how it was settled."""
    return Reply(view=views.task_window(request.value))


@_closed.handle
def close(request: Request, desk: Desk) -> Reply:
    """Close the task."""
    how = request.fields.get(Field.REASON, "")
    done = tasks.close(desk.backstop.engine, request.private, by=request.person.id, how=how)
    desk.say(f"task-{done.id}", desk.settings.slack.incidents, views.task_closed(done, request.person.id, how))
    return Reply(message=message("Closed."))
