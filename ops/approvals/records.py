"""The rows of approvals: asked for, read, listed."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, Select, and_, or_, select
from sqlalchemy.orm import Session

from ops import activity
from ops.approvals.policy import signature
from ops.database import ApprovalRow, VoteRow, reading
from ops.errors import Refused
from ops.people import Person, Role
from ops.plans import Plan
from ops.settings import Settings


class Status(enum.StrEnum):
    """How an approval stands."""

    DRAFT = "draft"  # looked at, not asked for yet
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    VOID = "void"  # something moved since it was planned
    WITHDRAWN = "withdrawn"
    BROKEN = "broken"  # started without its signature
    UNNEEDED = "unneeded"  # started, since nobody had to sign


STARTED = frozenset({Status.APPROVED, Status.BROKEN, Status.UNNEEDED})


@dataclass(frozen=True, kw_only=True)
class Vote:
    """One person's."""

    person: str
    vote: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Approval:
    """One approval as it stands."""

    id: str
    plan: Plan
    digest: str  # of the plan as it was written down
    requested_by: str
    role: Role | None
    status: Status
    created_at: datetime
    operation_id: str
    asked_at: datetime | None = None
    expires_at: datetime | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    why: str | None = None
    replaces: str | None = None
    again_of: str | None = None
    reminded: int = 0
    stand_ins_told_at: datetime | None = None
    votes: tuple[Vote, ...] = ()

    @property
    def kind(self) -> str:
        """The operation that it is about."""
        return self.plan.kind


_NAMES = ("id", "digest", "requested_by", "created_at", "operation_id", "asked_at", "expires_at", "decided_by", "decided_at", "why")
_MORE = ("replaces", "again_of", "reminded", "stand_ins_told_at")


def draft(  # noqa: PLR0913 # the facts of an asking, all named
    engine: Engine,
    plan: Plan,
    person: Person,
    settings: Settings,
    *,
    id: str,  # noqa: A002 # the contract's name
    replaces: str | None = None,
    again_of: str | None = None,
) -> Approval:
    """Write a plan down, with who would have to sign it; the same id is the same asking."""
    role = signature(plan.kind, person, settings.approvals)
    now = datetime.now(UTC)
    with Session(engine) as session, session.begin():
        if session.get(ApprovalRow, id) is None:
            facts = {"kind": plan.kind, "environment": plan.environment, "bound": dict(plan.bound), "shown": dict(plan.shown)}
            who = {"requested_by": person.id, "role": role, "replaces": replaces, "again_of": again_of, "operation_id": id}
            session.add(
                ApprovalRow(id=id, digest=plan.digest, status=Status.DRAFT, created_at=now, changed_at=now, reminded=0, **facts, **who)
            )
    return get(engine, id)


def ask(engine: Engine, id: str, settings: Settings) -> Approval:  # noqa: A002 # the contract's name
    """Ask for the signature: from now on it is pending, until it expires."""
    now = datetime.now(UTC)
    with Session(engine) as session, session.begin():
        row = locked(session, id)
        if row.status == Status.DRAFT:
            row.status, row.asked_at, row.changed_at = Status.PENDING, now, now
            row.expires_at = now + timedelta(minutes=settings.approvals.expiry_minutes)
            activity.append(session, who=row.requested_by, text=f"Sign-off asked: {told(row)}", outcome="pending", operation_id=id)
    return get(engine, id)


def get(engine: Engine, id: str) -> Approval:  # noqa: A002 # the contract's name
    """One approval.

    Raises:
        Refused: there is none.
    """
    found = _all(engine, select(ApprovalRow).where(ApprovalRow.id == id))
    if not found:
        raise Refused("There is no such request for a signature.", "It was asked for on another Backstop. Ask again.")
    return found[0]


def of_operation(engine: Engine, operation_id: str) -> Approval | None:
    """The approval by which an operation began."""
    found = _all(engine, select(ApprovalRow).where(ApprovalRow.operation_id == operation_id))
    return found[0] if found else None


def pending(engine: Engine) -> list[Approval]:
    """Those that wait, the oldest first."""
    return _all(engine, select(ApprovalRow).where(ApprovalRow.status == Status.PENDING).order_by(ApprovalRow.created_at))


def recent(engine: Engine, limit: int) -> list[Approval]:
    """The newest ones that were asked for, newest first."""
    return _all(engine, select(ApprovalRow).where(ApprovalRow.asked_at.is_not(None)).order_by(ApprovalRow.created_at.desc()).limit(limit))


def of_plan(engine: Engine, plan: Plan) -> list[Approval]:
    """Those that were asked for with what this plan binds and wait still, or expired; the newest first."""
    open_ones = ApprovalRow.status.in_((Status.PENDING, Status.EXPIRED))
    named = and_(open_ones, ApprovalRow.kind == plan.kind, ApprovalRow.environment == plan.environment)
    found = _all(engine, select(ApprovalRow).where(named).order_by(ApprovalRow.created_at.desc()))
    return [each for each in found if each.plan.bound == plan.bound and each.replaces is None]


def moving(engine: Engine, since: datetime) -> list[Approval]:
    """Those that wait, the oldest first, and those that were asked for whose row changed since then."""
    changed = and_(ApprovalRow.asked_at.is_not(None), ApprovalRow.changed_at >= since)
    return _all(engine, select(ApprovalRow).where(or_(ApprovalRow.status == Status.PENDING, changed)).order_by(ApprovalRow.created_at))


def locked(session: Session, approval_id: str) -> ApprovalRow:
    """The row, locked for this transaction.

    Raises:
        Refused: there is none.
    """
    row = session.get(ApprovalRow, approval_id, with_for_update=True)
    if row is None:
        raise Refused("There is no such request for a signature.", "It was asked for on another Backstop. Ask again.")
    return row


def plan_of(row: ApprovalRow) -> Plan:
    """The plan that a row holds."""
    return Plan(kind=row.kind, environment=row.environment, bound=row.bound, shown=row.shown)


def told(row: ApprovalRow) -> str:
    """What it is about, for the log."""
    about = row.bound.get("backup") if row.kind != "deploy" else str(row.bound["commit"])[:6]
    return f"{row.kind} to {about} on {row.bound['target']} (plan {row.digest[:8]})"


def _all(engine: Engine, query: Select[ApprovalRow]) -> list[Approval]:
    """The approvals that a query finds, each with its votes."""
    with reading(engine) as session:
        rows = session.scalars(query).all()
        if not rows:
            return []
        votes = session.scalars(select(VoteRow).where(VoteRow.approval_id.in_([row.id for row in rows])).order_by(VoteRow.at)).all()
        return [_approval(row, _votes(votes, row.id)) for row in rows]


def _votes(rows: Sequence[VoteRow], approval_id: str) -> tuple[Vote, ...]:
    """The votes of one approval."""
    return tuple(Vote(person=row.person, vote=row.vote, at=row.at) for row in rows if row.approval_id == approval_id)


def _approval(row: ApprovalRow, votes: tuple[Vote, ...]) -> Approval:
    """One approval, from its row."""
    facts: Mapping[str, object] = {name: getattr(row, name) for name in (*_NAMES, *_MORE)}
    role = Role(row.role) if row.role else None
    return Approval(plan=plan_of(row), role=role, status=Status(row.status), votes=votes, **facts)  # type: ignore[arg-type] # the row's own columns
