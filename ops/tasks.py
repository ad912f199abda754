"""What a person must still do: it is asked for each day until somebody closes it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ops import activity
from ops.database import TaskRow, reading
from ops.errors import Refused

REVIEW = "break-glass review"
HANDED = "halted operation"
"""It was handed to somebody to decide about; over with the decision, whoever makes it."""
EVERY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Task:
    """One of them."""

    id: str
    kind: str
    text: str
    about: str | None  # an operation
    opened_by: str
    opened_at: datetime
    closed_by: str | None = None
    closed_at: datetime | None = None


_NAMES = tuple(Task.__annotations__)


def begin(session: Session, id: str, kind: str, text: str, *, by: str, about: str | None) -> None:  # noqa: A002, PLR0913 # the columns, all named
    """Open one in the caller's transaction; the same id is the same task."""
    if session.get(TaskRow, id) is None:
        session.add(TaskRow(id=id, kind=kind, text=text, about=about, opened_by=by, opened_at=datetime.now(UTC)))
        session.flush()


def close(engine: Engine, id: str, *, by: str, how: str) -> Task:  # noqa: A002 # the contract's name
    """Close one.

    Raises:
        Refused: it is closed or unknown, or it is to review what this very person did.
    """
    with Session(engine) as session, session.begin():
        row = session.get(TaskRow, id, with_for_update=True)
        if row is None or row.closed_at is not None:
            raise Refused("That task is closed already.", "Nothing is left to do.")
        if row.kind == REVIEW and row.opened_by == by:
            raise Refused("You broke the glass, so somebody else reviews it.", "Ask an Eng Lead or the CTO to close this.")
        row.closed_by, row.closed_at, row.how = by, datetime.now(UTC), how
        activity.append(session, who=by, text=f"{row.kind.capitalize()} closed: {how}", outcome="closed", operation_id=row.about)
        return Task(**{name: getattr(row, name) for name in _NAMES})


def open_ones(engine: Engine) -> list[Task]:
    """Those that are not closed, the oldest first."""
    with reading(engine) as session:
        rows = session.scalars(select(TaskRow).where(TaskRow.closed_at.is_(None)).order_by(TaskRow.opened_at))
        return [Task(**{name: getattr(row, name) for name in _NAMES}) for row in rows]


def closed_since(engine: Engine, at: datetime) -> list[Task]:
    """Those that were closed since then."""
    with reading(engine) as session:
        rows = session.scalars(select(TaskRow).where(TaskRow.closed_at >= at))
        return [Task(**{name: getattr(row, name) for name in _NAMES}) for row in rows]


def of(engine: Engine, about: str, kind: str) -> list[Task]:
    """Those of a kind about an operation, closed or not, the oldest first."""
    with reading(engine) as session:
        rows = session.scalars(select(TaskRow).where(TaskRow.about == about, TaskRow.kind == kind).order_by(TaskRow.opened_at))
        return [Task(**{name: getattr(row, name) for name in _NAMES}) for row in rows]


def overdue(tasks: Iterable[Task], now: datetime) -> list[tuple[Task, int]]:
    """What should be asked for again, each with how often: that number names one asking. Pure."""
    return [(each, turn) for each in tasks if (turn := (now - each.opened_at) // EVERY) > 0]
