"""Ask for a change of production: a plan starts at once where nobody needs to sign, and waits for a signature where somebody does.

One door for the deploy, the rollbacks and the restores: whoever asks, from Slack or a terminal, comes through here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ops import approvals, deploy, restore, rollback, salvage
from ops.approvals import Approval
from ops.backstop import Backstop
from ops.context import Services
from ops.errors import Refused
from ops.journal import OperationView, Status
from ops.people import Person, Right, require
from ops.plans import Plan, moved

ROOM = 30.0  # seconds that a backup may take to stop, so that an approved operation can begin

FOUND: Mapping[str, Callable[[Services, Mapping[str, Any]], dict[str, Any]]] = {
    deploy.KIND: deploy.found,
    **dict.fromkeys(rollback.KINDS, rollback.found),
    **dict.fromkeys(restore.KINDS, restore.found),
    salvage.KIND: salvage.found,
}
"""How what a plan binds is gathered again."""

RIGHTS = {
    deploy.KIND: Right.DEPLOY,
    **dict.fromkeys(rollback.KINDS, Right.ROLLBACK),
    **dict.fromkeys((*restore.KINDS, salvage.KIND), Right.RESTORE),
}

_AGAIN = {
    deploy.KIND: "`/deploy`",
    **dict.fromkeys(rollback.KINDS, "`/rollback`"),
    **dict.fromkeys(restore.KINDS, "`/restore database`"),
    salvage.KIND: "`/restore salvage`",
}
"""Where each is planned."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What came of asking."""

    approval: Approval
    started: bool  # False: it waits for a signature

    @property
    def operation_id(self) -> str:
        """The operation that it is, or will be."""
        return self.approval.operation_id


def ask(backstop: Backstop, person: Person, plan: Plan, *, id: str, replaces: str | None = None) -> Asked:  # noqa: A002 # the contract's name
    """Start a plan, or have it signed. The same id twice is the same asking.

    ``id`` is the asking's and the operation's that it becomes; ``replaces`` names a halted operation that this one takes over from.

    Raises:
        Refused: the right is missing, or another operation runs.
    """
    require(person, RIGHTS[plan.kind], backstop.settings.approvals.policy)
    draft = approvals.draft(backstop.engine, plan, person, backstop.settings, id=id, replaces=replaces)
    if draft.role is None:
        return Asked(approval=approvals.start(backstop.journal, draft.id, person), started=True)
    return Asked(approval=approvals.ask(backstop.engine, draft.id, backstop.settings), started=False)


def approve(backstop: Backstop, person: Person, approval_id: str) -> Approval:
    """Sign: look whether anything moved, make room if only a backup is in the way, and start it.

    Raises:
        Refused: with why not; where something moved the approval is void.
    """
    found = gather(backstop, approvals.get(backstop.engine, approval_id))
    return approvals.approve(backstop.journal, approval_id, person, found, backstop.settings, make_room=room(backstop, person))


def again(backstop: Backstop, person: Person, approval_id: str, *, id: str) -> Asked:  # noqa: A002 # the contract's name
    """Ask once more for what expired, with the same plan.

    Raises:
        Refused: it did not expire, or something moved since: then it is planned again.
    """
    former = approvals.get(backstop.engine, approval_id)
    if former.status is not approvals.Status.EXPIRED:
        raise Refused(f"It is {former.status}, not expired.", "Nothing is to be asked again.")
    require(person, RIGHTS[former.kind], backstop.settings.approvals.policy)
    if clauses := moved(former.plan.bound, gather(backstop, former)):
        raise Refused(f"{'; '.join(clauses)} after this was planned.".capitalize(), f"Plan it again: {_AGAIN[former.kind]}.")
    draft = approvals.draft(backstop.engine, former.plan, person, backstop.settings, id=id, replaces=former.replaces, again_of=approval_id)
    if draft.role is None:
        return Asked(approval=approvals.start(backstop.journal, draft.id, person), started=True)
    return Asked(approval=approvals.ask(backstop.engine, draft.id, backstop.settings), started=False)


def break_glass(backstop: Backstop, person: Person, approval_id: str, *, reason: str, typed: str) -> Approval:
    """Start it without the signature, for a reason that everybody is told."""
    found = gather(backstop, approvals.get(backstop.engine, approval_id))
    return approvals.break_glass(
        backstop.journal, approval_id, person, found, backstop.settings, reason=reason, typed=typed, make_room=room(backstop, person)
    )


def waits(backstop: Backstop, plan: Plan) -> Approval | None:
    """The asking of this very plan whose glass may be broken, else one that waits: people are not asked anew each time."""
    now, there = datetime.now(UTC), approvals.of_plan(backstop.engine, plan)
    ready = [each for each in there if not approvals.may_break_glass(each, now, backstop.settings)]
    pending = [each for each in there if each.status is approvals.Status.PENDING]
    return next(iter(ready + pending), None)


def gather(backstop: Backstop, approval: Approval) -> dict[str, Any]:
    """What the approval's plan binds, as it is now."""
    return FOUND[approval.kind](backstop.services, approval.plan.bound)


def room(backstop: Backstop, person: Person) -> Callable[[OperationView], bool]:
    """How a backup in the way is stopped; anything else that runs is left alone."""

    def make(holder: OperationView) -> bool:
        kind = backstop.journal.kinds.get(holder.kind)
        if holder.status is not Status.RUNNING or kind is None or not kind.name.endswith("backup"):
            return False
        backstop.journal.cancel(holder.id, by=person.id)
        return backstop.journal.wait(holder.id, timeout=ROOM).finished_at is not None

    return make


def settled_by(backstop: Backstop, person: Person, operation_id: str) -> OperationView:
    """A halted operation that this person may decide about.

    Raises:
        Refused: it is not halted, or they may not.
    """
    require(person, Right.SETTLE, backstop.settings.approvals.policy)
    view = backstop.journal.get(operation_id)
    if view is None:
        raise Refused(f"There is no operation “{operation_id[:40]}”.", "`/ops status` shows what runs, with its id.")
    if view.status is not Status.HALTED:
        raise Refused("That operation is not halted.", "`/ops status` shows what runs.")
    return view
