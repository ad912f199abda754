"""The handle that a workflow works with: steps, each written down before its effect and after it."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ops.database import OperationRow, StepRow
from ops.errors import Failed, OpsError
from ops.journal.words import Cancelled, Halted, Interrupted, Stopping

if TYPE_CHECKING:
    from ops.journal.journal import Journal

log = logging.getLogger(__name__)
Result = TypeVar("Result")
Looking = Interrupted | Callable[[], Any]


class Operation:
    """One operation while it runs in this process."""

    def __init__(self, journal: Journal, row: OperationRow) -> None:
        self.journal = journal
        self.id, self.kind, self.params, self.environment = row.id, row.kind, dict(row.params), row.environment
        self.requested_by, self.created_at, self.epoch = row.requested_by, row.created_at, row.epoch
        self.stop = threading.Event()
        self._told = 0.0
        self._untold: dict[str, Any] = {}

    def step(  # noqa: PLR0913 # the facts of a step, all named
        self,
        name: str,
        effect: Callable[[], Result],
        *,
        if_interrupted: Looking = Interrupted.HALT,
        deadline: float | None = None,
        touches: bool = False,
        cancellable: bool = True,
    ) -> Result:
        """Run the effect once and remember its result, which is JSON.

        ``if_interrupted`` may look at the world: it returns the result when the effect did happen, None when it surely did not
        (the effect then runs), and raises Halted when it cannot tell.
        """
        known = self._begin(name, deadline, touches=touches, cancellable=cancellable)
        if known is not None and known.state == "done":
            return known.result["value"]  # type: ignore[index, no-any-return]
        result = self._perform(name, effect, if_interrupted if known is not None else None)
        self._end(name, "done", {"value": result}, None)
        return result

    def _begin(self, name: str, deadline: float | None, *, touches: bool, cancellable: bool) -> StepRow | None:
        """Write the step down as started; return it if it was there before."""
        if self.journal.stopping.is_set():
            raise Stopping
        with self.journal.fenced(self) as session:
            row = session.get(StepRow, (self.id, name))
            if row is None or row.state == "redo":
                self._check_cancelled(session, cancellable=cancellable)
                self._start(session, name, deadline, touches=touches)
                return None
            session.expunge(row)
            return row

    def _start(self, session: Session, name: str, deadline: float | None, *, touches: bool) -> None:
        """The row of a step that begins."""
        position = session.scalar(select(func.count()).where(StepRow.operation_id == self.id)) or 0
        until = self.journal.now(session) + deadline if deadline else None
        fresh = StepRow(operation_id=self.id, name=name, position=position, state="started", started_at=datetime.now(UTC), deadline=until)
        session.merge(fresh)
        if touches:
            session.get_one(OperationRow, self.id).touched = True

    def _perform(self, name: str, effect: Callable[[], Result], looking: Looking | None) -> Result:
        """Run the effect, or find out what became of the interrupted one."""
        try:
            found = self._look(name, looking) if looking is not None else None
            return effect() if found is None else found
        except (Halted, Cancelled):
            raise
        except Exception as error:
            raise self._failure(name, error) from error

    def _look(self, name: str, looking: Looking) -> Any:
        """What to do with an interrupted step: repeat it (None), take its result, or halt."""
        if looking is Interrupted.HALT:
            raise Halted(
                f"The step “{name}” was interrupted, and only a person can tell how far it got.", "Look at the target, then settle it."
            )
        return looking() if callable(looking) else None

    def _failure(self, name: str, error: Exception) -> BaseException:
        """What an exception in a step means; written down unless the process is going down."""
        if self.journal.stopping.is_set():
            return Stopping()
        if self._cancelled_by():
            self._end(name, "failed", None, "cancelled")
            return Cancelled(f"Cancelled by {self._cancelled_by()}.")
        told = error if isinstance(error, OpsError) else defect(self.id, error)
        self._end(name, "failed", None, told.message)
        return told

    def _end(self, name: str, state: str, result: dict[str, Any] | None, error: str | None) -> None:
        """Write down how the step ended, with what was still to be told."""
        with self.journal.fenced(self) as session:
            row = session.get_one(StepRow, (self.id, name))
            row.state, row.result, row.error, row.finished_at = state, result, error, datetime.now(UTC)
            self._tell(session)
        self.journal.changed(self.id)

    def _check_cancelled(self, session: Session, *, cancellable: bool) -> None:
        """End here if somebody cancelled."""
        by = session.scalar(select(OperationRow.cancelled_by).where(OperationRow.id == self.id))
        if by and cancellable:
            raise Cancelled(f"Cancelled by {by}.")

    def _cancelled_by(self) -> str | None:
        """Who cancelled, if somebody did."""
        with Session(self.journal.engine) as session:
            return session.scalar(select(OperationRow.cancelled_by).where(OperationRow.id == self.id))

    def progress(self, **facts: Any) -> None:
        """Say how far it is; written at most once a second, and with the step's end."""
        self._untold |= facts
        if time.monotonic() - self._told >= 1.0:
            with self.journal.fenced(self) as session:
                self._tell(session)
            self.journal.changed(self.id)

    def result(self, **facts: Any) -> None:
        """Say what the card and the terminal show at the end."""
        with self.journal.fenced(self) as session:
            row = session.get_one(OperationRow, self.id)
            row.result = {**row.result, **facts}

    def _tell(self, session: Session) -> None:
        """Write the progress that waits."""
        row = session.get_one(OperationRow, self.id)
        row.progress, self._untold, self._told = {**row.progress, **self._untold}, {}, time.monotonic()


def defect(operation_id: str, error: BaseException) -> OpsError:
    """An error of ours: the person gets a reference, the log the traceback under the same one."""
    reference = secrets.token_hex(4)
    log.error("operation %s: defect %s", operation_id, reference, exc_info=error)
    return Failed(f"A defect on our side (reference {reference}).", "The log has the details under that reference.")
