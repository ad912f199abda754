"""Whether anybody has written to the database: one short question in place of many, for loops that look every few seconds.

SQLite counts for each connection what others have committed; the one that is kept here writes nothing, so it sees them all,
other processes' too. PostgreSQL has no such count: there each look is taken.
"""

from __future__ import annotations

import sqlite3
import time
from threading import Lock

from sqlalchemy import Engine


class Writes:
    """A connection of its own. Safe from any thread."""

    def __init__(self, engine: Engine) -> None:
        self._lock = Lock()
        self._connection: sqlite3.Connection | None = None
        if engine.dialect.name == "sqlite":
            self._connection = sqlite3.connect(str(engine.url.database), timeout=0, isolation_level=None, check_same_thread=False)

    def count(self) -> int | None:
        """Another number after each commit; None where that is not known."""
        try:
            with self._lock:
                return self._connection.execute("PRAGMA data_version").fetchone()[0] if self._connection else None
        except sqlite3.Error:
            return None

    def close(self) -> None:
        """Nothing is known any more."""
        with self._lock:
            if self._connection:
                self._connection.close()


class Looks:
    """Those of one loop, which leaves one out where it would find what the last one found.

    Args:
        writes: of the database that is looked into.
        longest: seconds after which it is looked all the same, for what time alone makes due.
    """

    def __init__(self, writes: Writes, longest: float) -> None:
        self._writes, self._longest = writes, longest
        self._count: int | None = None
        self._taken = -longest

    def is_due(self) -> bool:
        """Whether to look now; what is written from here on is for the next one."""
        count, now = self._writes.count(), time.monotonic()
        if count is not None and count == self._count and now - self._taken < self._longest:
            return False
        self._count, self._taken = count, now
        return True
