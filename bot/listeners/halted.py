"""Decide about a halted operation: repeat the step, take it as done, end it, or hand it to somebody."""

from __future__ import annotations

from sqlalchemy.orm import Session

from bot.desk import Desk
from bot.listeners.windows import shown
from bot.registry import Ack, Answer, Errors, Open, Reply, action, submission
from bot.requests import Request
from bot.views import standing as views
from bot.views.actions import Action, Field, Window
from bot.views.backup import looking
from bot.views.blocks import message, section
from bot.views.text import mention
from ops import activity, asking, deciding, standing, tasks
from ops.errors import Refused
from ops.people import Right, titles

_retry = action(Action.HALTED_RETRY, needs=Right.SETTLE, stored=True)
_done = action(Action.HALTED_DONE, needs=Right.SETTLE, stored=True)
_over = action(Action.HALTED_OVER, needs=Right.SETTLE, stored=True)
_hand_over = action(Action.HALTED_HAND_OVER, needs=Right.SETTLE)
_handed = submission(Window.HAND_OVER, needs=Right.SETTLE, stored=True)


@_retry.handle
def retry(request: Request, desk: Desk) -> Reply:
    """Repeat the step at which it halted."""
    return _settled(request, desk, "Repeating", done=False)


@_done.handle
def done(request: Request, desk: Desk) -> Reply:
    """The person has looked: it is done."""
    return _settled(request, desk, "Going on after", done=True)


def _settled(request: Request, desk: Desk, word: str, *, done: bool) -> Reply:
    """Let it go on."""
    view = asking.settled_by(desk.backstop, request.person, request.value)
    step = deciding.go_on(desk.backstop, view, done=done, by=request.person.id)
    return shown(request, message(f"{word} “{step or 'the last step'}” of the {view.kind}; its card goes on."))


@_over.handle
def over(request: Request, desk: Desk) -> Reply:
    """End it as it is."""
    view = asking.settled_by(desk.backstop, request.person, request.value)
    desk.backstop.journal.abandon(view.id, by=request.person.id)
    words = f"The {view.kind} is over; its lock is free. Production is as its card says."
    left = standing.all_of(desk.backstop.engine)
    return shown(request, message(words, section(words, "This still stands:" if left else ""), *views.sections(left)))


@_hand_over.answer
def open_window(request: Request) -> Answer:
    """A window at once."""
    return Open(looking())


@_hand_over.handle
def to_whom(request: Request, desk: Desk) -> Reply:
    """Ask to whom."""
    return Reply(view=views.hand_over_window(asking.settled_by(desk.backstop, request.person, request.value)))


@_handed.answer
def check(request: Request) -> Answer:
    """Somebody must be named."""
    return Ack() if request.fields.get(Field.PERSON) else Errors({Field.PERSON: "Choose somebody."})


@_handed.handle
def hand_over(request: Request, desk: Desk) -> Reply:
    """Tell the channel whose it is now; a task asks until it is settled."""
    view = asking.settled_by(desk.backstop, request.person, request.private)
    to, note = request.fields.get(Field.PERSON, ""), request.fields.get(Field.REASON, "")
    _require_decider(desk, to)
    with Session(desk.backstop.engine) as session, session.begin():
        text = f"The halted {view.kind} {view.id} is in the hands of {to}. {note}".strip()
        tasks.begin(session, f"halted-{view.id}-{to}", tasks.HANDED, text, by=request.person.id, about=view.id)
        activity.append(session, who=request.person.id, text=text, outcome="handed over", operation_id=view.id)
    handed = views.handed_over(view, request.person.id, to, note)
    desk.say(f"handed-{view.id}-{request.operation_id}", desk.settings.slack.incidents, handed)
    return Reply(message=message(f"Handed to {mention(to)}; the channel was told."))


def _require_decider(desk: Desk, to: str) -> None:
    """Refuse to hand it to somebody who could not decide; where Slack does not say who is in a group, it is believed.

    Raises:
        Refused: they hold none of the roles that may.
    """
    groups, roles = desk.members(), desk.settings.approvals.policy[Right.SETTLE]
    mine = {group for group, members in groups.items() if members is None or to in members}
    if not desk.settings.roles.of(frozenset({to, *mine})) & roles:
        raise Refused("Whom you chose may not decide about a halted operation.", f"Hand it to somebody who is {titles(roles)}.")
