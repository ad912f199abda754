"""The activity log: who did what, when, with which outcome; a chain of hashes that shows any change."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ops.database import ActivityRow, HeadRow

GENESIS = "0" * 64


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the log."""

    seq: int
    at: datetime
    who: str
    text: str
    outcome: str
    operation_id: str | None
    backup_id: str | None
    previous_hash: str
    hash: str


def append(  # noqa: PLR0913 # the columns of a line, all named
    session: Session, *, who: str, text: str, outcome: str, operation_id: str | None = None, backup_id: str | None = None
) -> None:
    """Add a line in the caller's transaction; the head's row is locked, so lines have one order."""
    head = session.get_one(HeadRow, 1, with_for_update=True)
    values = {
        "seq": head.seq + 1,
        "at": datetime.now(UTC).isoformat(),
        "who": who,
        "text": text,
        "outcome": outcome,
        "operation_id": operation_id,
        "backup_id": backup_id,
        "previous_hash": head.hash,
    }
    row = ActivityRow(**values, hash=digest(values))
    head.seq, head.hash = row.seq, row.hash
    session.add(row)
    session.flush()


def digest(values: dict[str, object]) -> str:
    """The hash of a line: SHA-256 over its values in canonical JSON, the previous hash among them."""
    return hashlib.sha256(json.dumps(values, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def record(  # noqa: PLR0913 # as above
    engine: Engine, *, who: str, text: str, outcome: str, operation_id: str | None = None, backup_id: str | None = None
) -> None:
    """Add a line in a transaction of its own."""
    with Session(engine) as session, session.begin():
        append(session, who=who, text=text, outcome=outcome, operation_id=operation_id, backup_id=backup_id)


def lines(engine: Engine, limit: int, before_seq: int | None = None) -> list[Line]:
    """The last lines, newest first."""
    query = select(ActivityRow).order_by(ActivityRow.seq.desc()).limit(limit)
    query = query.where(ActivityRow.seq < before_seq) if before_seq else query
    with Session(engine) as session:
        return [_line(row) for row in session.scalars(query)]


def verify(engine: Engine) -> list[str]:
    """Walk the whole chain; a sentence for each line that is not what was written."""
    with Session(engine) as session:
        rows = [_line(row) for row in session.scalars(select(ActivityRow).order_by(ActivityRow.seq))]
        head = session.get(HeadRow, 1)
        return broken(rows, head.seq if head else 0, head.hash if head else GENESIS)


def broken(rows: list[Line], last: int, head: str) -> list[str]:
    """What is wrong with a chain that should end at this line and hash. Pure."""
    problems: list[str] = []
    previous = GENESIS
    for place, row in enumerate(rows, start=1):
        if row.seq != place:
            return [*problems, f"Line {place} is missing."]
        if row.previous_hash != previous or row.hash != digest(_values(row)):
            problems.append(f"Line {row.seq} was changed.")
        previous = row.hash
    if (len(rows), previous) != (last, head):
        problems.append(f"The log should end with line {last}; it ends with line {len(rows)}.")
    return problems


def _line(row: ActivityRow) -> Line:
    """A line from its row."""
    return Line(
        seq=row.seq,
        at=datetime.fromisoformat(row.at),
        who=row.who,
        text=row.text,
        outcome=row.outcome,
        operation_id=row.operation_id,
        backup_id=row.backup_id,
        previous_hash=row.previous_hash,
        hash=row.hash,
    )


def _values(line: Line) -> dict[str, object]:
    """What the hash of a line covers."""
    return {**{key: value for key, value in asdict(line).items() if key != "hash"}, "at": line.at.isoformat()}
