"""What a deployment remembers beside documents: variables, code, whether it is paused."""

from __future__ import annotations

import sqlite3
from typing import Any

import orjson


def read(connection: sqlite3.Connection, name: str, default: Any) -> Any:
    """What was kept under this name."""
    found = connection.execute("SELECT value FROM kept WHERE name = ?", (name,)).fetchone()
    return orjson.loads(found[0]) if found else default


def write(connection: sqlite3.Connection, name: str, value: Any) -> None:
    """Keep a JSON value under this name."""
    connection.execute("INSERT OR REPLACE INTO kept VALUES (?, ?)", (name, orjson.dumps(value)))
