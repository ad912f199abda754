"""The SQLite file that holds everything of one deployment: committed at once, gone with nothing but its folder."""

from __future__ import annotations

import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

_TABLES = """
CREATE TABLE IF NOT EXISTS tables (key INTEGER PRIMARY KEY, component TEXT, name TEXT, number INTEGER, UNIQUE (component, name));
CREATE INDEX IF NOT EXISTS numbers ON tables (number);
CREATE TABLE IF NOT EXISTS rows (key INTEGER, id TEXT, line BLOB, PRIMARY KEY (key, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS files (id TEXT PRIMARY KEY, line BLOB, content BLOB);
CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, value BLOB);
"""


class Snapshot(NamedTuple):
    """What the deployment held at one moment."""

    connection: sqlite3.Connection
    version: int


class Database:
    """One connection that writes, guarded by a lock; one more for each consistent look at everything."""

    def __init__(self, path: Path, changed: Callable[[], None]) -> None:
        self._path, self._changed = path, changed
        self._lock = threading.RLock()
        self.version = 0
        self.connection = self._connect()
        self.connection.executescript(_TABLES)
        weakref.finalize(self, self.connection.close)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything inside happens or nothing does; then whoever listens is told. One inside another is one."""
        with self._lock:
            if self.connection.in_transaction:
                yield self.connection
                return
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
            except BaseException:
                self.connection.execute("ROLLBACK")
                raise
            self.connection.execute("COMMIT")
            self.version += 1
        self._changed()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The latest state, for a short look."""
        with self._lock:
            yield self.connection

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """Everything as it is at this moment, whatever is written meanwhile."""
        with closing(self._connect()) as connection:
            with self._lock:
                connection.execute("BEGIN")
                connection.execute("SELECT count(*) FROM tables").fetchone()  # a read is what fixes the moment
                version = self.version
            yield Snapshot(connection, version)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -8000;")
        return connection
