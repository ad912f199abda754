"""Every write of the journal: one transaction each, fenced by the epoch, and tried again while the database is away.

What a step did must not be lost because the database was restarted in the meantime; so whoever has something to write
down waits, until it is written, the process goes down, or another process has taken the operation over.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TypeVar

from sqlalchemy import Engine, exc, select, update
from sqlalchemy.orm import Session

from ops.database import LockRow, OperationRow, db_now, now, reading
from ops.journal.runners import Runner
from ops.journal.words import LostLease, Status, Stopping

log = logging.getLogger(__name__)
Result = TypeVar("Result")

_LONGEST_PAUSE = 5.0  # seconds between two tries


class Ledger:
    """The rows of all operations, as one process may change them."""

    def __init__(self, engine: Engine, runner: Runner, lease: float) -> None:
        self.engine, self.runner, self.lease = engine, runner, lease
        self.stopping = threading.Event()

    def write(self, operation_id: str, epoch: int, change: Callable[[Session], Result]) -> Result:
        """Change an operation's rows; the change may be made twice if the database went away while it was committed.

        Raises:
            LostLease: another process has the operation now.
            Stopping: the process goes down, and the database did not come back.
        """
        pause = 0.1
        while True:
            try:
                with self.fenced(operation_id, epoch) as session:
                    return change(session)
            except (exc.DBAPIError, exc.TimeoutError) as error:
                if not is_away(error):
                    raise
                log.warning("operation %s waits for the database: %s", operation_id, getattr(error, "orig", error))
            if self.stopping.wait(pause):
                raise Stopping
            pause = min(pause * 2, _LONGEST_PAUSE)

    def attempt(self, operation_id: str, epoch: int, change: Callable[[Session], None]) -> bool:
        """As ``write``, but once: what can wait need not hold anybody up."""
        try:
            with self.fenced(operation_id, epoch) as session:
                change(session)
        except (exc.DBAPIError, exc.TimeoutError) as error:
            if not is_away(error):
                raise
            return False
        return True

    @contextmanager
    def fenced(self, operation_id: str, epoch: int) -> Iterator[Session]:
        """A transaction that only the operation's present runner can commit, and only while it runs."""
        with Session(self.engine) as session, session.begin():
            mine = select(OperationRow.epoch, OperationRow.status).where(OperationRow.id == operation_id).with_for_update()
            if session.execute(mine).one() != (epoch, Status.RUNNING):
                raise LostLease
            yield session
            session.execute(update(OperationRow).where(OperationRow.id == operation_id).values(changed_at=datetime.now(UTC)))

    def enter(self, row: OperationRow, also: Callable[[Session], None]) -> bool:
        """Write down a new operation and its lock, and what else belongs to that; False when the id is known or the lock is held."""
        try:
            with Session(self.engine, expire_on_commit=False) as session, session.begin():
                session.add(row)
                session.flush()
                also(session)
                if row.environment is not None:
                    session.add(LockRow(environment=row.environment, operation_id=row.id))
                    session.flush()  # may wait here for the holder's last transaction
                row.created_at = row.changed_at = datetime.now(UTC)
                row.lease_until, row.epoch, row.runner = now(session) + self.lease, 1, self.runner.name
        except exc.IntegrityError:
            return False
        return True

    def unfinished(self, but: Collection[str]) -> list[OperationRow]:
        """Operations whose status says that they run, but for these."""
        with reading(self.engine) as session:
            rows = session.scalars(select(OperationRow).where(OperationRow.status == Status.RUNNING, OperationRow.id.not_in(but))).all()
            session.expunge_all()
            return list(rows)

    def take(self, row: OperationRow, *, free: bool) -> bool:
        """Take an operation over: one that is surely nobody's, or, where nothing can prove that, one whose lease is over."""
        if not free and self.runner.proves:
            return False  # it may be frozen, but it lives: adopted now, its effect would be under way twice when it thaws
        theirs = update(OperationRow).where(
            OperationRow.id == row.id, OperationRow.epoch == row.epoch, OperationRow.status == Status.RUNNING
        )
        over = theirs if free else theirs.where(OperationRow.lease_until < db_now())
        values = {"runner": self.runner.name, "lease_until": db_now() + self.lease, "epoch": row.epoch + 1}
        with Session(self.engine) as session, session.begin():
            taken = session.scalar(over.values(values).returning(OperationRow.epoch))
        row.epoch = taken or row.epoch
        return taken is not None

    def renew(self, ids: Collection[str]) -> None:
        """Keep the leases of what runs here."""
        mine = update(OperationRow).where(OperationRow.id.in_(ids), OperationRow.runner == self.runner.name)
        with Session(self.engine) as session, session.begin():
            session.execute(mine.values(lease_until=db_now() + self.lease))

    def standing(self, ids: Collection[str]) -> dict[str, tuple[int, str | None]]:
        """The epoch of each of these operations, and who cancelled it."""
        query = select(OperationRow.id, OperationRow.epoch, OperationRow.cancelled_by).where(OperationRow.id.in_(ids))
        with reading(self.engine) as session:
            return {row.id: (row.epoch, row.cancelled_by) for row in session.execute(query)}

    def cancel(self, operation_id: str, by: str) -> bool:
        """Write down who cancelled, the first one only; False when it had ended."""
        running = update(OperationRow).where(
            OperationRow.id == operation_id, OperationRow.status == Status.RUNNING, OperationRow.touched.is_(False)
        )
        first = running.where(OperationRow.cancelled_by.is_(None)).values(cancelled_by=by, changed_at=datetime.now(UTC))
        with Session(self.engine) as session, session.begin():
            session.execute(first)
            return session.scalar(select(OperationRow.status).where(OperationRow.id == operation_id)) == Status.RUNNING

    def touched(self, operation_id: str) -> bool:
        """Whether an operation has begun to change production."""
        with reading(self.engine) as session:
            return bool(session.scalar(select(OperationRow.touched).where(OperationRow.id == operation_id)))

    def clock(self) -> float:
        """The database's clock."""
        with reading(self.engine) as session:
            return now(session)


def is_away(error: Exception) -> bool:
    """Whether an error says that the database cannot be had just now, and not that the statement is wrong."""
    return isinstance(error, exc.OperationalError | exc.InterfaceError | exc.TimeoutError) or getattr(
        error, "connection_invalidated", False
    )
