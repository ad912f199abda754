"""How long an operation usually takes: its steps, without the hours in which a halted one waited for people."""

from __future__ import annotations

from statistics import median

from sqlalchemy import select

from ops.database import OperationRow, StepRow, reading
from ops.journal import Journal, Status
from ops.recoveries import spans

LATELY = 20  # operations of a kind that a usual duration is taken from


def usual_seconds(journal: Journal, kind: str) -> float | None:
    """How long the steps of an operation of this kind took lately, in the middle; None while none has succeeded."""
    row, step = OperationRow, StepRow
    good = select(row.id).where(row.kind == kind, row.status == Status.SUCCEEDED, row.finished_at.is_not(None))
    with reading(journal.engine) as session:
        ids = session.scalars(good.order_by(row.created_at.desc()).limit(LATELY)).all()
        steps = session.execute(
            select(step.operation_id, step.name, step.started_at, step.finished_at).where(step.operation_id.in_(ids))
        ).all()
    took = [spans(each for each in steps if each.operation_id == name) for name in ids]
    found = [sum(seconds for _, seconds in each) for each in took if each]
    return median(found) if found else None
