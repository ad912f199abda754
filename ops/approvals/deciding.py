"""Decide about an approval. Where it starts something, the decision, the lock and the beginning are one transaction.

So of a hundred who click at once one starts it, and the others are told who that was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ops import activity, tasks
from ops.approvals import policy
from ops.approvals.records import STARTED, Approval, Status, get, locked, plan_of, told
from ops.database import ApprovalRow, VoteRow
from ops.errors import Refused
from ops.journal import Busy, Journal, OperationView
from ops.people import Person, Right, require
from ops.plans import moved
from ops.settings import Settings
from ops.words import elapsed, one_line

WHY = 500  # characters
_AGAIN = "Plan it again: what would happen may have changed."

Room = Callable[[OperationView], bool]
"""Makes room for an approved operation; False where it cannot."""


def no_room(_holder: OperationView) -> bool:
    """Whatever is in the way stays there."""
    return False


def start(journal: Journal, id: str, person: Person) -> Approval:  # noqa: A002 # the contract's name
    """Start what nobody has to sign; a second time changes nothing.

    Raises:
        Refused: it needs a signature, or another operation runs.
    """
    approval = get(journal.engine, id)
    if approval.status in STARTED:
        return approval
    if approval.role is not None:
        raise Refused(f"This needs the signature of the {approval.role.title}.", "Ask for it.")

    def decide(session: Session) -> None:
        row = locked(session, id)
        _require(row, Status.DRAFT)
        _decide(session, row, Status.UNNEEDED, person.id, "")

    return _begin(journal, approval, decide)


def approve(  # noqa: PLR0913 # the facts of a decision, all named
    journal: Journal,
    id: str,  # noqa: A002 # the contract's name
    person: Person,
    found: Mapping[str, Any],
    settings: Settings,
    *,
    make_room: Room = no_room,
) -> Approval:
    """Sign a plan and start it, if nothing moved since it was made.

    Args:
        journal: starts the operation.
        id: the approval's.
        person: who signs, with the roles that they hold now.
        found: what the plan binds, gathered now.
        settings: the policy.
        make_room: asked where another operation is in the way.

    Raises:
        Refused: they may not, somebody was faster, it expired, or something moved (then it is void).
        Busy: another operation runs; the approval stays as it is.
    """
    approval = get(journal.engine, id)
    _require_open(approval, settings)
    if why_not := policy.may_sign(approval, person, datetime.now(UTC), settings):
        raise Refused(why_not)
    _require_unmoved(journal.engine, approval, found, person)

    def decide(session: Session) -> None:
        row = locked(session, id)
        _require(row, Status.PENDING)
        _require_in_time(row)
        _require_whole(row)
        _vote(session, row, person, "approve")
        _decide(session, row, Status.APPROVED, person.id, "")

    begun = _begin(journal, approval, decide, make_room)
    if begun.decided_by != person.id:
        raise _too_late(begun)
    return begun


def break_glass(  # noqa: PLR0913 # the facts of a decision, all named
    journal: Journal,
    id: str,  # noqa: A002 # the contract's name
    person: Person,
    found: Mapping[str, Any],
    settings: Settings,
    *,
    reason: str,
    typed: str,
    make_room: Room = no_room,
) -> Approval:
    """Start it without its signature; a review stays open until somebody else has closed it.

    Raises:
        NotAllowed, Refused: they may not, it is too early, the id is another, or no reason is given.
    """
    require(person, Right.BREAK_GLASS, settings.approvals.policy)
    approval = get(journal.engine, id)
    if approval.status not in {Status.PENDING, Status.EXPIRED}:
        raise _too_late(approval)
    if why_not := policy.may_break_glass(approval, datetime.now(UTC), settings):
        raise Refused(why_not, "Until then the approvers can sign.")
    if typed.strip() != policy.typed(approval.kind, approval.plan.bound):
        raise Refused("What you typed is not what this plan is about.", f"Type `{policy.typed(approval.kind, approval.plan.bound)}`.")
    if not reason.strip():
        raise Refused("Breaking the glass needs a reason: it is told in both channels.", "Say in a sentence why it cannot wait.")
    _require_unmoved(journal.engine, approval, found, person)

    def decide(session: Session) -> None:
        row = locked(session, id)
        if row.status not in {Status.PENDING, Status.EXPIRED}:
            raise _too_late(get(journal.engine, id))
        _require_whole(row)
        _vote(session, row, person, "break glass")
        _decide(session, row, Status.BROKEN, person.id, one_line(reason, WHY))
        tasks.begin(session, f"review-{id}", tasks.REVIEW, f"{told(row)}: {one_line(reason, WHY)}", by=person.id, about=row.operation_id)

    begun = _begin(journal, approval, decide, make_room)
    if begun.decided_by != person.id:
        raise _too_late(begun)
    return begun


def reject(engine: Engine, id: str, person: Person, settings: Settings, why: str) -> Approval:  # noqa: A002 # the contract's name
    """Say no; whoever may sign may.

    Raises:
        Refused: they may not, or it is decided.
    """
    approval = get(engine, id)
    _require_open(approval, settings)
    if why_not := policy.may_sign(approval, person, datetime.now(UTC), settings):
        raise Refused(why_not)
    with Session(engine) as session, session.begin():
        row = locked(session, id)
        _require(row, Status.PENDING)
        _vote(session, row, person, "reject")
        _decide(session, row, Status.REJECTED, person.id, one_line(why, WHY))
    return get(engine, id)


def withdraw(engine: Engine, id: str, person: Person) -> Approval:  # noqa: A002 # the contract's name
    """Take it back; only whoever asked may.

    Raises:
        Refused: somebody else asked, or it is decided.
    """
    with Session(engine) as session, session.begin():
        row = locked(session, id)
        if row.requested_by != person.id:
            raise Refused("Only whoever asked takes it back.", "Whoever may sign it can reject it.")
        _require(row, Status.PENDING)
        _decide(session, row, Status.WITHDRAWN, person.id, "")
    return get(engine, id)


def _begin(journal: Journal, approval: Approval, decide: Callable[[Session], None], make_room: Room = no_room) -> Approval:
    """Start the operation with the decision; once more where room could be made for it."""
    plan = approval.plan
    params = {"bound": dict(plan.bound), "shown": dict(plan.shown), "approval": approval.id}
    facts: dict[str, Any] = {"by": approval.requested_by, "environment": plan.environment, "id": approval.operation_id}
    try:
        journal.start(plan.kind, params, also=decide, replaces=approval.replaces, **facts)
    except Busy as busy:
        if not make_room(busy.holder):
            raise
        journal.start(plan.kind, params, also=decide, replaces=approval.replaces, **facts)
    return get(journal.engine, approval.id)


def _decide(session: Session, row: ApprovalRow, status: Status, by: str, why: str) -> None:
    """Write a decision down, and the log's line with it."""
    now = datetime.now(UTC)
    row.status, row.decided_by, row.decided_at, row.changed_at, row.why = status, by, now, now, why or None
    session.flush()
    if status is not Status.UNNEEDED:
        said = f"{_SAID[status]}: {told(row)}{f', “{why}”' if why else ''}"
        activity.append(session, who=by, text=said, outcome=status.value, operation_id=row.operation_id)


_SAID = {
    Status.APPROVED: "Signed",
    Status.BROKEN: "Started without its signature (break-glass)",
    Status.REJECTED: "Not signed",
    Status.WITHDRAWN: "Taken back",
    Status.VOID: "Void",
}


def _vote(session: Session, row: ApprovalRow, person: Person, vote: str) -> None:
    """One vote a person."""
    if session.get(VoteRow, (row.id, person.id)) is not None:
        raise Refused("You have voted on this already.", "One vote a person.")
    session.add(VoteRow(approval_id=row.id, person=person.id, vote=vote, at=datetime.now(UTC)))


def _require_open(approval: Approval, settings: Settings) -> None:
    """Refuse what is decided, or over."""
    if approval.status is not Status.PENDING:
        raise _too_late(approval)
    if approval.expires_at is not None and datetime.now(UTC) >= approval.expires_at:
        raise Refused(f"It expired: nobody signed within {settings.approvals.expiry_minutes} minutes.", "Ask again, with one click.")


def _require_unmoved(engine: Engine, approval: Approval, found: Mapping[str, Any], person: Person) -> None:
    """Make it void where something moved since it was planned (X3)."""
    if not (clauses := moved(approval.plan.bound, found)):
        return
    why = "; ".join(clauses)
    with Session(engine) as session, session.begin():
        row = locked(session, approval.id)
        if row.status in {Status.PENDING, Status.EXPIRED}:
            _decide(session, row, Status.VOID, person.id, why)
    raise Refused(f"Not approved: {why} after this was planned.", _AGAIN)


def _require(row: ApprovalRow, status: Status) -> None:
    """Refuse in the transaction where somebody was faster."""
    if row.status != status:
        raise _late(Status(row.status), row.decided_by, row.decided_at)


def _require_in_time(row: ApprovalRow) -> None:
    """Refuse in the transaction where the time is over."""
    if row.expires_at is not None and datetime.now(UTC) >= row.expires_at:
        raise Refused("It expired a moment ago.", "Ask again, with one click.")


def _require_whole(row: ApprovalRow) -> None:
    """Refuse a plan that is not the one that was written down."""
    if plan_of(row).digest != row.digest:
        raise Refused(
            "The plan was changed after it was asked for: its digest differs.", "Look who wrote to the database, then plan again."
        )


def _too_late(approval: Approval) -> Refused:
    """Somebody was faster, or it is over."""
    return _late(approval.status, approval.decided_by, approval.decided_at)


def _late(status: Status, by: str | None, at: datetime | None) -> Refused:
    """Who was first, and when."""
    ago = f" {elapsed(datetime.now(UTC) - at)} ago" if at else ""
    if status is Status.VOID:
        return Refused(f"It is void since{ago}: something moved after it was planned.", _AGAIN)
    if status is Status.EXPIRED:
        return Refused(f"It expired{ago}: nobody signed in time.", "Ask again, with one click.")
    done = {Status.APPROVED: "approved", Status.BROKEN: "started without its signature", Status.REJECTED: "rejected"}.get(
        status, status.value
    )
    return Refused(f"It was already {done}{f' by {by}' if by else ''}{ago}.", "Nothing more is to do here.")
