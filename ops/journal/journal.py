"""The journal: starts operations, holds their locks, takes up what a dead process left, and says how each stands."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ops import activity
from ops.database import OperationRow
from ops.errors import Failed, Refused
from ops.journal import settling
from ops.journal.keeper import Keeper
from ops.journal.ledger import Ledger
from ops.journal.reading import Readings
from ops.journal.runners import Runner
from ops.journal.running import Running
from ops.journal.words import DECIDE, Busy, Interrupted, Kind, OperationView, Status
from ops.words import ago

log = logging.getLogger(__name__)

_TRIES = 50  # to enter an operation whose lock is freed and taken again each time we look
_POLL = 1.0  # seconds between two looks at an operation of another process
_PATIENCE = 15.0  # seconds for all that runs to end, when the process goes down


def _ignore(_id: str) -> None:
    """Nobody listens."""


def _nothing(_session: Session) -> None:
    """Nothing else belongs to it."""


class Journal(Readings):
    """All operations of one database. Use it from any thread."""

    def __init__(  # noqa: PLR0913 # what a journal is made of, all named
        self,
        engine: Engine,
        kinds: Sequence[Kind],
        *,
        adopts: bool = True,
        lease: float = 30.0,
        runners: Path | None = None,
        changed: Callable[[str], None] = _ignore,
    ) -> None:
        super().__init__(engine)
        self.kinds = {kind.name: kind for kind in kinds}
        self._changed = changed
        self._runner = Runner(runners if engine.dialect.name == "sqlite" else None)
        self._ledger = Ledger(engine, self._runner, lease)
        self._running = Running(self._ledger, self.kinds, self._tell)
        self._keeper = Keeper(self._ledger, self._running, adopts=adopts)

    def open(self) -> Journal:
        """Take up what a dead process left (unless this journal adopts nothing), and keep the leases of what runs here."""
        self._keeper.open()
        return self

    def stop(self) -> None:
        """From now on a step that raises is interrupted, not failed, and no new step begins."""
        self._ledger.stopping.set()
        self._running.interrupt()
        self._keeper.wake()

    def close(self) -> None:
        """Stop, and wait for the threads. While one hangs its operation is not given away: the end of this process does that."""
        self.stop()
        self._keeper.close(_PATIENCE)
        if self._running.close(_PATIENCE):
            self._runner.close()

    # -- asking ----------------------------------------------------------------------------------------------------------

    def start(  # noqa: PLR0913 # the facts of a start, all named
        self,
        kind: str,
        params: dict[str, Any],
        *,
        by: str,
        environment: str | None,
        id: str | None = None,  # noqa: A002 # the contract's name
        also: Callable[[Session], None] = _nothing,
        replaces: str | None = None,
    ) -> str:
        """Start an operation; the same id twice is the same operation.

        Args:
            kind: one that this journal knows.
            params: what it works from, as JSON.
            by: who asked.
            environment: what it holds, if anything.
            id: a new one if none is given.
            also: what belongs into the transaction in which it begins; what it raises keeps the operation from beginning.
            replaces: a halted operation that ends in that transaction, so that its lock passes to this one.

        Raises:
            Busy: another holds the environment; says what, who, since when, at which step.
            Refused: the operation to be replaced is not halted any more.
        """
        operation_id = id or uuid.uuid4().hex[:12]

        def beginning(session: Session) -> None:
            also(session)
            if replaces is not None:
                settling.take_over(session, replaces, by, session.get_one(OperationRow, operation_id))
            if begins := self.kinds[kind].begins:
                activity.append(session, who=by, text=begins(params), outcome="started", operation_id=operation_id)

        for _ in range(_TRIES):
            if self._running.start(self._row(operation_id, kind, params, by, environment), beginning):
                self._keeper.wake()
                self._tell(operation_id)
                return operation_id
            if self.get(operation_id):
                return operation_id
            if holder := self.holder(environment or ""):
                raise busy(kind, holder, datetime.now(UTC), cancellable=self._may_cancel(holder))
        raise Failed(f"The {kind} could not be started: its lock changed hands all the time.", "Try again in a moment.")

    def _row(self, operation_id: str, kind: str, params: dict[str, Any], by: str, environment: str | None) -> OperationRow:
        """The row of an operation that starts now."""
        at = datetime.now(UTC)
        who = {"requested_by": by, "environment": environment, "params": params}
        kept = {"status": Status.RUNNING, "created_at": at, "changed_at": at, "progress": {}, "result": {}}
        return OperationRow(id=operation_id, kind=kind, version=self.kinds[kind].version, **who, **kept)

    def cancel(self, id: str, *, by: str) -> None:  # noqa: A002 # the contract's name
        """Ask an operation to stop.

        Raises:
            Refused: it has ended, or it cannot be cancelled.
        """
        view = self._known(id)
        if view.status is Status.HALTED:
            raise Refused(f"That {view.kind} is halted: nothing runs that could be stopped.", DECIDE)
        if not self._of_cancellable_kind(view):
            raise Refused(f"A {view.kind} cannot be cancelled once it runs.", "Wait for its end: `/ops status`.")
        if view.status is Status.RUNNING and self._ledger.touched(id):
            raise Refused(
                f"This {view.kind} has begun to change production: half of it would be worse.", "Wait for its end: `/ops status`."
            )
        if view.status is not Status.RUNNING or not self._ledger.cancel(id, by):
            raise Refused("That operation has ended.", "`/ops status` shows what runs.")
        self._keeper.wake()
        self._tell(id)

    def _of_cancellable_kind(self, view: OperationView) -> bool:
        """Whether this journal knows its kind as one that can be cancelled."""
        return view.kind in self.kinds and self.kinds[view.kind].cancellable

    def _may_cancel(self, view: OperationView) -> bool:
        """Whether a cancel would be accepted at this moment."""
        return view.status is Status.RUNNING and self._of_cancellable_kind(view) and not self._ledger.touched(view.id)

    def wait(self, id: str, timeout: float | None = None) -> OperationView:  # noqa: A002 # the contract's name
        """Wait until an operation has ended or halted, the time is up, or this process goes down; return how it stands."""
        until = time.monotonic() + timeout if timeout is not None else float("inf")
        while (view := self._known(id)).status is Status.RUNNING and time.monotonic() < until:
            here = id in self._running.operations
            if self._ledger.stopping.is_set() and not here:
                break
            with self._running.ended:
                pause = min(_POLL if here else _POLL / 4, max(until - time.monotonic(), 0))
                self._running.ended.wait_for(lambda: here and id not in self._running.operations, pause)  # noqa: B023 # asked at once
        return view

    def _known(self, operation_id: str) -> OperationView:
        """One operation that there must be."""
        view = self.get(operation_id)
        if view is None:
            raise Refused("There is no such operation.", "`/ops status` shows what runs.")
        return view

    # -- deciding ---------------------------------------------------------------------------------------------------------

    def settle(self, id: str, step: str | None = None, *, done: Any = Interrupted.REDO, by: str) -> None:  # noqa: A002 # the contract's name
        """A person's word on a halted operation: the step is to run again, or is done with this result; without a step it just goes on.

        A journal that adopts runs it.

        Raises:
            Refused: it is not halted, or the step is not one to settle.
        """
        settling.settle(self.engine, self.kinds, id, step, done=done, by=by)
        self._keeper.wake()
        self._tell(id)

    def abandon(self, id: str, *, by: str) -> None:  # noqa: A002 # the contract's name
        """A person's word that a halted operation is over: it ends as failed, and its lock is free.

        Raises:
            Refused: it is not halted.
        """
        settling.abandon(self.engine, id, by=by)
        self._tell(id)

    def _tell(self, operation_id: str) -> None:
        """Say that an operation changed; a listener's defect is none of the operation's."""
        try:
            self._changed(operation_id)
        except Exception:
            log.exception("defect: a listener failed over operation %s", operation_id)


def busy(kind: str, holder: OperationView, now: datetime, *, cancellable: bool) -> Busy:
    """The refusal of a second operation: what runs, who asked, since when, at which step, and what can be done about it. Pure."""
    step = f", at “{holder.steps[-1].name}”" if holder.steps else ""
    halted = holder.status is Status.HALTED
    what = f"a {holder.kind} ({holder.id}) is {'halted' if halted else 'under way'} on {holder.environment}"
    said = f"Cannot start a {kind}: {what}, asked by {holder.requested_by} {ago(holder.created_at, now)}{step}."
    wait = f"Wait for its end (`/ops status` shows it){f', or cancel it: `/ops cancel {holder.id}`' if cancellable else ''}."
    return Busy(said, DECIDE if halted else wait, holder, cancellable=cancellable)
