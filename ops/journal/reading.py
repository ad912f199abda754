"""Operations as they stand, read from their rows without waiting for whoever writes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Select, select
from sqlalchemy.orm import Session

from ops.database import LockRow, OperationRow, StepRow, reading
from ops.journal.words import OperationView, Status, StepView

_OPEN = (Status.RUNNING, Status.HALTED)


class Readings:
    """What can be asked about the operations of a database."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def get(self, id: str) -> OperationView | None:  # noqa: A002 # the contract's name
        """One operation."""
        found = self._views(select(OperationRow).where(OperationRow.id == id))
        return found[0] if found else None

    def running(self) -> list[OperationView]:
        """What runs or is halted."""
        return self._views(select(OperationRow).where(OperationRow.status.in_(_OPEN)).order_by(OperationRow.created_at))

    def recent(self, limit: int = 50, before: datetime | None = None, kinds: Sequence[str] | None = None) -> list[OperationView]:
        """The last ones, newest first."""
        found = select(OperationRow.id).order_by(OperationRow.created_at.desc()).limit(limit)
        found = found.where(OperationRow.created_at < before) if before else found
        found = found.where(OperationRow.kind.in_(kinds)) if kinds else found
        return self._views(
            select(OperationRow).where(OperationRow.id.in_(found.scalar_subquery())).order_by(OperationRow.created_at.desc())
        )

    def step_result(self, id: str, name: str) -> Any:  # noqa: A002 # the contract's name
        """What a step that is done gave; None where it is not."""
        with reading(self.engine) as session:
            row = session.get(StepRow, (id, name))
            return row.result["value"] if row is not None and row.state == "done" and row.result else None

    def settled_by(self, id: str, name: str) -> str:  # noqa: A002 # the contract's name
        """Who took a step as done; "" where nobody had to."""
        with reading(self.engine) as session:
            row = session.get(StepRow, (id, name))
            return str(row.result.get("settled_by") or "") if row is not None and row.state == "done" and row.result else ""

    def holder(self, environment: str) -> OperationView | None:
        """The operation that holds an environment."""
        found = self._views(select(OperationRow).join(LockRow).where(LockRow.environment == environment))
        return found[0] if found else None

    def changed_since(self, at: datetime) -> list[str]:
        """Operations whose row changed since then."""
        with reading(self.engine) as session:
            return list(session.scalars(select(OperationRow.id).where(OperationRow.changed_at >= at)))

    def _views(self, query: Select[OperationRow]) -> list[OperationView]:
        """The operations that a query finds, with their steps, as they were at one moment."""
        with reading(self.engine) as session:
            rows = session.scalars(query).all()
            if not rows:
                return []
            steps = session.scalars(
                select(StepRow).where(StepRow.operation_id.in_([row.id for row in rows])).order_by(StepRow.position)
            ).all()
            of: dict[str, list[StepRow]] = defaultdict(list)
            for step in steps:
                of[step.operation_id].append(step)
            return [_view(row, of[row.id]) for row in rows]


def view_of(session: Session, row: OperationRow) -> OperationView:
    """One operation with its steps, within a transaction."""
    return _view(row, session.scalars(select(StepRow).where(StepRow.operation_id == row.id).order_by(StepRow.position)).all())


def _view(row: OperationRow, steps: Sequence[StepRow]) -> OperationView:
    """One operation."""
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
        cancelled_by=row.cancelled_by,
        progress=row.progress,
        result=row.result,
        halted_at=row.changed_at if row.status == Status.HALTED else None,  # nothing writes to it before a person settles it
    )


def _step(row: StepRow) -> StepView:
    """One step."""
    return StepView(name=row.name, state=row.state, started_at=row.started_at, finished_at=row.finished_at, error=row.error)
