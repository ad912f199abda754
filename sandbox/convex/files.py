"""File storage: what Convex calls ``_storage``."""

from __future__ import annotations

import base64
import hashlib
import sqlite3
import time
import uuid
from collections.abc import Iterator

from sandbox.convex import ids, values

STORAGE = "_storage"
NUMBER = 16
"""Of the system's table of files; any below 10000 would do."""

_EXTENSIONS = {
    "image/png": ".png",
    "image/jpeg": ".jpeg",
    "image/svg+xml": ".svg",
    "text/plain": ".txt",
    "application/pdf": ".pdf",
    "application/json": ".json",
}


def describe(content: bytes, content_type: str | None, identifier: str | None = None) -> values.Document:
    """The document that stands for a file."""
    return {
        "_id": identifier or ids.new(NUMBER),
        "_creationTime": time.time() * 1000,
        "sha256": base64.b64encode(hashlib.sha256(content).digest()).decode(),
        "size": len(content),
        "contentType": content_type,
        "internalId": str(uuid.uuid4()),
    }


def put(connection: sqlite3.Connection, document: values.Document, content: bytes) -> None:
    """Keep a file, or replace the one with its id."""
    row = document["_id"], values.to_line(document), content
    connection.execute("INSERT OR REPLACE INTO files VALUES (?, ?, ?)", row)


def documents(connection: sqlite3.Connection) -> list[values.Document]:
    """What is known of every file, by id."""
    return [values.from_line(line) for (line,) in connection.execute("SELECT line FROM files ORDER BY id")]


def contents(connection: sqlite3.Connection) -> Iterator[tuple[str, bytes]]:
    """Every file's name in an archive, and what is in it."""
    for line, content in connection.execute("SELECT line, content FROM files ORDER BY id"):
        document = values.from_line(line)
        yield document["_id"] + _EXTENSIONS.get(document.get("contentType") or "", ""), content


def count(connection: sqlite3.Connection) -> int:
    """How many files there are."""
    (number,) = connection.execute("SELECT count(*) FROM files").fetchone()
    return int(number)


def clear(connection: sqlite3.Connection) -> None:
    """Forget all files."""
    connection.execute("DELETE FROM files")
