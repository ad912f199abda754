"""One Convex deployment: what its parts share."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from sandbox.convex import kept, tables
from sandbox.convex.database import Database
from sandbox.convex.faults import Faults
from sandbox.convex.feed import Feed
from sandbox.convex.keys import Keys, Permissions
from sandbox.convex.workers import Workers
from sandbox.now import Now

STEP = 0.02
"""Seconds between two states of an export or import: the demo takes longer, so that it can be watched."""


class Deployment:
    """Its name, keys and database, what goes wrong with it, and who listens."""

    def __init__(
        self, name: str, keys: Collection[str] | Mapping[str, Permissions], folder: Path, step: float = STEP, now: Now | None = None
    ) -> None:
        self.name, self.folder, self.step, self.now = name, folder, step, now or Now()
        self.url = ""  # known once it is served
        self.compression: int | None = None  # of exported archives: 0 to 9, or what zlib thinks best
        self.keys = Keys(name, keys)
        self.faults = Faults()
        self.feed = Feed()
        self.workers = Workers()
        self.requests: deque[dict[str, Any]] = deque(maxlen=5000)
        self.calls: deque[dict[str, Any]] = deque(maxlen=1000)  # of the app's functions, as the log tells them
        folder.mkdir(parents=True, exist_ok=True)
        self.database = Database(folder / "deployment.sqlite", self.feed.tell)

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables."""
        return dict(self.read("variables", {}))

    def linger(self, place: str) -> None:
        """Wait as long as the fault ``slow`` says, or until it is switched off."""
        start = time.monotonic()
        while time.monotonic() < start + self.faults.delay(place):
            self.workers.pause(0.02)

    @property
    def code(self) -> dict[str, Any]:
        """What was pushed last, as ``pushes`` keeps it; empty before."""
        return dict(self.read("code", {}))

    def called(self, function: str, error: str | None) -> None:
        """Note a call of a function of the app's."""
        entry = {"kind": "Completion", "identifier": function, "udfType": "Mutation", "logLines": [], "timestamp": self.now.seconds()}
        self.calls.append({**entry, "executionTime": 0.01, "error": error, "success": None if error else {"status": "success"}})
        self.feed.tell()

    def tables(self) -> dict[str, int]:
        """How many documents each table has; a component's tables have its path before their name."""
        with self.database.reading() as connection:
            return {table.path: tables.count(connection, table) for table in tables.listed(connection)}

    def read(self, name: str, default: Any) -> Any:
        """A remembered value."""
        with self.database.reading() as connection:
            return kept.read(connection, name, default)

    def write(self, name: str, value: Any) -> None:
        """Remember a value."""
        with self.database.transaction() as connection:
            kept.write(connection, name, value)
