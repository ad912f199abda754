"""What people say while an operation runs: it waits for some of it, and its report has all of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ops.database import NoteRow, reading


@dataclass(frozen=True, kw_only=True)
class Note:
    """One of them."""

    id: str
    operation_id: str
    kind: str
    by: str
    at: datetime
    text: str


_NAMES = tuple(Note.__annotations__)


def write(engine: Engine, operation_id: str, kind: str, text: str, *, by: str, id: str) -> Note:  # noqa: A002, PLR0913 # the columns, all named
    """Write one down; what comes second under an id is told what was first."""
    try:
        with Session(engine) as session, session.begin():
            session.add(NoteRow(id=id, operation_id=operation_id, kind=kind, by=by, at=datetime.now(UTC), text=text))
    except IntegrityError:
        pass
    with reading(engine) as session:
        return _note(session.get_one(NoteRow, id))


def of(engine: Engine, operation_id: str, kind: str = "") -> list[Note]:
    """Those of an operation, the oldest first."""
    with reading(engine) as session:
        query = select(NoteRow).where(NoteRow.operation_id == operation_id).order_by(NoteRow.at, NoteRow.id)
        rows = session.scalars(query.where(NoteRow.kind == kind) if kind else query)
        return [_note(row) for row in rows]


def _note(row: NoteRow) -> Note:
    """A row as a note."""
    return Note(**{name: getattr(row, name) for name in _NAMES})
