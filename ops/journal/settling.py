"""A person's word on a halted operation: how it goes on, or that it is over. Each is a line of the activity log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, delete
from sqlalchemy.orm import Session

from ops import activity
from ops.database import LockRow, OperationRow, StepRow
from ops.errors import Refused
from ops.journal.words import LEFT, Interrupted, Kind, Status


def settle(engine: Engine, kinds: Mapping[str, Kind], operation_id: str, step: str | None, *, done: Any, by: str) -> None:  # noqa: PLR0913 # a decision's facts
    """Let it go on: with this step done, with this step to be repeated, or (no step) from where it halted.

    The person has looked, so it goes on as the present version's, whatever version began it.

    Raises:
        Refused: it is not halted, or has no such step to settle.
    """
    with Session(engine) as session, session.begin():
        row = _halted(session, operation_id)
        if step is not None:
            _settle_step(session, operation_id, step, done, by)
        row.version = kinds[row.kind].version if row.kind in kinds else row.version
        row.status, row.runner, row.lease_until = Status.RUNNING, None, 0.0
        row.error = row.remedy = None
        _log(session, row, by, _decision(step, done), "settled")


def abandon(engine: Engine, operation_id: str, *, by: str) -> None:
    """End it as failed, and free its lock.

    Raises:
        Refused: it is not halted.
    """
    with Session(engine) as session, session.begin():
        row = _halted(session, operation_id)
        _end(session, row, by, None)
        _log(session, row, by, "it is over, and the lock is free", Status.FAILED.value)


def take_over(session: Session, operation_id: str, by: str, successor: OperationRow) -> None:
    """End it in the caller's transaction, since another operation begins in its place; its lock is free for that one.

    What it had begun to change the successor begins with: that halts where it fails, as nothing is as before then either.

    Raises:
        Refused: it is not halted any more.
    """
    row = _halted(session, operation_id)
    named = f"{successor.kind} {successor.id}"
    successor.touched = row.touched
    _end(session, row, by, named)
    _log(session, row, by, f"it is over; {named} takes over", Status.FAILED.value)


def _end(session: Session, row: OperationRow, by: str, successor: str | None) -> None:
    """End it, and remember that a person did: what it had begun to change is as it was left, not as before."""
    row.status, row.finished_at = Status.FAILED, datetime.now(UTC)
    row.result = {**row.result, LEFT: {"by": by, "successor": successor}}
    session.execute(delete(LockRow).where(LockRow.operation_id == row.id))


def _halted(session: Session, operation_id: str) -> OperationRow:
    """The row of a halted operation, locked."""
    row = session.get(OperationRow, operation_id, with_for_update=True)
    if row is None or row.status != Status.HALTED:
        state = "has ended" if row is not None and row.finished_at else "is under way" if row is not None else "does not exist"
        raise Refused(f"Only a halted operation can be settled; this one {state}.", "`/ops status` shows what runs and what is halted.")
    row.changed_at = datetime.now(UTC)
    return row


def _settle_step(session: Session, operation_id: str, step: str, done: Any, by: str) -> None:
    """Mark the step where it halted."""
    row = session.get(StepRow, (operation_id, step))
    if row is None or row.state == "done":
        raise Refused(f"The step “{step}” {'is done already' if row else 'has not begun'}.", "Settle the step at which it halted.")
    row.error = None
    row.state, row.result = ("redo", None) if done is Interrupted.REDO else ("done", {"value": done, "settled_by": by})


def _decision(step: str | None, done: Any) -> str:
    """What was decided, in words."""
    if step is None:
        return "it goes on"
    return f"the step “{step}” {'is to be repeated' if done is Interrupted.REDO else 'is done'}"


def _log(session: Session, row: OperationRow, by: str, decision: str, outcome: str) -> None:
    """Write down who decided."""
    row.changed_at = datetime.now(UTC)
    session.flush()
    activity.append(session, who=by, text=f"{row.kind.capitalize()} settled: {decision}", outcome=outcome, operation_id=row.id)
