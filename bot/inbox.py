"""What people sent, durable before Slack hears "yes", handled once.

One thread writes. Whatever waits for it goes into one commit, so fifty at once share a few; the event loop never waits for
a lock of the database. A row carries no token, no trigger and no response address. While it is new, ``outcome`` names
the process that took it, so that another knows whether anybody is at work on it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, delete, select, update
from sqlalchemy.exc import SQLAlchemyError

from bot.requests import Request
from bot.upsert import insert_into
from ops.database import InboxRow
from ops.errors import Failed
from ops.journal.runners import Runner

log = logging.getLogger(__name__)

KEPT = timedelta(days=30)
POLITE = 0.25  # seconds that a deed lets acknowledgements go first
SURELY_LEFT = timedelta(minutes=2)  # where no file lock can prove a process dead (PostgreSQL), a row this old is nobody's


class NotStored(Failed):
    """The database did not take it."""


@dataclass(frozen=True)
class _Arrived:
    """A row to be kept, and whoever waits to hear whether it is new."""

    row: dict[str, Any]
    fresh: asyncio.Future[bool]


@dataclass(frozen=True)
class _Handled:
    """A row whose work is done."""

    key: str
    outcome: str


_Note = _Arrived | _Handled | None  # None: the end


class Inbox:
    """The table, and its one writer."""

    def __init__(self, engine: Engine, runner: Runner) -> None:
        self._engine = engine
        self._runner = runner
        self._notes: queue.SimpleQueue[_Note] = queue.SimpleQueue()
        self._awaited = 0  # acknowledgements that wait for a commit
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._writer = threading.Thread(target=self._write, name="inbox", daemon=True)

    def open(self) -> None:
        """Take notes from now on."""
        self._sweep()
        self._writer.start()

    def close(self) -> None:
        """Write what waits, and end."""
        self._notes.put(None)
        self._writer.join(5)

    async def store(self, request: Request) -> bool:
        """Keep what somebody asked for; False if it was kept before.

        Raises:
            NotStored: nothing was kept, and nothing will be done.
        """
        fresh: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._notes.put(_Arrived(_row(request, self._runner.name), fresh))
        self._awaited += 1
        self._quiet.clear()
        try:
            return await fresh
        finally:
            self._awaited -= 1
            if not self._awaited:
                self._quiet.set()

    async def quiet(self) -> None:
        """Wait, for a moment at most, until nobody waits to be acknowledged: that is due in seconds, and what follows it is not."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(POLITE):  # wait_for loses a cancel that comes with the waking (Python 3.11)
                await self._quiet.wait()

    def done(self, request: Request, outcome: str) -> None:
        """It was handled, whatever came of it."""
        self._notes.put(_Handled(request.key, outcome))

    def left(self) -> list[Request]:
        """Take over what a dead process kept and never handled, oldest first."""
        new = select(InboxRow.key, InboxRow.outcome, InboxRow.received_at, InboxRow.payload).where(InboxRow.state == "new")
        with self._engine.begin() as connection:
            rows = [row for row in connection.execute(new.order_by(InboxRow.received_at)) if row.outcome != self._runner.name]
            dead = self._runner.dead(row.outcome for row in rows)
            mine = [row for row in rows if row.outcome in dead or row.received_at < datetime.now(UTC) - SURELY_LEFT]
            return [Request.restored(row.payload) for row in mine if self._taken(connection, row.key, row.outcome)]

    def _taken(self, connection: Connection, key: str, before: str | None) -> bool:
        """Put our name where the dead one's was; False if another was faster."""
        theirs = update(InboxRow).where(InboxRow.key == key, InboxRow.state == "new", InboxRow.outcome == before)
        return connection.execute(theirs.values(outcome=self._runner.name)).rowcount == 1

    def _sweep(self) -> None:
        """Forget what was handled a month ago."""
        with self._engine.begin() as connection:
            connection.execute(delete(InboxRow).where(InboxRow.state == "done", InboxRow.received_at < datetime.now(UTC) - KEPT))

    def _write(self) -> None:
        """Take all that waits, commit it at once, tell who waits; again."""
        while True:
            notes = self._waiting()
            arrived = [note for note in notes if isinstance(note, _Arrived)]
            handled = [note for note in notes if isinstance(note, _Handled)]
            try:
                with self._engine.begin() as connection:
                    fresh = _keep(connection, arrived)
                    _mark(connection, handled)
            except SQLAlchemyError as error:
                log.exception("the inbox could not be written")
                _tell(arrived, error)
            else:
                _tell(arrived, fresh)
            if None in notes:
                return

    def _waiting(self) -> list[_Note]:
        """At least one note, and what came in the meantime."""
        notes = [self._notes.get()]
        while True:
            try:
                notes.append(self._notes.get_nowait())
            except queue.Empty:
                return notes


def _row(request: Request, runner: str) -> dict[str, Any]:
    """A request as its row."""
    who = {"kind": request.kind.value, "name": request.name, "person": request.person.id}
    return {"key": request.key, **who, "payload": request.stored(), "received_at": datetime.now(UTC), "state": "new", "outcome": runner}


def _keep(connection: Connection, arrived: Sequence[_Arrived]) -> set[str]:
    """Insert what is not there yet; the keys of those."""
    if not arrived:
        return set()
    statement = insert_into(connection, InboxRow).on_conflict_do_nothing().returning(InboxRow.key)
    return set(connection.execute(statement, [note.row for note in arrived]).scalars())


def _mark(connection: Connection, handled: Sequence[_Handled]) -> None:
    """Write down what is done."""
    for note in handled:
        done = update(InboxRow).where(InboxRow.key == note.key)
        connection.execute(done.values(state="done", outcome=note.outcome[:200], handled_at=datetime.now(UTC)))


def _tell(arrived: Sequence[_Arrived], outcome: set[str] | Exception) -> None:
    """Wake all who wait, in the order they came, with one call into each loop."""
    for loop in {note.fresh.get_loop() for note in arrived}:
        mine = [note for note in arrived if note.fresh.get_loop() is loop]
        try:
            loop.call_soon_threadsafe(_resolve, mine, outcome)
        except RuntimeError:
            log.info("the bot ended while %d rows were written; the next start handles them", len(mine))


def _resolve(arrived: Sequence[_Arrived], outcome: set[str] | Exception) -> None:
    """Say "new" to the first of each key, "known" to the others."""
    for note in arrived:
        if note.fresh.done():
            continue
        if isinstance(outcome, Exception):
            note.fresh.set_exception(
                NotStored("Backstop's database did not take this down, so nothing was started.", "Try again in a minute.")
            )
            continue
        note.fresh.set_result(note.row["key"] in outcome)
        outcome.discard(note.row["key"])
