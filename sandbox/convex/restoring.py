"""Bring the tables of an import in.

Documents go into hidden tables first, however long that takes; then one transaction puts all of them in place, or
none. Only ``append`` writes into tables that are in use, and leaves there what it had written when it fails.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from sandbox.convex import files, ids, tables
from sandbox.convex.changes import REPLACING, refuse_existing
from sandbox.convex.deployment import Deployment
from sandbox.convex.incoming import STORAGE, Incoming, Place
from sandbox.convex.refusals import Refusal
from sandbox.convex.schema import Schema
from sandbox.convex.schemas import Schemas
from sandbox.convex.tables import Table
from sandbox.convex.values import Document, to_line

_BATCH = 2000

Progress = Callable[[str, bool], None]
"""Says what was done; the flag tells a finished table from one that goes on."""


class Restoring:
    """One import while it runs."""

    def __init__(self, deployment: Deployment, schemas: Schemas, mode: str, incoming: Incoming) -> None:
        self._deployment, self._database = deployment, deployment.database
        self._schemas, self._before = schemas, schemas.state()
        self._active, self._mode, self._incoming = schemas.active, mode, incoming
        self._targets: dict[Place, Table] = {}
        self._hidden: dict[Place, Table] = {}
        self._named: dict[str, dict[int, str]] = {}  # by component: which table each number will belong to

    def run(self, progress: Progress) -> int:
        """Write all documents where nobody sees them yet; return how many."""
        self._prepare()
        self._named = {component: self._names(component) for component in {place[0] for place in self._incoming.rows}}
        return sum(self._write(place, progress) for place in self._incoming.rows)

    def finish(self, connection: sqlite3.Connection) -> None:
        """Put everything in place, inside the caller's transaction."""
        if self._schemas.state() != self._before:
            message = "Could not complete import because schema changed. Avoid modifying schema.ts while importing tables"
            raise Refusal("ImportSchemaChanged", message)
        self._check_references(connection)
        if self._mode == "replaceAll":
            self._empty_the_others(connection)
        for (_, name), table in self._hidden.items():
            tables.show(connection, table, name)
        self._store_files(connection)

    def give_up(self) -> None:
        """Take the hidden tables away."""
        with self._database.transaction() as connection:
            for table in self._hidden.values():
                tables.drop(connection, table)

    def _prepare(self) -> None:
        """Make the hidden tables, with the numbers that the ids of their documents carry."""
        numbers = {place: self._incoming.number(place) for place in self._incoming.rows}
        with self._database.transaction() as connection:
            existing = {table.place: table for table in tables.listed(connection)}
            self._refuse_clashes(numbers, existing)
            for place, number in numbers.items():
                self._targets[place] = self._target(connection, existing.get(place), place, number)

    def _target(self, connection: sqlite3.Connection, existing: Table | None, place: Place, number: int | None) -> Table:
        if existing and self._mode == "append":
            return existing
        if existing:
            refuse_existing(place[1], self._mode, tables.count(connection, existing))
        number = number or (existing.number if existing else None)
        self._hidden[place] = tables.create(connection, None, place[0], number)
        return self._hidden[place]

    def _refuse_clashes(self, numbers: dict[Place, int | None], existing: dict[Place, Table]) -> None:
        """No two tables of a component may have one number."""
        taken = (
            {}
            if self._mode == "replaceAll"
            else {(it.component, it.number): it.name for it in existing.values() if it.place not in numbers}
        )
        for (component, name), number in numbers.items():
            if number is None or (self._mode == "append" and (component, name) in existing):
                continue
            if (component, number) in taken:
                raise _clash(name, taken[component, number])
            taken[component, number] = name

    def _write(self, place: Place, progress: Progress) -> int:
        name, table, written = place[1], self._targets[place], 0
        progress(f'Importing "{name}"', False)
        for batch in _batches(self._complete(place, table)):
            self._deployment.workers.pause()
            self._insert(table, name, batch)
            written += len(batch)
        progress(f'Imported "{name}" ({written:,} documents)', True)
        return written

    def _complete(self, place: Place, table: Table) -> Iterator[tables.Row]:
        """Every document with all that it must have."""
        names, waiting = self._named[place[0]], self._schemas.waiting()
        coming = Schema.of(waiting.export if waiting else None)
        for row in self._incoming.rows[place]():
            document = {"_id": ids.new(table.number), "_creationTime": self._deployment.now.seconds() * 1000, **row}
            _check_id(document["_id"], place[1], table)
            if place[0] == "":  # a component has a schema of its own, which is not known here
                self._check_schema(place[1], document, names)
                broken = coming.problem(place[1], document, names)
                if waiting and broken:
                    self._schemas.fail(waiting, broken)
            yield document["_id"], to_line(document)

    def _check_schema(self, name: str, document: Document, names: dict[int, str]) -> None:
        broken = self._active.problem(name, document, names)
        if broken:
            said = f'Failed to insert or update a document in table "{name}" because it does not match the schema: {broken}'
            raise Refusal("SchemaEnforcementError", said)

    def _names(self, component: str) -> dict[int, str]:
        """Which table each number will belong to."""
        with self._database.reading() as connection:
            stay = [table for table in tables.listed(connection) if table.component == component and table.place not in self._targets]
        names = {table.number: table.name for table in stay}
        return names | {table.number: name for (owner, name), table in self._targets.items() if owner == component}

    def _insert(self, table: Table, name: str, batch: list[tables.Row]) -> None:
        try:
            with self._database.transaction() as connection:
                tables.insert(connection, table, batch)
        except sqlite3.IntegrityError as error:
            raise Refusal("DuplicateId", f'Objects in table "{name}" have duplicate _id fields') from error

    def _check_references(self, connection: sqlite3.Connection) -> None:
        """A table that stays must not point to one whose number changes: its ids would lead nowhere."""
        there = [table for table in tables.listed(connection) if table.component == ""]
        moved = {table.name for table in there if (to := self._hidden.get(table.place)) and to.number != table.number}
        for table in there:
            pointed = sorted(moved & self._active.references(table.name))
            if pointed and table.place not in self._targets and tables.count(connection, table):
                said = f"Import changes table '{pointed[0]}' which is referenced by '{table.name}' in the schema"
                raise Refusal("ImportForeignKey", said)

    def _empty_the_others(self, connection: sqlite3.Connection) -> None:
        """Tables of the schema stay, empty; what else the import does not name goes."""
        for table in tables.listed(connection):
            if table.place in self._targets:
                continue
            if table.component == "" and table.name in self._active.tables:
                tables.clear(connection, table)
            else:
                tables.drop(connection, table)

    def _store_files(self, connection: sqlite3.Connection) -> None:
        if not self._incoming.with_files:
            return
        refuse_existing(STORAGE[1], self._mode, files.count(connection))
        if self._mode in REPLACING:
            files.clear(connection)
        for document, content in self._incoming.files():
            files.put(connection, document, content)


def _batches(rows: Iterable[tables.Row]) -> Iterator[list[tables.Row]]:
    remaining = iter(rows)
    while batch := list(islice(remaining, _BATCH)):
        yield batch


def _check_id(identifier: object, name: str, table: Table) -> None:
    number = ids.table_number(identifier)
    if number != table.number:
        raise Refusal("InvalidId", f'The _id "{identifier}" in table "{name}" is not one of table number {table.number}')


def _clash(name: str, other: str) -> Refusal:
    advice = "To delete all existing tables, import with `npx convex import --replace-all`."
    return Refusal("TableConflict", f"New table `{name}` has IDs that conflict with existing table `{other}`. {advice}")
