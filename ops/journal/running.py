"""The operations that run in this process, each in a thread of its own: how one begins, is taken over, and ends."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from ops import activity
from ops.database import LockRow, OperationRow, StepRow, storable
from ops.errors import OpsError
from ops.journal.ends import defect, outcome
from ops.journal.ledger import Ledger
from ops.journal.operation import Operation
from ops.journal.reading import view_of
from ops.journal.words import Halted, Kind, LostLease, OperationView, Status, Stopping

log = logging.getLogger(__name__)


class Running:
    """What runs here."""

    def __init__(self, ledger: Ledger, kinds: Mapping[str, Kind], changed: Callable[[str], None]) -> None:
        self.ended = threading.Condition()  # told when an operation ends here
        self._ledger, self._kinds, self._changed = ledger, kinds, changed
        self._operations: dict[str, Operation] = {}
        self._threads: set[threading.Thread] = set()
        self._taking = threading.Lock()  # between an operation's row and its thread nobody else looks for what is nobody's

    @property
    def operations(self) -> dict[str, Operation]:
        """By id."""
        return dict(self._operations)

    def start(self, row: OperationRow, also: Callable[[Session], None]) -> bool:
        """Enter an operation and run it; False when the id is known or the lock is held."""
        with self._taking:
            entered = self._ledger.enter(row, also)
            if entered:
                self._launch(row)
        return entered

    def adopt(self) -> None:
        """Take over every unfinished operation that nobody runs; also one of our own whose thread has died."""
        with self._taking:
            rows = self._ledger.unfinished(but=self._operations.keys())
            dead = self._ledger.runner.dead(row.runner for row in rows)
            free = {None, self._ledger.runner.name, *dead}
            for row in rows:
                if self._ledger.take(row, free=row.runner in free):
                    self._launch(row)

    def look(self, operations: Mapping[str, Operation]) -> None:
        """See what became of our operations elsewhere: who cancelled, and which another process has."""
        standing = self._ledger.standing(operations.keys())
        for operation_id, operation in operations.items():
            epoch, cancelled_by = standing.get(operation_id, (0, None))
            if epoch != operation.epoch:
                operation.interrupt()
            elif cancelled_by:
                operation.cancel()

    def interrupt(self) -> None:
        """End what steps have started: this process goes down."""
        for operation in self.operations.values():
            operation.interrupt()

    def close(self, patience: float) -> bool:
        """Wait for the threads, so many seconds for all of them; whether all have ended."""
        until = time.monotonic() + patience
        for thread in list(self._threads):
            thread.join(max(0.0, until - time.monotonic()))
        return not self._threads

    def _launch(self, row: OperationRow) -> None:
        """Run an operation in a thread of its own."""
        operation = Operation(self._ledger, row, self._changed)
        thread = threading.Thread(target=self._run, args=(operation, row.version), name=f"operation-{row.id}", daemon=True)
        self._operations[row.id] = operation
        self._threads.add(thread)
        try:
            thread.start()
        except RuntimeError:  # the machine has no more threads: the next beat tries again
            log.exception("operation %s has to wait", row.id)
            self._threads.discard(thread)
            del self._operations[row.id]

    def _run(self, operation: Operation, version: int) -> None:
        """Run an operation to its end, or as far as this process may."""
        try:
            self._go(operation, version)
        except LostLease:
            log.warning("operation %s is no longer ours; nothing more was written", operation.id)
        except Exception:
            log.exception("the end of operation %s could not be written; whoever adopts it comes to the same end", operation.id)
        finally:
            self._operations.pop(operation.id, None)
            self._threads.discard(threading.current_thread())
            with self.ended:
                self.ended.notify_all()
            self._changed(operation.id)

    def _go(self, operation: Operation, version: int) -> None:
        """Run it and write down its end, or leave it to the next process."""
        try:
            error = self._perform(operation, version)
            self._ledger.write(operation.id, operation.epoch, lambda session: self._conclude(session, operation.id, error))
        except Stopping:
            if not self._ledger.attempt(operation.id, operation.epoch, lambda session: _leave(session, operation.id)):
                log.warning("operation %s was left without a word: the database is away", operation.id)

    def _perform(self, operation: Operation, version: int) -> OpsError | None:
        """Run the workflow; what went wrong, if anything."""
        kind = self._kinds.get(operation.kind)
        if kind is None or kind.version != version:
            why = f"This {operation.kind} was begun by another version of Backstop, and this one cannot go on with it."
            return Halted(why, "Start that version again, then *Retry* carries on; or look at what it changed, and end it as it is.")
        try:
            kind.workflow(operation)
        except OpsError as error:
            return self._unless_stopping(error)
        except Exception as error:  # noqa: BLE001 # a defect outside a step ends the operation, not the bot
            return self._unless_stopping(defect(operation.id, error))
        return None

    def _unless_stopping(self, error: OpsError) -> OpsError:
        """An error while the process goes down may be due to that; if not, the next process comes to it as well."""
        if self._ledger.stopping.is_set():
            raise Stopping from error
        return error

    def _conclude(self, session: Session, operation_id: str, error: OpsError | None) -> None:
        """Write the end, free the lock and log it, all in one transaction."""
        row = session.get_one(OperationRow, operation_id)
        begun = session.scalar(select(func.count()).where(StepRow.operation_id == operation_id))
        row.status = outcome(error, touched=row.touched, begun=bool(begun))
        row.error, row.remedy = (storable(error.message), storable(error.remedy)) if error else (None, None)
        if row.status != Status.HALTED:
            row.finished_at = datetime.now(UTC)
            session.execute(delete(LockRow).where(LockRow.operation_id == operation_id))
        session.flush()
        self._log(session, view_of(session, row))

    def _log(self, session: Session, view: OperationView) -> None:
        """The activity line of an operation's end."""
        if text := self._sentence(view):
            activity.append(session, who=view.requested_by, text=text, outcome=view.status.value, operation_id=view.id)

    def _sentence(self, view: OperationView) -> str | None:
        """What the kind says of it; a defect there must not keep an operation from ending."""
        plain = f"{view.kind.capitalize()} {view.status}"
        try:
            return self._kinds[view.kind].sentence(view) if view.kind in self._kinds else plain
        except Exception:
            log.exception("defect: operation %s has no sentence for the log", view.id)
            return plain


def _leave(session: Session, operation_id: str) -> None:
    """Give an operation up in good order: the next process goes on at once, and knows which step was cut short."""
    row = session.get_one(OperationRow, operation_id)
    row.runner, row.lease_until = None, 0.0
    started = update(StepRow).where(StepRow.operation_id == operation_id, StepRow.state == "started")
    session.execute(started.values(state="interrupted"))
