"""What an import would change, worked out before it is confirmed: the only preview of a restore that the CLI gives."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from sandbox.convex import files, tables
from sandbox.convex.incoming import STORAGE, Incoming, Place
from sandbox.convex.refusals import Refusal

REPLACING = ("replace", "replaceAll")

_ONCE_STARTED = "Once the import has started, it will run in the background.\nInterrupting `npx convex import` will not cancel it."


@dataclass(frozen=True, kw_only=True)
class Change:
    """What happens to one table."""

    place: Place
    added: int
    existing: int
    deleted: int

    @property
    def cells(self) -> tuple[str, str, str]:
        """A line of the summary."""
        unit = " files" if self.place == STORAGE else ""
        return self.place[1], f"{self.added:,}", f"{self.deleted:,} of {self.existing:,}{unit}"


def work_out(incoming: Incoming, mode: str, connection: sqlite3.Connection) -> list[Change]:
    """Read everything once and compare it with what is there. Raise Refusal if it may not be imported like this."""
    counts = {place: sum(1 for _ in rows()) for place, rows in incoming.rows.items()}
    existing = {table.place: tables.count(connection, table) for table in tables.listed(connection)}
    if mode == "replaceAll":
        counts |= {place: 0 for place in existing if place not in counts}
    if incoming.with_files:
        counts[STORAGE], existing[STORAGE] = len(incoming.described), files.count(connection)
    return [_change(place, added, existing.get(place, 0), mode) for place, added in sorted(counts.items())]


def deletes(changes: Iterable[Change]) -> bool:
    """Whether anything would be lost."""
    return any(change.deleted for change in changes)


def message(changes: list[Change]) -> str:
    """What the CLI shows to be confirmed."""
    lines: list[str] = []
    for component, group in groupby(changes, key=lambda change: change.place[0]):
        lines += ([f"Component {component}"] if component else []) + _summary(list(group))
    return "\n".join([*(["Import change summary:"] if lines else []), *lines, _ONCE_STARTED])


def refuse_existing(name: str, mode: str, existing: int) -> None:
    """Without a mode, only an empty table takes documents."""
    if mode == "requireEmpty" and existing:
        raise Refusal("TableExists", f"Table {name} already exists. Please choose a new table name or use replace/append modes.")


def _change(place: Place, added: int, existing: int, mode: str) -> Change:
    refuse_existing(place[1], mode, existing)
    return Change(place=place, added=added, existing=existing, deleted=existing if mode in REPLACING else 0)


def _summary(changes: list[Change]) -> list[str]:
    rows = [("table", "create", "delete"), *(change.cells for change in changes)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows]
    return [lines[0], "-" * len(lines[0]), *lines[1:]]
