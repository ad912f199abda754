"""The tables of a deployment and their documents. Every read takes the connection to read with."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

FIRST_NUMBER = 10001
"""Where Convex begins to number the tables of an app."""

Row = tuple[str, bytes]
"""A document's id and its line."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table of the app or of one of its components."""

    key: int  # of its rows here; a table that is replaced gets another
    component: str  # "" is the app itself
    name: str
    number: int  # is part of every id in it

    @property
    def path(self) -> str:
        """Its name with its component's before it."""
        return f"{self.component}/{self.name}" if self.component else self.name

    @property
    def place(self) -> tuple[str, str]:
        """What tells it from the others."""
        return self.component, self.name


def listed(connection: sqlite3.Connection) -> list[Table]:
    """Every table, by number."""
    found = connection.execute("SELECT key, component, name, number FROM tables WHERE name IS NOT NULL ORDER BY number, component")
    return [Table(key=key, component=component, name=name, number=number) for key, component, name, number in found]


def find(connection: sqlite3.Connection, name: str, component: str = "") -> Table | None:
    """The table, if there is one."""
    found = connection.execute("SELECT key, number FROM tables WHERE component = ? AND name = ?", (component, name)).fetchone()
    return Table(key=found[0], component=component, name=name, number=found[1]) if found else None


def ensure(connection: sqlite3.Connection, name: str, component: str = "") -> Table:
    """The table, made when it is missing."""
    return find(connection, name, component) or create(connection, name, component)


def create(connection: sqlite3.Connection, name: str | None, component: str = "", number: int | None = None) -> Table:
    """A new table. Without a name it is hidden until it gets one."""
    number = number or next_number(connection)
    made = connection.execute("INSERT INTO tables (component, name, number) VALUES (?, ?, ?)", (component, name, number))
    return Table(key=made.lastrowid or 0, component=component, name=name or "", number=number)


def next_number(connection: sqlite3.Connection) -> int:
    """A number that no table has, hidden ones included."""
    (highest,) = connection.execute("SELECT max(number) FROM tables").fetchone()
    return max(FIRST_NUMBER, (highest or 0) + 1)


def show(connection: sqlite3.Connection, hidden: Table, name: str) -> None:
    """Give a hidden table its name, in place of the table that has it."""
    taken = find(connection, name, hidden.component)
    if taken:
        drop(connection, taken)
    connection.execute("UPDATE tables SET name = ? WHERE key = ?", (name, hidden.key))


def drop(connection: sqlite3.Connection, table: Table) -> None:
    """Take the table and its documents away."""
    clear(connection, table)
    connection.execute("DELETE FROM tables WHERE key = ?", (table.key,))


def drop_hidden(connection: sqlite3.Connection) -> None:
    """Take away what an import that ended early left."""
    connection.execute("DELETE FROM rows WHERE key IN (SELECT key FROM tables WHERE name IS NULL)")
    connection.execute("DELETE FROM tables WHERE name IS NULL")


def clear(connection: sqlite3.Connection, table: Table) -> int:
    """Take its documents away; return how many there were."""
    return connection.execute("DELETE FROM rows WHERE key = ?", (table.key,)).rowcount


def insert(connection: sqlite3.Connection, table: Table, rows: Iterable[Row]) -> None:
    """Add rows. Raise sqlite3.IntegrityError if an id is there already."""
    connection.executemany("INSERT INTO rows VALUES (?, ?, ?)", ((table.key, identifier, line) for identifier, line in rows))


def put(connection: sqlite3.Connection, table: Table, row: Row) -> None:
    """Add a row, or replace the one with this id."""
    connection.execute("INSERT OR REPLACE INTO rows VALUES (?, ?, ?)", (table.key, *row))


def remove(connection: sqlite3.Connection, table: Table, identifier: str) -> bool:
    """Take one document away; False if it is not there."""
    return connection.execute("DELETE FROM rows WHERE key = ? AND id = ?", (table.key, identifier)).rowcount > 0


def lines(connection: sqlite3.Connection, table: Table) -> Iterator[bytes]:
    """Every document's line, by id."""
    for (line,) in connection.execute("SELECT line FROM rows WHERE key = ? ORDER BY id", (table.key,)):
        yield line


def page(connection: sqlite3.Connection, table: Table, *, newest_first: bool, part: tuple[int, int]) -> list[bytes]:
    """Lines by the time their documents were made: so many from such a place."""
    order = "DESC" if newest_first else "ASC"
    query = f"SELECT line FROM rows WHERE key = ? ORDER BY CAST(line AS TEXT) ->> '$._creationTime' {order}, id LIMIT ? OFFSET ?"  # noqa: S608  # one of two words
    return [line for (line,) in connection.execute(query, (table.key, part[1], part[0]))]


def count(connection: sqlite3.Connection, table: Table) -> int:
    """How many documents it has."""
    (number,) = connection.execute("SELECT count(*) FROM rows WHERE key = ?", (table.key,)).fetchone()
    return int(number)


def size(connection: sqlite3.Connection, table: Table) -> int:
    """Bytes of all its lines."""
    (total,) = connection.execute("SELECT total(length(line)) FROM rows WHERE key = ?", (table.key,)).fetchone()
    return int(total)
