"""The handle that a workflow works with: steps, each written down before its effect and after it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ops.database import OperationRow, StepRow, now, storable
from ops.errors import Failed, OpsError, Unchanged
from ops.journal.ends import defect, replayed
from ops.journal.ledger import Ledger
from ops.journal.words import Cancelled, Halted, Interrupted, LostLease, Stopping

Result = TypeVar("Result")
Looking = Interrupted | Callable[[], Any]

_TOLD = 1.0  # seconds between two writes of progress
_LOOKS = 1.0  # seconds between two looks at what may still run elsewhere


@dataclass(frozen=True, kw_only=True)
class _Step:
    """What a workflow says of a step."""

    name: str
    looking: Looking
    deadline: float | None
    touches: bool
    cancellable: bool
    heeds: bool


class Operation:
    """One operation while it runs in this process.

    A step that failed raises again when the operation is taken up after a crash, as a plain Failed (or Cancelled): a workflow
    that catches a step's error catches OpsError.
    """

    def __init__(self, ledger: Ledger, row: OperationRow, changed: Callable[[str], None]) -> None:
        self.id, self.kind, self.params, self.environment = row.id, row.kind, dict(row.params), row.environment
        self.requested_by, self.created_at, self.epoch = row.requested_by, row.created_at, row.epoch
        self.stop = threading.Event()  # set: what a step has started should end
        self._ledger = ledger
        self._changed = partial(changed, self.id)
        self._named: set[str] = set()
        self._guard = threading.Lock()
        self._cancellable = True  # whether the present step is
        self._ending = False
        self._first_touch = ""  # the step before which production was as at the start
        self._facts = dict(row.progress)
        self._told = 0.0

    def step(  # noqa: PLR0913 # the facts of a step, all named
        self,
        name: str,
        effect: Callable[[], Result],
        *,
        if_interrupted: Looking = Interrupted.HALT,
        deadline: float | None = None,
        touches: bool = False,
        cancellable: bool = True,
        heeds: bool = False,
    ) -> Result:
        """Run the effect once and remember its result, which is JSON.

        Args:
            name: unique within the operation.
            effect: what is to be done.
            if_interrupted: may look at the world: it returns the result when the effect did happen, None when it surely did
                not (the effect then runs), and raises Halted when it cannot tell.
            deadline: seconds after which nothing that the effect started can still be at work. Where nobody can prove the
                former process dead, the step is not repeated before.
            touches: whether production may be half changed if it fails; one that raises Unchanged has proved that it is not.
            cancellable: whether it ends, or does not begin, when somebody cancels.
            heeds: whether one that cannot be cancelled does not begin, at least, once somebody has; what has begun goes on.
        """
        step = _Step(name=name, looking=if_interrupted, deadline=deadline, touches=touches, cancellable=cancellable, heeds=heeds)
        known = self._begin(step)
        if known is not None and known.state in {"done", "failed"}:
            return replayed(known)  # type: ignore[no-any-return] # the effect's own result, as JSON
        self._changed()
        result = self._perform(step, effect, known)
        self._write(lambda session: self._end(session, name, "done", {"value": result}))
        self._changed()
        return result

    def progress(self, **facts: Any) -> None:
        """Say how far it is, from any thread; written at most once a second, and with the step's end."""
        with self._guard:
            self._facts |= facts
            if time.monotonic() - self._told < _TOLD:
                return
            self._told = time.monotonic()
        try:
            if self._ledger.attempt(self.id, self.epoch, self._tell):
                self._changed()
        except LostLease:
            self.interrupt()  # the step ends, and finds out by itself

    def result(self, **facts: Any) -> None:
        """Say what the card and the terminal show at the end."""

        def add(session: Session) -> None:
            row = session.get_one(OperationRow, self.id)
            row.result = {**row.result, **facts}

        self._write(add)

    @property
    def touched(self) -> bool:
        """Whether production may be half changed already: what fails then halts, and a person may have the step repeated."""
        return self._ledger.touched(self.id)

    def cancel(self) -> None:
        """Somebody cancelled: end the present step, if it may be."""
        with self._guard:
            if self._cancellable:
                self.stop.set()

    def interrupt(self) -> None:
        """End the present step, whatever it is: this process goes down, or has lost the operation."""
        with self._guard:
            self._ending = True
            self.stop.set()

    # -- a step's beginning -----------------------------------------------------------------------------------------------

    def _begin(self, step: _Step) -> StepRow | None:
        """Write the step down as started; return it if it was there before."""
        if step.name in self._named:
            raise ValueError(f"the step “{step.name}” comes twice in {self.kind}")
        if self._ledger.stopping.is_set():
            raise Stopping
        self._named.add(step.name)
        started_here = False

        def begin(session: Session) -> StepRow | None:
            nonlocal started_here  # a second try must not take the first one's row for a dead process's
            row = session.get(StepRow, (self.id, step.name))
            if row is not None and row.state in {"done", "failed"}:
                session.expunge(row)
                return row
            fresh = row is None or row.state == "redo"
            if step.cancellable or (step.heeds and fresh):
                self._check_cancelled(session)
            if fresh or started_here:
                self._start(session, step)
                started_here = True
                return None
            session.expunge(row)
            return row

        known = self._write(begin)
        self._allow(cancellable=step.cancellable)
        return known

    def _allow(self, *, cancellable: bool) -> None:
        """Whether a cancel reaches the step that begins now."""
        with self._guard:
            self._cancellable = cancellable
            if not cancellable and not self._ending:
                self.stop.clear()

    def _check_cancelled(self, session: Session) -> None:
        """End here if somebody cancelled."""
        if by := self._cancelled_by(session):
            raise Cancelled(f"Cancelled by {by}.")

    def _cancelled_by(self, session: Session) -> str | None:
        """Who cancelled, if somebody did."""
        return session.scalar(select(OperationRow.cancelled_by).where(OperationRow.id == self.id))

    def _start(self, session: Session, step: _Step) -> None:
        """The row of a step that begins, or begins again."""
        others = select(func.count()).where(StepRow.operation_id == self.id, StepRow.name != step.name)
        fresh = {"state": "started", "result": None, "error": None, "started_at": datetime.now(UTC), "finished_at": None}
        until = now(session) + step.deadline if step.deadline else None
        session.merge(StepRow(operation_id=self.id, name=step.name, position=session.scalar(others) or 0, deadline=until, **fresh))
        row = session.get_one(OperationRow, self.id)
        with self._guard:  # what was told belongs to the step before
            self._facts, self._told = {}, 0.0
        row.progress = {}
        if step.touches and not row.touched:
            row.touched, self._first_touch = True, step.name

    # -- its effect -------------------------------------------------------------------------------------------------------

    def _perform(self, step: _Step, effect: Callable[[], Result], known: StepRow | None) -> Result:
        """Run the effect, or find out what became of the interrupted one. The result is as a replay would give it."""
        try:
            found = self._look(step, known) if known is not None else None
            if found is None:
                if known is not None:
                    self._write(lambda session: self._start(session, step))
                found = effect()
            return json.loads(json.dumps(found))  # type: ignore[no-any-return] # the effect's own result, as JSON
        except (Halted, Cancelled) as error:
            if self._ledger.stopping.is_set():  # it may only have been cut short: the next process looks again
                raise Stopping from error
            raise
        except Exception as error:
            raise self._failure(step, error) from error

    def _look(self, step: _Step, known: StepRow) -> Any:
        """What to do with an interrupted step: repeat it (None), take its result, or halt."""
        if step.looking is Interrupted.HALT:
            raise Halted(
                f"The step “{step.name}” was interrupted, and only a person can tell how far it got.",
                "Look how far it came: *Retry* does the step once more, *End it as it is* does nothing more.",
            )
        look = step.looking if callable(step.looking) else lambda: None
        while (found := look()) is None and self._may_still_run(known):
            if self.stop.wait(_LOOKS):
                raise Failed(f"Stopped while “{step.name}” might still have been under way elsewhere.")
        return found

    def _may_still_run(self, known: StepRow) -> bool:
        """Whether what a lost process had started could be at work on the target at this moment."""
        if self._ledger.runner.leaves_nothing or known.state != "started" or known.deadline is None:
            return False
        return self._ledger.clock() < known.deadline

    # -- its end ----------------------------------------------------------------------------------------------------------

    def _failure(self, step: _Step, error: Exception) -> BaseException:
        """What an exception in a step means; written down unless the process is going down."""
        if self._ledger.stopping.is_set():
            return Stopping()
        told = error if isinstance(error, OpsError) else defect(self.id, error)
        ended = self._write(lambda session: self._fail(session, step, told))
        self._changed()
        return ended

    def _fail(self, session: Session, step: _Step, told: OpsError) -> OpsError:
        """Write down why a step failed: as cancelled, if somebody had."""
        by = self._cancelled_by(session) if step.cancellable else None
        ended = Cancelled(f"Cancelled by {by}.") if by else told
        words = {"message": storable(ended.message), "remedy": storable(ended.remedy)}
        self._end(session, step.name, "failed", words, "cancelled" if by else words["message"])
        if isinstance(told, Unchanged) and self._first_touch == step.name:
            session.get_one(OperationRow, self.id).touched = False
        return ended

    def _end(self, session: Session, name: str, state: str, result: dict[str, Any], error: str | None = None) -> None:
        """Write down how the step ended, with what was still to be told."""
        row = session.get_one(StepRow, (self.id, name))
        row.state, row.result, row.error, row.finished_at = state, result, error, datetime.now(UTC)
        self._tell(session)

    def _tell(self, session: Session) -> None:
        """Write the progress."""
        with self._guard:
            facts = dict(self._facts)
        session.get_one(OperationRow, self.id).progress = facts

    def _write(self, change: Callable[[Session], Result]) -> Result:
        """Change this operation's rows."""
        return self._ledger.write(self.id, self.epoch, change)
