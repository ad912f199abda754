"""The activity log: who did what, when, with which outcome; a chain of hashes that shows any change."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import BigInteger, Engine, and_, cast, func, not_, select
from sqlalchemy.orm import Session

from ops.database import ActivityRow, HeadRow, OperationRow, reading, storable

GENESIS = "0" * 64
REFERENCE = "new reference"
"""The outcome of a line from which on the log counts: a person said why what was before it is not as it was written."""
COVERED = ("seq", "at", "who", "text", "outcome", "operation_id", "backup_id", "previous_hash")
"""What the hash of a line covers; a column that comes later is not among them, or no old line would verify."""
BELONGS = and_(ActivityRow.seq >= 1, ActivityRow.seq == cast(ActivityRow.seq, BigInteger))
"""Whether a line can have its number: the log begins with line 1, and SQLite keeps fractions and words in that column too."""
_OR_ANOTHER = "or the database was lost or restored from an older copy"


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the log."""

    seq: int
    at: datetime | None  # None where it was changed into what is no time
    who: str
    text: str
    outcome: str
    operation_id: str | None
    backup_id: str | None
    previous_hash: str
    hash: str


def hold(session: Session) -> None:
    """Let nobody else write a line until the caller's transaction is over: what is not in the log yet stays so until then."""
    session.get_one(HeadRow, 1, with_for_update=True)


def append(  # noqa: PLR0913 # the columns of a line, all named
    session: Session, *, who: str, text: str, outcome: str, operation_id: str | None = None, backup_id: str | None = None
) -> None:
    """Add a line in the caller's transaction; the head's row is locked, so lines have one order."""
    head = session.get_one(HeadRow, 1, with_for_update=True)
    row = ActivityRow(
        seq=head.seq + 1,
        at=datetime.now(UTC).isoformat(),
        who=who,
        text=storable(text),
        outcome=storable(outcome),
        operation_id=operation_id,
        backup_id=backup_id,
        previous_hash=head.hash,
    )
    row.hash = digest(_values(row))
    head.seq, head.hash = row.seq, row.hash
    session.add(row)
    session.flush()


def digest(values: dict[str, object]) -> str:
    """The hash of a line: SHA-256 over its values in canonical JSON, the previous hash among them."""
    # SQLite keeps bytes in a column of text, should somebody put them there: they are no reason not to look
    return hashlib.sha256(json.dumps(values, sort_keys=True, separators=(",", ":"), default=repr).encode()).hexdigest()


def record(  # noqa: PLR0913 # as above
    engine: Engine, *, who: str, text: str, outcome: str, operation_id: str | None = None, backup_id: str | None = None
) -> None:
    """Add a line in a transaction of its own."""
    with Session(engine) as session, session.begin():
        append(session, who=who, text=text, outcome=outcome, operation_id=operation_id, backup_id=backup_id)


def lines(engine: Engine, limit: int, before_seq: int | None = None) -> list[Line]:
    """The last lines, newest first."""
    query = select(ActivityRow).where(BELONGS).order_by(ActivityRow.seq.desc()).limit(limit)
    query = query.where(ActivityRow.seq < before_seq) if before_seq else query
    with reading(engine) as session:
        return [_line(row) for row in session.scalars(query)]


def about(engine: Engine, operation_id: str) -> list[Line]:
    """What is written of an operation, the oldest first."""
    with reading(engine) as session:
        rows = select(ActivityRow).where(ActivityRow.operation_id == operation_id, BELONGS).order_by(ActivityRow.seq)
        return [_line(row) for row in session.scalars(rows)]


def begun(engine: Engine, now: datetime) -> datetime | None:
    """When anything was first done here; None while nothing was.

    It is the time of the first line that can be read and does not lie ahead of now: a line that was changed keeps nothing from being
    due. Where no line has such a time, the operations say it.
    """
    with reading(engine) as session:
        query = select(ActivityRow.at).where(BELONGS).order_by(ActivityRow.seq).execution_options(yield_per=20)
        with session.scalars(query) as times:
            first = next((at for text in times if (at := time_of(text)) and at <= now), None)
        return first or session.scalar(select(func.min(OperationRow.created_at)).where(OperationRow.created_at <= now))


def time_of(text: object) -> datetime | None:
    """The time of a line as its row has it; None where that is none, as no line is written. Pure."""
    try:
        at = datetime.fromisoformat(text) if isinstance(text, str) else None
        return at.astimezone(UTC) if at and at.tzinfo else None
    except (ValueError, OverflowError):
        return None


def head(engine: Engine) -> tuple[int, str]:
    """The number and the hash of the last line: whoever wrote them down elsewhere can tell whether the log was cut."""
    with reading(engine) as session:
        return _head(session)


def reference(engine: Engine) -> Line | None:
    """The last line from which on the log counts; None where all of it does."""
    with reading(engine) as session:
        query = select(ActivityRow).where(ActivityRow.outcome == REFERENCE, BELONGS).order_by(ActivityRow.seq.desc()).limit(1)
        row = session.scalar(query)
        return _line(row) if row else None


def verify(engine: Engine, since: Line | None = None) -> list[str]:
    """Walk the whole chain, or from a line on; a sentence for each line that is not what was written."""
    begin = (since.seq - 1, since.previous_hash) if since else (0, GENESIS)
    with reading(engine) as session:
        rows = select(ActivityRow).where(ActivityRow.seq > begin[0], BELONGS).order_by(ActivityRow.seq)
        problems, end = _walk(session.scalars(rows.execution_options(yield_per=1000)), begin)
        return problems + _astray(end, _head(session)) + _strangers(session)


def against(engine: Engine, heads: Iterable[tuple[int, str]]) -> list[str]:
    """What heads that were written down elsewhere show: a log that was cut or written anew, or a database that is another one.

    Args:
        engine: the database.
        heads: numbers of lines, each with the beginning of its hash.
    """
    wanted = sorted(set(heads))
    with reading(engine) as session:
        rows = session.execute(select(ActivityRow.seq, ActivityRow.hash).where(ActivityRow.seq.in_({seq for seq, _ in wanted})))
        there = {row.seq: row.hash for row in rows}
    cut = [f"Line {seq} was posted and is not there: the log was cut, {_OR_ANOTHER}." for seq, _ in wanted if seq and seq not in there]
    other = [
        f"Line {seq} is not the one that was posted: the log was written anew, {_OR_ANOTHER}."
        for seq, digest in wanted
        if _differs(there.get(seq), digest)
    ]
    return [*cut[:1], *other[:1]]


def _differs(held: str | None, posted: str) -> bool:
    """Whether a line's hash is another than was posted. Pure."""
    return held is not None and not held.startswith(posted)


def _head(session: Session) -> tuple[int, str]:
    """The last line as the head's row has it."""
    row = session.get(HeadRow, 1)
    return (row.seq, row.hash) if row else (0, GENESIS)


def _walk(rows: Iterable[ActivityRow], begin: tuple[int, str]) -> tuple[list[str], tuple[int, str]]:
    """What is wrong with the lines after one, one by one, and where they end."""
    problems: list[str] = []
    place, previous = begin
    for row in rows:
        follows = row.seq == place + 1
        if not follows:
            problems.append(_missing(place + 1, row.seq - 1))
        if (follows and row.previous_hash != previous) or row.hash != digest(_values(row)):
            problems.append(f"Line {row.seq} was changed.")
        place, previous = row.seq, row.hash
    return problems, (place, previous)


def _missing(first: int, last: int) -> str:
    """What to say of lines that are not there. Pure."""
    return f"Line {first} is missing." if first == last else f"Lines {first} to {last} are missing."


def _strangers(session: Session) -> list[str]:
    """Lines that never were of the log, wherever it counts from: no loss of a database brings them about."""
    rows = session.scalars(select(ActivityRow.seq).where(not_(BELONGS)).order_by(ActivityRow.seq))
    return [
        f"Line {seq} does not belong there: the log begins with line 1, and somebody added this one. "
        "Keep a copy of it, and take it out of the table `activity`."
        for seq in rows
    ]


def _astray(end: tuple[int, str], head: tuple[int, str]) -> list[str]:
    """Whether the chain ends elsewhere than its head says. Pure."""
    if end == head:
        return []
    return [f"The log should end with line {head[0]}; it ends with line {end[0]}{'' if end[0] != head[0] else ', which was changed'}."]


def _line(row: ActivityRow) -> Line:
    """A line from its row; bytes in place of its words are shown as what they are."""
    return Line(
        seq=row.seq,
        at=time_of(row.at),
        who=str(row.who),
        text=str(row.text),
        outcome=str(row.outcome),
        operation_id=row.operation_id,
        backup_id=row.backup_id,
        previous_hash=row.previous_hash,
        hash=row.hash,
    )


def _values(row: ActivityRow) -> dict[str, object]:
    """What the hash of a line covers."""
    return {name: getattr(row, name) for name in COVERED}
