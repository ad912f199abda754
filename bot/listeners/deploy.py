"""Deploy: the command and Home's button open the proposal; sending it off starts the deploy, or asks for a signature."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bot import gathered
from bot.desk import Desk
from bot.listeners.signing import asked
from bot.registry import ANY, Answer, Errors, Open, Reply, Show, action, command, submission
from bot.requests import Kind, Request
from bot.views import deploy as views
from bot.views.actions import Action, Field, Window
from bot.views.backup import looking
from bot.views.blocks import TITLE, in_window, message
from bot.views.text import escape, mention, people, prose
from ops import asking, deploy
from ops.deploy import Choice, Proposal
from ops.errors import Refused
from ops.people import Right

_command = command("/deploy", ANY, needs=Right.DEPLOY)
_button = action(Action.DEPLOY_OPEN, needs=Right.DEPLOY)
_sent = submission(Window.DEPLOY, needs=Right.DEPLOY, stored=True)


@_command.answer
@_button.answer
def open_window(request: Request) -> Answer:
    """A window at once, its content as soon as it is known."""
    return Show(looking()) if request.in_window else Open(looking())


@_command.handle
@_button.handle
def propose(request: Request, desk: Desk) -> Reply:
    """``/deploy [ref] [version]``."""
    ref, version = _named(request)
    found = deploy.look(desk.backstop.services, ref, version)
    return Reply(view=_window(request, desk, found), message=views.reopen(found.target, ref))


def _named(request: Request) -> tuple[str, str]:
    """The ref and the version.

    Raises:
        Refused: more than that was typed.
    """
    words = [*(request.typed if request.kind is Kind.COMMAND else request.value).split(), "", ""]
    if len(words) > 4:
        raise Refused("A deploy takes a ref and a version, each one word.", "`/deploy main v2.4.0`")
    return words[0], words[1]


def _window(request: Request, desk: Desk, found: Proposal, moved: str = "") -> dict[str, Any]:
    """The proposal as this person sees it."""
    settings = desk.settings
    overrides = bool(request.person.roles & settings.gate.override)
    usual = gathered.usual(desk.backstop)
    holder, now = desk.backstop.journal.holder("production"), datetime.now(UTC)
    return views.window(found, usual=usual, docs=settings.docs, overrides=overrides, now=now, moved=moved, holder=holder)


@_sent.answer
def check(request: Request) -> Answer:
    """What can be told at once; else the window shows that it is worked on."""
    if Field.BACKUP in request.input_blocks and Field.CONFIRMED in request.input_blocks and not _chosen(request):
        return Errors({Field.CONFIRMED: "Tick this, or choose a backup to take first."})
    return Show(looking())


def _chosen(request: Request) -> bool:
    """Whether the way on was decided."""
    return bool(request.fields.get(Field.BACKUP) or request.fields.get(Field.CONFIRMED))


@_sent.handle
def start(request: Request, desk: Desk) -> Reply:
    """Look again: what was shown is what is deployed, or nothing is."""
    seen = views.read(request.private)
    found = deploy.look(desk.backstop.services, seen["ref"], seen["version"])
    if (found.live.hash, found.commit.hash) != (seen["head"], seen["commit"]):
        moved = "Production or the ref moved since you looked; nothing was deployed. This is how it is now."
        return Reply(view=_window(request, desk, found, moved), message=views.reopen(found.target, seen["ref"]))
    choice = _choice(request, found)
    plan = deploy.plan(desk.settings, found, choice, request.person)
    begun = asking.ask(desk.backstop, request.person, plan, id=request.operation_id)
    if choice.override:
        _tell_of_override(request, desk, found, choice)
    said = views.begun(found.target, desk.settings.slack.engineering) if begun.started else asked(desk, begun.approval)
    return Reply(view=in_window(dict(said), TITLE, Window.ANSWER), message=said)


def _choice(request: Request, found: Proposal) -> Choice:
    """What the person decided in the window."""
    fields, verdict = request.fields, found.verdict
    take = fields.get(Field.BACKUP, "")
    closed = any(reason.colour == "closed" and reason.code != "no backup" for reason in verdict.reasons)
    return Choice(
        backup="full" if take == "full" else "quick" if take == "quick" else "",
        confirmed=fields.get(Field.CONFIRMED) == "yes",
        reason=fields.get(Field.REASON, ""),
        override=closed and bool(fields.get(Field.REASON, "").strip()),
    )


def _tell_of_override(request: Request, desk: Desk, found: Proposal, choice: Choice) -> None:
    """Whoever passes a closed gate does it before everybody's eyes."""
    why = " ".join(reason.sentence for reason in found.verdict.reasons)
    who = f":rotating_light: {mention(request.person.id)} deploys to {prose(found.target)} through a closed gate"
    words = f"{who}: “{escape(choice.reason, 300)}”. {people(prose(why, 500))}"
    desk.say(f"override-{request.operation_id}", desk.settings.slack.engineering, message(words))
