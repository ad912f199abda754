"""Operations as they stand, read from their rows."""

from __future__ import annotations

from sqlalchemy import Engine, Select, select
from sqlalchemy.orm import Session

from ops.database import OperationRow, StepRow
from ops.journal.words import OperationView, Status, StepView


def views(engine: Engine, query: Select[OperationRow]) -> list[OperationView]:
    """The operations that a query finds."""
    with Session(engine) as session:
        return [view_of(session, row) for row in session.scalars(query)]


def view_of(session: Session, row: OperationRow) -> OperationView:
    """One operation with its steps."""
    steps = session.scalars(select(StepRow).where(StepRow.operation_id == row.id).order_by(StepRow.position))
    return OperationView(
        id=row.id,
        kind=row.kind,
        environment=row.environment,
        requested_by=row.requested_by,
        params=row.params,
        status=Status(row.status),
        error=row.error,
        remedy=row.remedy,
        created_at=row.created_at,
        finished_at=row.finished_at,
        steps=tuple(_step(step) for step in steps),
        progress=row.progress,
        result=row.result,
    )


def _step(row: StepRow) -> StepView:
    """One step."""
    return StepView(name=row.name, state=row.state, started_at=row.started_at, finished_at=row.finished_at, error=row.error)
