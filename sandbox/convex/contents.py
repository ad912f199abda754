"""What lies in a deployment, at hand for the page and the tests: past its API, its keys and its schema."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from sandbox.convex import files, filling, ids, tables, variables
from sandbox.convex.code import Deployed
from sandbox.convex.deployment import Deployment
from sandbox.convex.values import Document, from_line, to_line


class Contents:
    """Documents, files, variables and code of one deployment."""

    _deployment: Deployment

    def insert(self, table: str, document: Document, component: str = "") -> str:
        """Write a document; return its id. One with the same ``_id`` is replaced. No schema is asked."""
        with self._deployment.database.transaction() as connection:
            found = tables.ensure(connection, table, component)
            complete = {"_id": ids.new(found.number), "_creationTime": self._deployment.now.seconds() * 1000, **document}
            tables.put(connection, found, (complete["_id"], to_line(complete)))
        return str(complete["_id"])

    def fill(self, table: str, rows: int, bytes_each: int = 440, seed: int = 0) -> None:
        """Write many made-up documents, fast; the same seed gives the same ones but for their times."""
        filling.fill(self._deployment.database, table, rows, bytes_each, seed)

    def documents(self, table: str, component: str = "") -> list[Document]:
        """Every document of a table, by id; none if there is no such table."""
        with self._deployment.database.reading() as connection:
            found = tables.find(connection, table, component)
            return [from_line(line) for line in tables.lines(connection, found)] if found else []

    def remove(self, table: str, identifier: str) -> bool:
        """Take one document away; False if it is not there."""
        with self._deployment.database.transaction() as connection:
            found = tables.find(connection, table)
            return found is not None and tables.remove(connection, found, identifier)

    def clear(self, table: str) -> int:
        """Take every document of a table away; return how many there were."""
        with self._deployment.database.transaction() as connection:
            found = tables.find(connection, table)
            return tables.clear(connection, found) if found else 0

    def store(self, content: bytes, content_type: str | None = None) -> str:
        """Put a file into file storage; return its id."""
        document = files.describe(content, content_type)
        with self._deployment.database.transaction() as connection:
            files.put(connection, document, content)
        return str(document["_id"])

    def files(self) -> dict[str, bytes]:
        """Every stored file by its name in an archive."""
        with self._deployment.database.reading() as connection:
            return dict(files.contents(connection))

    def tables(self) -> dict[str, int]:
        """How many documents each table has; a component's tables have its path before their name."""
        return self._deployment.tables()

    def fingerprint(self, table: str, component: str = "") -> str:
        """The fingerprint of a table's rows, whatever their order: 64 hex digits; zeros if there is no such table."""
        with self._deployment.database.snapshot() as snapshot:
            found = tables.find(snapshot.connection, table, component)
            return _fingerprint(tables.lines(snapshot.connection, found) if found else ())

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables."""
        return self._deployment.variables

    def set_variable(self, name: str, value: str) -> None:
        """Set an environment variable."""
        variables.change(self._deployment, [{"name": name, "value": value}])

    @property
    def paused(self) -> bool:
        """Whether the app's functions are refused at the moment."""
        return bool(self._deployment.read("paused", False))

    @property
    def deployed(self) -> Deployed:
        """The code that was pushed last; empty before the first push."""
        code = self._deployment.code
        return Deployed.of(code) if code else Deployed()


def _fingerprint(lines: Iterable[bytes]) -> str:
    """The sum of the rows' SHA-256, modulo 2**256."""
    total = sum(int.from_bytes(hashlib.sha256(line).digest(), "big") for line in lines)
    return f"{total % 2**256:064x}"
