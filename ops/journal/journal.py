"""The journal: starts operations, holds their locks, keeps their leases, and takes up what a dead process left."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ops import activity
from ops.database import LockRow, OperationRow, StepRow, db_now
from ops.errors import OpsError, Refused
from ops.journal.operation import Operation, defect
from ops.journal.reading import view_of, views
from ops.journal.runners import Runner
from ops.journal.words import Busy, Cancelled, Halted, Kind, LostLease, OperationView, Status, Stopping
from ops.words import ago

log = logging.getLogger(__name__)
OPEN = (Status.RUNNING, Status.HALTED)


def _ignore(_id: str) -> None:
    """Nobody listens."""


class Journal:
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
        self.engine, self.kinds, self.adopts, self.lease = engine, {kind.name: kind for kind in kinds}, adopts, lease
        self.changed = changed
        self.stopping = threading.Event()
        self._runner = Runner(runners if engine.dialect.name == "sqlite" else None)
        self._running: dict[str, Operation] = {}
        self._threads: set[threading.Thread] = set()
        self._woken = threading.Event()
        self._ended = threading.Condition()
        self._keeper = threading.Thread(target=self._keep, name="journal", daemon=True)

    def open(self) -> Journal:
        """Take up what a dead process left, and keep the leases of what runs here."""
        if self.adopts:
            self._adopt()
        self._keeper.start()
        return self

    def stop(self) -> None:
        """From now on a step that raises is interrupted, not failed, and no new step begins."""
        self.stopping.set()
        for operation in list(self._running.values()):
            operation.stop.set()
        self._woken.set()

    def close(self) -> None:
        """Stop, and wait for the threads."""
        self.stop()
        if self._keeper.is_alive():
            self._keeper.join()
        for thread in list(self._threads):
            thread.join(15)
        self._runner.close()

    # -- asking ----------------------------------------------------------------------------------------------------------

    def start(self, kind: str, params: dict[str, Any], *, by: str, environment: str | None, id: str | None = None) -> str:  # noqa: A002
        """Start an operation; the same id twice is the same operation.

        Raises:
            Busy: another holds the environment; says what, who, since when, at which step.
        """
        operation_id = id or uuid.uuid4().hex[:12]
        row = self._row(operation_id, kind, params, by, environment)
        while not self._enter(row()):
            if self.get(operation_id):
                return operation_id
            if holder := self.holder(environment or ""):
                raise busy(kind, holder, datetime.now(UTC))
        self._run_own(operation_id)
        self.changed(operation_id)
        return operation_id

    def _row(self, operation_id: str, kind: str, params: dict[str, Any], by: str, environment: str | None) -> Callable[[], OperationRow]:
        """Makes the row of an operation that starts now."""
        version = self.kinds[kind].version
        return lambda: OperationRow(
            id=operation_id,
            kind=kind,
            version=version,
            environment=environment,
            params=params,
            requested_by=by,
            status=Status.RUNNING,
            created_at=datetime.now(UTC),
            changed_at=datetime.now(UTC),
            progress={},
            result={},
            runner=self._runner.name,
        )

    def _enter(self, row: OperationRow) -> bool:
        """Write the operation and its lock; False when the id is known or the lock is held."""
        try:
            with Session(self.engine) as session, session.begin():
                session.add(row)
                session.flush()
                if row.environment is not None:
                    session.add(LockRow(environment=row.environment, operation_id=row.id))
                    session.flush()
                row.created_at = row.changed_at = datetime.now(UTC)
                row.lease_until, row.epoch = self.now(session) + self.lease, 1
        except IntegrityError:
            return False
        return True

    def cancel(self, id: str, *, by: str) -> None:  # noqa: A002 # the contract's name
        """Ask an operation to stop.

        Raises:
            Refused: it has ended, or it cannot be cancelled.
        """
        view = self.get(id)
        if view is None or view.status is not Status.RUNNING:
            raise Refused("That operation has ended." if view else "There is no such operation.", "`/ops status` shows what runs.")
        if not self.kinds[view.kind].cancellable:
            raise Refused(f"A {view.kind} cannot be cancelled once it runs.", "Wait for its end: `/ops status`.")
        with Session(self.engine) as session, session.begin():
            session.execute(
                update(OperationRow)
                .where(OperationRow.id == id, OperationRow.cancelled_by.is_(None))
                .values(cancelled_by=by, changed_at=datetime.now(UTC))
            )
        self._woken.set()
        if operation := self._running.get(id):
            operation.stop.set()
        self.changed(id)

    def get(self, id: str) -> OperationView | None:  # noqa: A002 # the contract's name
        """One operation."""
        with Session(self.engine) as session:
            row = session.get(OperationRow, id)
            return view_of(session, row) if row else None

    def running(self) -> list[OperationView]:
        """What runs or is halted."""
        return views(self.engine, select(OperationRow).where(OperationRow.status.in_(OPEN)).order_by(OperationRow.created_at))

    def recent(self, limit: int = 50, before: datetime | None = None, kinds: Sequence[str] | None = None) -> list[OperationView]:
        """The last ones, newest first."""
        query = select(OperationRow).order_by(OperationRow.created_at.desc()).limit(limit)
        query = query.where(OperationRow.created_at < before) if before else query
        return views(self.engine, query.where(OperationRow.kind.in_(kinds)) if kinds else query)

    def holder(self, environment: str) -> OperationView | None:
        """The operation that holds an environment."""
        found = views(self.engine, select(OperationRow).join(LockRow).where(LockRow.environment == environment))
        return found[0] if found else None

    def changed_since(self, at: datetime) -> list[str]:
        """Operations whose row changed since then."""
        with Session(self.engine) as session:
            return list(session.scalars(select(OperationRow.id).where(OperationRow.changed_at >= at)))

    def wait(self, id: str, timeout: float | None = None) -> OperationView:  # noqa: A002 # the contract's name
        """Wait until an operation has ended or halted, or the time is up; return how it stands."""
        with self._ended:
            self._ended.wait_for(lambda: self._over(id), timeout)
        view = self.get(id)
        if view is None:
            raise Refused("There is no such operation.", "`/ops status` shows what runs.")
        return view

    def _over(self, operation_id: str) -> bool:
        """Whether an operation no longer runs."""
        view = self.get(operation_id)
        return view is None or view.status is not Status.RUNNING

    def settle(self, id: str, step: str, *, done: Any = None, by: str) -> None:  # noqa: A002 # the contract's name
        """A person's word on a halted operation: the step is done with this result, or is to run again."""
        with Session(self.engine) as session, session.begin():
            row = session.get_one(StepRow, (id, step))
            row.state, row.result = ("redo", None) if done is None else ("done", {"value": done, "settled_by": by})
            values = {"status": Status.RUNNING, "lease_until": 0.0, "error": None, "remedy": None, "finished_at": None, "runner": None}
            session.execute(update(OperationRow).where(OperationRow.id == id, OperationRow.status == Status.HALTED).values(values))
        self._adopt()

    # -- running ---------------------------------------------------------------------------------------------------------

    def now(self, session: Session) -> float:
        """The database's clock."""
        return session.scalar(select(db_now())) or 0.0

    @contextmanager
    def fenced(self, operation: Operation) -> Iterator[Session]:
        """A transaction that only the operation's present runner can commit."""
        with Session(self.engine) as session, session.begin():
            epoch = session.scalar(select(OperationRow.epoch).where(OperationRow.id == operation.id).with_for_update())
            if epoch != operation.epoch:
                raise LostLease
            yield session
            session.execute(update(OperationRow).where(OperationRow.id == operation.id).values(changed_at=datetime.now(UTC)))

    def _run_own(self, operation_id: str) -> None:
        """Run what was just entered here."""
        with Session(self.engine) as session:
            row = session.get_one(OperationRow, operation_id)
            session.expunge(row)
        self._launch(row)

    def _launch(self, row: OperationRow) -> None:
        """Run an operation in a thread of its own."""
        operation = Operation(self, row)
        self._running[row.id] = operation
        thread = threading.Thread(target=self._run, args=(operation, row), name=f"operation-{row.id}", daemon=True)
        self._threads.add(thread)
        thread.start()
        self._woken.set()

    def _adopt(self) -> None:
        """Take over every unfinished operation that nobody runs."""
        dead = self._runner.dead([row.runner for row in self._unfinished()])
        for row in self._unfinished():
            if row.id not in self._running and self._take(row.id, row.epoch, row.runner in dead):
                self._run_own(row.id)

    def _unfinished(self) -> list[OperationRow]:
        """Operations whose status says that they run."""
        with Session(self.engine) as session:
            rows = session.scalars(select(OperationRow).where(OperationRow.status == Status.RUNNING)).all()
            session.expunge_all()
            return list(rows)

    def _take(self, operation_id: str, epoch: int, proven_dead: bool) -> bool:
        """Raise the epoch of an operation whose lease is over, or whose runner is proven dead."""
        query = update(OperationRow).where(
            OperationRow.id == operation_id, OperationRow.epoch == epoch, OperationRow.status == Status.RUNNING
        )
        query = query if proven_dead else query.where(OperationRow.lease_until < db_now())
        values = {"runner": self._runner.name, "lease_until": db_now() + self.lease, "epoch": epoch + 1}
        with Session(self.engine) as session, session.begin():
            return session.scalar(query.values(values).returning(OperationRow.id)) is not None

    def _keep(self) -> None:
        """Keep the leases of what runs here, see cancels of other processes, take up what others left."""
        while not self.stopping.is_set():
            self._woken.wait(1.0 if self._running else self.lease / 3)
            self._woken.clear()
            try:
                self._beat()
            except Exception:  # the heart must go on beating whatever the database says
                log.exception("the operations' heartbeat failed; trying again")

    def _beat(self) -> None:
        """One heartbeat."""
        ids = list(self._running)
        with Session(self.engine) as session, session.begin():
            for operation_id in ids:
                session.execute(
                    update(OperationRow)
                    .where(OperationRow.id == operation_id, OperationRow.runner == self._runner.name)
                    .values(lease_until=db_now() + self.lease)
                )
            cancelled = session.scalars(
                select(OperationRow.id).where(OperationRow.id.in_(ids), OperationRow.cancelled_by.is_not(None))
            ).all()
        for operation_id in cancelled:
            if operation := self._running.get(operation_id):
                operation.stop.set()
        if self.adopts and not self.stopping.is_set():
            self._adopt()

    def _run(self, operation: Operation, row: OperationRow) -> None:
        """Run an operation to its end, or as far as this process may."""
        try:
            self._conclude(operation, *self._perform(operation, row))
        except Stopping:
            with self.fenced(operation) as session:
                session.get_one(OperationRow, operation.id).lease_until = 0.0
                session.execute(
                    update(StepRow).where(StepRow.operation_id == operation.id, StepRow.state == "started").values(state="interrupted")
                )
        except LostLease:
            log.warning("operation %s was taken over by another process", operation.id)
        finally:
            self._running.pop(operation.id, None)
            self._threads.discard(threading.current_thread())
            with self._ended:
                self._ended.notify_all()
            self.changed(operation.id)

    def _perform(self, operation: Operation, row: OperationRow) -> tuple[Status, OpsError | None]:
        """Run the workflow; say how it ended."""
        kind = self.kinds.get(row.kind)
        if kind is None or kind.version != row.version:
            return Status.HALTED, Halted(
                f"This {row.kind} was begun by another version of Backstop.", "Look at the target, then settle it."
            )
        try:
            kind.workflow(operation)
        except OpsError as error:
            return self._judge(operation, error), error
        except Exception as error:  # noqa: BLE001 # a defect outside a step ends the operation, not the bot
            told = defect(operation.id, error)
            return self._judge(operation, told), told
        return Status.SUCCEEDED, None

    def _judge(self, operation: Operation, error: OpsError) -> Status:
        """Which outcome an error is."""
        if isinstance(error, Cancelled):
            return Status.CANCELLED
        with Session(self.engine) as session:
            touched = session.get_one(OperationRow, operation.id).touched
        if isinstance(error, Halted) or touched:
            return Status.HALTED
        return Status.REFUSED if isinstance(error, Refused) else Status.FAILED

    def _conclude(self, operation: Operation, status: Status, error: OpsError | None) -> None:
        """Write the end, free the lock and log it, all in one transaction."""
        with self.fenced(operation) as session:
            row = session.get_one(OperationRow, operation.id)
            row.status = status
            row.error, row.remedy = (error.message, error.remedy) if error else (None, None)
            row.finished_at = datetime.now(UTC)
            if status is not Status.HALTED:
                session.execute(delete(LockRow).where(LockRow.operation_id == operation.id))
            session.flush()
            self._log(session, row, status)

    def _log(self, session: Session, row: OperationRow, status: Status) -> None:
        """The activity line of an operation's end."""
        kind = self.kinds.get(row.kind)
        if kind and (text := kind.sentence(view_of(session, row))):
            activity.append(session, who=row.requested_by, text=text, outcome=status.value, operation_id=row.id)


def busy(kind: str, holder: OperationView, now: datetime) -> Busy:
    """The refusal of a second operation: what runs, who asked, since when, at which step. Pure."""
    step = f", at “{holder.steps[-1].name}”" if holder.steps else ""
    state = "is halted" if holder.status is Status.HALTED else "is under way"
    what = f"a {holder.kind} ({holder.id}) {state} on {holder.environment}"
    return Busy(
        f"Cannot start a {kind}: {what}, asked by {holder.requested_by} {ago(holder.created_at, now)}{step}.",
        "Wait for its end: `/ops status` shows it; a backup can be stopped by `/ops cancel`.",
        holder,
    )
