"""How long an operation usually takes."""

from __future__ import annotations

from statistics import median

from sqlalchemy import select

from ops.database import OperationRow, reading
from ops.journal import Journal, Status

LATELY = 20  # operations of a kind that a usual duration is taken from


def usual_seconds(journal: Journal, kind: str) -> float | None:
    """How long an operation of this kind took lately, in the middle; None while none has succeeded."""
    row = OperationRow
    good = select(row.created_at, row.finished_at).where(row.kind == kind, row.status == Status.SUCCEEDED, row.finished_at.is_not(None))
    with reading(journal.engine) as session:
        found = session.execute(good.order_by(row.created_at.desc()).limit(LATELY)).all()
    spans = [(ended - began).total_seconds() for began, ended in found if ended is not None]
    return median(spans) if spans else None
