"""The terminal's commands that change production: deploy, rollback, hold, maintenance, and the decision about what halted.

Whoever sits here has every right but signing. Where a signature is needed it is asked for in Slack; on the night when Slack is
down, ``--break-glass`` with a reason starts without it, and everybody is told as soon as Slack is back.
"""

from __future__ import annotations

import argparse
import sys
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from ops import asking, deciding, deploy, described, holds, maintenance, people, reports, rollback, whereabouts
from ops.asking import Asked
from ops.backstop import Backstop
from ops.deploy import Choice, Proposal
from ops.errors import Refused
from ops.gate import Colour
from ops.journal import OperationView
from ops.plans import Plan
from ops.restoring.looking import files_stay
from ops.rollback import Preview
from ops.terminal import Answer, ended, follow, opened
from ops.words import ago, counted, elapsed, one_line


def ship(options: argparse.Namespace) -> Answer:
    """Deploy a ref through the gate, and wait for its end."""
    with opened(running=True) as backstop:
        proposal = deploy.look(backstop.services, options.ref, options.version)
        choice = Choice(backup=options.backup, confirmed=options.confirm, reason=options.reason, override=options.override)
        if options.dry_run:
            return Answer(words="\n".join(_proposed(proposal)), document=_proposal(proposal))
        plan = deploy.plan(backstop.settings, proposal, choice, people.at_terminal())
        return followed(backstop, asking.ask(backstop, people.at_terminal(), plan, id=new_id()), options, "Live on production")


def go_back(options: argparse.Namespace) -> Answer:
    """Return production to a backup, and wait for its end."""
    with opened(running=True) as backstop:
        data = options.id.startswith("full-") and not options.code
        preview = rollback.look(backstop.services, options.id, data=data, stop=threading.Event(), said=saying())
        if options.dry_run:
            return Answer(words="\n".join(_previewed(preview)), document=_preview(preview))
        if options.confirm != options.id:
            raise Refused(
                f"A rollback changes {preview.target}. {_previewed(preview)[0]}",
                f"If you mean it, say the id once more: `--confirm {options.id}`.",
            )
        plan = rollback.plan(backstop.settings, preview, options.reason, options.impact)
        asked = begun(backstop, plan, options)
        return followed(backstop, asked, options, "Rollback complete - production restored")


def begun(backstop: Backstop, plan: Plan, options: argparse.Namespace) -> Asked:
    """Start it, or have it signed; with ``--break-glass`` it goes without, once it was asked for long enough ago."""
    person = people.at_terminal()
    waiting = asking.waits(backstop, plan) if options.break_glass else None
    if waiting is None:
        asked = asking.ask(backstop, person, plan, id=new_id())
        if asked.started or not options.break_glass:
            return asked
        waiting = asked.approval
    broken = asking.break_glass(backstop, person, waiting.id, reason=options.reason, typed=options.confirm)
    return Asked(approval=broken, started=True)


def followed(backstop: Backstop, asked: Asked, options: argparse.Namespace, good: str) -> Answer:
    """Wait for the end of what has started; say who must sign what has not."""
    approval = asked.approval
    if not asked.started:
        words = f"This needs a signature: it is asked for in Slack (plan {approval.plan.short}, until {approval.expires_at:%H:%M} UTC)."
        if approval.asked_at and hasattr(options, "break_glass"):
            at = approval.asked_at + timedelta(minutes=backstop.settings.approvals.break_glass_after_minutes)
            words += f" If nobody signs, the same with `--break-glass` starts it from {at:%H:%M} UTC on."
        return Answer(words=words, document={"success": False, "outcome": "pending", "approval": approval.id}, code=3)
    view = follow(backstop, asked.operation_id, quiet=options.json)
    took = elapsed(view.finished_at - view.created_at) if view.finished_at else ""
    said = [
        f"{good} in {took} · {view.params['bound']['target']}",
        maintenance.stays_sentence(view.result),
        reports.unwritten_sentence(view.result),
    ]
    answer = ended(view, "\n".join(filter(None, said)), {"result": view.result})
    return answer if not answer.code else Answer(words="\n".join([answer.words, *_where(view)]), document=answer.document, code=answer.code)


def _where(view: OperationView) -> list[str]:
    """What is where now, after something failed."""
    said = whereabouts.of(view)
    return [f"Now: {said}"] if said else []


def hold(options: argparse.Namespace) -> Answer:
    """Hold deploys."""
    with opened() as backstop:
        held = holds.hold(backstop, people.at_terminal(), " ".join(options.reason))
    return Answer(words=f"Deploys are held: “{held.reason}”. Lift it by `python -m ops resume`.", document={"success": True})


def resume(options: argparse.Namespace) -> Answer:
    """Lift the hold."""
    with opened() as backstop:
        held = holds.resume(backstop, people.at_terminal(), options.why)
    since = ago(held.since, datetime.now(UTC))
    return Answer(words=f"Deploys may go on. They were held {since}: “{held.reason}”.", document={"success": True})


def switch(options: argparse.Namespace) -> Answer:
    """Put the maintenance page up, or take it down."""
    kind = maintenance.ON if options.state == "on" else maintenance.OFF
    with opened(running=True) as backstop:
        operation_id = holds.switch(backstop, people.at_terminal(), kind, " ".join(options.reason), id=new_id())
        view = follow(backstop, operation_id, quiet=options.json)
    return ended(view, f"{kind.capitalize()} · {view.params['target']}", {})


def unpause(options: argparse.Namespace) -> Answer:
    """Let the functions of a paused deployment run."""
    with opened(running=True) as backstop:
        view = follow(backstop, holds.unpause(backstop, people.at_terminal(), id=new_id()), quiet=options.json)
    return ended(view, f"Its functions run · {view.params['target']}", {})


def settle(options: argparse.Namespace) -> Answer:
    """Decide about a halted operation: repeat the step, take it as done, or end it as it is."""
    with opened() as backstop:
        view = asking.settled_by(backstop, people.at_terminal(), options.operation)
        if options.decision == "over":
            backstop.journal.abandon(view.id, by=people.at_terminal().id)
            return Answer(words=f"The {view.kind} {view.id} is over; its lock is free.", document={"success": True})
        step = deciding.go_on(backstop, view, done=options.decision == "done", by=people.at_terminal().id)
    words = f"The {view.kind} {view.id} goes on{f' after “{step}”' if options.decision == 'done' else ''} as soon as a bot takes it up."
    return Answer(words=words, document={"success": True})


def lock(options: argparse.Namespace) -> Answer:  # noqa: ARG001 # every command takes the options
    """What holds production."""
    with opened() as backstop:
        holder = backstop.journal.holder(deploy.ENVIRONMENT)
    if holder is None:
        return Answer(words="Nothing holds production.", document={"holder": None})
    step = f", at “{holder.steps[-1].name}”" if holder.steps else ""
    words = f"{holder.kind.capitalize()} ({holder.id}) is {holder.status}, begun {ago(holder.created_at, datetime.now(UTC))}"
    return Answer(words=f"{words}, asked by {holder.requested_by}{step}.", document={"holder": described.operation(holder)})


def new_id() -> str:
    """A new asking's id."""
    return uuid.uuid4().hex[:12]


def saying() -> Callable[[str], None]:
    """How a look says how far it is: a line that is the same again is not."""
    last = [""]

    def say(line: str) -> None:
        if line != last[0]:
            sys.stderr.write(f"{line}\n")
        last[0] = line

    return say


def _proposed(proposal: Proposal) -> list[str]:
    """A proposal in lines."""
    ships, verdict = proposal.shipment, proposal.verdict
    whom = counted(len(ships.authors), "person", "people")
    lines = [
        f"{proposal.ref} → {proposal.branch} · {proposal.target}",
        f"{counted(ships.count, 'commit')} by {whom}: {proposal.live.hash[:6]}..{proposal.commit.hash[:6]}",
    ]
    lines += [f"  {each['hash'][:6]}  {each['author']}  {each['message']}" for each in ships.commits]
    lines += [f"  {area}: {counted(len(files), 'file')}" for area, files in ships.areas]
    lines += ["The Convex schema changes:", *(f"  {line}" for line in ships.schema_lines)] if ships.schema_changed else []
    lines += [f"Variables newly used: {', '.join(ships.variables)}"] if ships.variables else []
    lines += [f"Not set on {proposal.target}: {', '.join(ships.unset)}"] if ships.unset else []
    lines += [f"Gate: {verdict.colour}"]
    lines += [f"  {reason.sentence} {reason.mend}" for reason in verdict.reasons]
    return lines


def _proposal(proposal: Proposal) -> dict[str, Any]:
    """A proposal as JSON."""
    verdict = proposal.verdict
    return {
        "success": verdict.colour is not Colour.CLOSED,
        "target": proposal.target,
        "from": proposal.live.hash,
        "to": proposal.commit.hash,
        "shipment": proposal.shipment.dump(),
        "gate": {
            "colour": verdict.colour.value,
            "needs": verdict.needs,
            "backup": verdict.backup.id if verdict.backup else None,
            "reasons": [{"code": each.code.value, "sentence": each.sentence, "mend": each.mend} for each in verdict.reasons],
        },
    }


def _previewed(preview: Preview) -> list[str]:
    """A preview in lines; the first is the document's question."""
    at = preview.backup.timestamp
    lines = [
        f"This will restore to backup from {at:%Y-%m-%d %H:%M} UTC ({ago(at, datetime.now(UTC))}). Continue?",
        f"{preview.target}: {preview.live.hash[:6]} → {preview.backup.short_commit} “{one_line(preview.backup.commit_message, 80)}”",
        f"{counted(preview.undone, 'commit')} {'is' if preview.undone == 1 else 'are'} undone"
        + (f", by {', '.join(name for name, _ in preview.authors)}" if preview.authors else "")
        + (f"; {preview.returning} return" if preview.returning else ""),
    ]
    lines += [f"  {each['hash'][:6]}  {each['author']}  {each['message']}" for each in preview.commits]
    lines += ["The Convex schema differs."] if preview.schema_differs else []
    if preview.data:
        lines += [f"  {sentence}" for sentence in preview.loss.sentences()] if preview.loss else []
        lines += [f"What would be lost could not be counted: {preview.loss_unknown}"] if preview.loss_unknown else []
        lines += [said] if (said := files_stay(preview.backup.files)) else []
        lines += ["The site shows its maintenance page meanwhile."] if preview.maintenance else []
        lines += [f"No maintenance page is shown meanwhile. {preview.page_missing}"] if preview.page_missing else []
    return lines


def _preview(preview: Preview) -> dict[str, Any]:
    """A preview as JSON."""
    return {
        "target": preview.target,
        "backup": described.backup(preview.backup),
        "from": preview.live.hash,
        "undone": preview.undone,
        "commits": list(preview.commits),
        "returning": preview.returning,
        "schemaDiffers": preview.schema_differs,
        "loss": preview.loss.as_json() if preview.loss else None,
        "lossUnknown": preview.loss_unknown,
        "maintenance": preview.maintenance,
        "pageMissing": preview.page_missing,
    }
