"""What time does to an approval: it expires, its approvers are reminded, the stand-ins are told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ops import activity
from ops.approvals.policy import stand_ins_from
from ops.approvals.records import Approval, Status, locked, told
from ops.database import ApprovalRow
from ops.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Due:
    """Something that is to be said now; ``turn`` names one saying of it."""

    approval: Approval
    what: Literal["remind", "stand_ins"]
    turn: int


def due(approvals: Iterable[Approval], now: datetime, settings: Settings) -> list[Due]:
    """What is to be said of those that wait. What a stop of the bot missed is said once, not as often as it was missed. Pure."""
    found = []
    for each in approvals:
        if each.status is not Status.PENDING or each.asked_at is None or (each.expires_at and now >= each.expires_at):
            continue
        turn = sum(now >= each.asked_at + timedelta(minutes=minutes) for minutes in settings.approvals.remind_minutes)
        if turn > each.reminded:
            found.append(Due(approval=each, what="remind", turn=turn))
        at = stand_ins_from(each, settings)
        if at is not None and now >= at and each.stand_ins_told_at is None:
            found.append(Due(approval=each, what="stand_ins", turn=1))
    return found


def expire(engine: Engine, now: datetime | None = None) -> list[str]:
    """Let what nobody signed in time expire; the ids."""
    at = now or datetime.now(UTC)
    over = select(ApprovalRow.id).where(ApprovalRow.status == Status.PENDING, ApprovalRow.expires_at <= at)
    with Session(engine) as session:
        ids = list(session.scalars(over))
    return [each for each in ids if _expire(engine, each, at)]


def _expire(engine: Engine, approval_id: str, at: datetime) -> bool:
    """Let one expire, unless somebody decided in the meantime."""
    with Session(engine) as session, session.begin():
        row = locked(session, approval_id)
        if row.status != Status.PENDING:
            return False
        row.status, row.decided_at, row.changed_at = Status.EXPIRED, at, datetime.now(UTC)
        activity.append(session, who="time", text=f"Nobody signed in time: {told(row)}", outcome="expired", operation_id=approval_id)
        return True


def note_reminded(engine: Engine, approval_id: str, turn: int) -> None:
    """Remember how often the approvers were reminded."""
    with Session(engine) as session, session.begin():
        row = locked(session, approval_id)
        row.reminded = max(row.reminded, turn)


def note_stand_ins_told(engine: Engine, approval_id: str, at: datetime) -> None:
    """Remember when the stand-ins were told."""
    with Session(engine) as session, session.begin():
        row = locked(session, approval_id)
        row.stand_ins_told_at = row.stand_ins_told_at or at
        row.changed_at = datetime.now(UTC)
