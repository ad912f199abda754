"""What survives a restart of the sandbox: one table of JSON values in a file, or nothing at all."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

_TABLE = "CREATE TABLE IF NOT EXISTS kept (kind TEXT, key TEXT, value TEXT, PRIMARY KEY (kind, key)) WITHOUT ROWID"


class Kept:
    """Values by kind and key. Writes are quick rather than safe from a power cut: it is a sandbox."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._open: sqlite3.Connection | None = None

    def put(self, kind: str, key: str, value: Any) -> None:
        """Write one."""
        if self._folder:
            self._connection().execute("INSERT OR REPLACE INTO kept VALUES (?, ?, ?)", (kind, key, json.dumps(value)))

    def drop(self, kind: str, key: str) -> None:
        """Forget one."""
        if self._folder:
            self._connection().execute("DELETE FROM kept WHERE kind = ? AND key = ?", (kind, key))

    def all(self, kind: str) -> dict[str, Any]:
        """Every value of a kind, by key, in the keys' order."""
        if not self._folder:
            return {}
        rows = self._connection().execute("SELECT key, value FROM kept WHERE kind = ? ORDER BY key", (kind,))
        return {key: json.loads(value) for key, value in rows}

    def close(self) -> None:
        """Let go of the file; the next use opens it again."""
        if self._open:
            self._open.close()
        self._open = None

    def _connection(self) -> sqlite3.Connection:
        if self._open is None:
            folder = self._folder or Path()
            folder.mkdir(parents=True, exist_ok=True)
            # Made in one thread, used in the server's: never by both at once.
            self._open = sqlite3.connect(folder / "slack.sqlite", isolation_level=None, check_same_thread=False)
            self._open.execute("PRAGMA journal_mode = WAL")
            self._open.execute("PRAGMA synchronous = OFF")
            self._open.execute(_TABLE)
        return self._open
