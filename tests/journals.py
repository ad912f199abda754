"""Journals for the tests: several of one database, as a bot, another bot and a terminal have them."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, event, func, select

from ops import activity
from ops.database import LockRow, OperationRow, StepRow, open_database, reading
from ops.errors import Failed
from ops.journal import Interrupted, Journal, Kind, Operation, OperationView

PATIENCE = 60.0  # seconds: longer than anything here takes on a slow machine

REDO = Interrupted.REDO

Workflow = Callable[[Operation], None]


def eventually(seen: Callable[[], object]) -> None:
    """Wait until something is so."""
    until = time.monotonic() + PATIENCE
    while not seen():
        assert time.monotonic() < until, "it never came to that"
        time.sleep(0.01)


class Bots:
    """Journals over one database, closed at the end."""

    def __init__(self, url: str, folder: Path) -> None:
        self.engine: Engine = open_database(url)
        self.folder = folder
        self.told: list[str] = []
        self._open: list[Journal] = []

    def kind(self, name: str, workflow: Workflow, **more: Any) -> Kind:
        """A kind that says its name and outcome in the log, and can be cancelled unless said otherwise."""
        facts = {"version": 1, "cancellable": True, "sentence": lambda view: f"{view.kind} {view.status}", **more}
        return Kind(name=name, workflow=workflow, **facts)

    def bot(self, *kinds: Kind, lease: float = 600.0, **more: Any) -> Journal:
        """A process's journal at work. With this lease nobody gets anything by waiting."""
        facts: dict[str, Any] = {"runners": self.folder / "runners", "changed": self.told.append, **more}
        journal = Journal(self.engine, kinds, lease=lease, **facts).open()
        self._open.append(journal)
        return journal

    def run(self, workflow: Workflow, **more: Any) -> OperationView:
        """Run a workflow in a bot of its own, to its end."""
        journal = self.bot(self.kind("work", workflow, **more))
        return journal.wait(journal.start("work", {}, by="alice", environment="production"), PATIENCE)

    def locks(self) -> dict[str, str]:
        """Which operation holds which environment."""
        with reading(self.engine) as session:
            return {row.environment: row.operation_id for row in session.scalars(select(LockRow))}

    def log(self) -> list[str]:
        """The activity log, oldest first; its chain holds."""
        assert activity.verify(self.engine) == []
        return [line.text for line in reversed(activity.lines(self.engine, 100))]

    def row(self, operation_id: str) -> OperationRow:
        """An operation's row."""
        with reading(self.engine) as session:
            row = session.get_one(OperationRow, operation_id)
            session.expunge(row)
            return row

    def step(self, operation_id: str, name: str) -> StepRow:
        """A step's row."""
        with reading(self.engine) as session:
            row = session.get_one(StepRow, (operation_id, name))
            session.expunge(row)
            return row

    def count(self) -> int:
        """How many operations there are."""
        with reading(self.engine) as session:
            return session.scalar(select(func.count()).select_from(OperationRow)) or 0

    def go_away(self, until: Callable[[], bool]) -> None:
        """Take the database away from everybody now, and bring it back once something is so."""
        back = self._lock_out() if self.engine.dialect.name == "sqlite" else self._shut()

        def bring_back() -> None:
            eventually(until)
            back()

        threading.Thread(target=bring_back).start()

    def _lock_out(self) -> Callable[[], None]:
        """Hold SQLite's one write lock, as a person's backup program might."""
        event.listen(self.engine, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout=50"))
        self.engine.dispose()
        other = sqlite3.connect(str(self.engine.url.database), isolation_level=None, check_same_thread=False)
        other.execute("PRAGMA busy_timeout=30000")
        other.execute("BEGIN IMMEDIATE")
        return other.close

    def _shut(self) -> Callable[[], None]:
        """Cut every connection of PostgreSQL's, as a restart does, and let nobody in."""
        name, folder = self.engine.url.database, self.engine.url.query["host"]

        def owner(statement: str) -> None:
            with psycopg.connect(host=str(folder), user="owner", dbname="postgres", autocommit=True) as connection:
                connection.execute(statement.encode())

        owner(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        owner(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")  # noqa: S608 # a name of our own
        return lambda: owner(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")

    def close(self) -> None:
        """End them all."""
        for journal in self._open:
            journal.close()
        self.engine.dispose()


@pytest.fixture
def bots(database: str, tmp_path: Path) -> Iterator[Bots]:
    """Journals over a fresh database of each kind."""
    made = Bots(database, tmp_path)
    yield made
    made.close()


def counting(ran: list[str], looking: Any = REDO, deadline: float | None = None) -> Workflow:
    """An operation of three steps that says which of them it ran."""

    def work(op: Operation) -> None:
        op.step("one", lambda: ran.append("one"), if_interrupted=REDO)
        op.step("two", lambda: ran.append("two"), if_interrupted=looking, deadline=deadline)
        op.step("three", lambda: ran.append("three"))

    return work


def nothing(op: Operation) -> None:
    """One step that does nothing."""
    op.step("look", lambda: None)


class Slow:
    """A workflow of three steps whose second lasts until it is stopped, or let go."""

    def __init__(self) -> None:
        self.inside, self.go = threading.Event(), threading.Event()
        self.ran: list[str] = []

    def __call__(self, op: Operation) -> None:
        op.step("one", lambda: self.ran.append("one"))
        op.step("two", lambda: self._last(op))
        op.step("three", lambda: self.ran.append("three"))

    def _last(self, op: Operation) -> None:
        self.inside.set()
        while not self.go.is_set():
            if op.stop.wait(0.01):
                raise Failed("The program was stopped.")
