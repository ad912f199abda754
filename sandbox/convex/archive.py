"""Write an export's ZIP the way Convex streams one: deflate, sizes after the data, the smallest tables first, files last."""

from __future__ import annotations

import io
import sqlite3
import zipfile
from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from typing import IO

from sandbox.convex import files, tables
from sandbox.convex.tables import Table
from sandbox.convex.values import to_line

_README = b"""# Snapshot of a sandbox deployment

Every table lies in `<table>/documents.jsonl`, one document a line; `_tables/documents.jsonl` names the tables.
Bring it back with `npx convex import --replace-all`.
"""
_UNIFORM = b'"uniform"\n'
_MODE = 0o100644 << 16


class _Stream(io.RawIOBase):
    """A file without seek(), which makes zipfile write sizes after the data, as a server that streams must."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]  # zipfile hands over bytes only
        return self._out.write(data)


def write(connection: sqlite3.Connection, out: IO[bytes], *, with_files: bool, level: int | None = None, forget: str | None = None) -> None:
    """Write everything that the connection sees.

    Args:
        connection: a snapshot of the database.
        out: where to.
        with_files: whether ``_storage`` belongs in it.
        level: of compression, 0 to 9; None is zlib's own choice.
        forget: the path of a table whose folder is left out, as a fault.
    """
    found = tables.listed(connection)
    with zipfile.ZipFile(_Stream(out), "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        _add(archive, "README.md", [_README])
        _add_lists(archive, found)
        for table in sorted(found, key=lambda table: tables.size(connection, table)):
            if table.path != forget:
                _add(archive, f"{_prefix(table.component)}{table.name}/documents.jsonl", _chunks(tables.lines(connection, table)))
                _add(archive, f"{_prefix(table.component)}{table.name}/generated_schema.jsonl", [_UNIFORM])
        if with_files and forget != files.STORAGE:
            _add_files(archive, connection)


def _add_lists(archive: zipfile.ZipFile, found: list[Table]) -> None:
    by_component = sorted(found, key=lambda table: (table.component, table.number))
    lists = {component: list(group) for component, group in groupby(by_component, key=lambda table: table.component)}
    for component, group in {"": [], **lists}.items():
        lines = (to_line({"id": table.number, "name": table.name}) for table in group)
        _add(archive, f"{_prefix(component)}_tables/documents.jsonl", _chunks(lines))


def _add_files(archive: zipfile.ZipFile, connection: sqlite3.Connection) -> None:
    _add(archive, f"{files.STORAGE}/documents.jsonl", _chunks(map(to_line, files.documents(connection))))
    for name, content in files.contents(connection):
        _add(archive, f"{files.STORAGE}/{name}", [content])


def _add(archive: zipfile.ZipFile, name: str, chunks: Iterable[bytes]) -> None:
    with archive.open(name, "w") as member:  # by name: no time of day, so that the same documents give the same bytes
        for chunk in chunks:
            member.write(chunk)
    archive.getinfo(name).external_attr = _MODE


def _chunks(lines: Iterable[bytes]) -> Iterator[bytes]:
    remaining = iter(lines)
    while batch := list(islice(remaining, 1000)):
        yield b"\n".join(batch) + b"\n"


def _prefix(component: str) -> str:
    return "".join(f"_components/{part}/" for part in component.split("/") if part)
