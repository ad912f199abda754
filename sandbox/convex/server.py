"""A Convex deployment on this machine, for the unmodified CLI."""

from __future__ import annotations

import shutil
import tempfile
import time
import weakref
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Self

from starlette.routing import WebSocketRoute

from sandbox.convex import ids, tables
from sandbox.convex.api.basics import BasicDoor
from sandbox.convex.api.exports import ExportDoor
from sandbox.convex.app import application
from sandbox.convex.deployment import STEP, Deployment
from sandbox.convex.exports import Exports
from sandbox.convex.faults import Faults
from sandbox.convex.keys import Permissions
from sandbox.convex.queries import Queries, Query
from sandbox.convex.serving import Serving
from sandbox.convex.sync import Sync
from sandbox.convex.values import Document, from_line, to_line


class ConvexServer:
    """One deployment with its name, keys and documents, on a port of its own.

    Args:
        name: the deployment's own name, such as ``bright-sturgeon-101``.
        keys: the keys that it knows; as a mapping, each with the actions that it is limited to.
        data: a folder in which everything survives a restart; without one it is gone with this object.
        port: 0 takes a free one, which is kept when the server is stopped and started again.
        step: seconds between two states of an export or an import.
    """

    def __init__(
        self,
        name: str,
        keys: Collection[str] | Mapping[str, Permissions],
        data: Path | None = None,
        *,
        port: int = 0,
        step: float = STEP,
    ) -> None:
        self._deployment = Deployment(name, keys, data or _temporary_folder(self), step)
        exports = Exports(self._deployment)
        queries = Queries({"_system/cli/exports:getLatest": Query("deployment:backups:view", lambda _: exports.latest())})
        self.name = name
        self._serving = Serving(
            application(
                self._deployment,
                [
                    *BasicDoor(self._deployment, queries).routes(),
                    *ExportDoor(self._deployment, exports).routes(),
                    WebSocketRoute("/api/{version}/sync", Sync(self._deployment, queries).connect),
                ],
            ),
            port,
        )

    def start(self) -> Self:
        """Serve, and return when it answers."""
        self._serving.start()
        self._deployment.url = self._serving.url
        return self

    def stop(self) -> None:
        """Stop serving; what is under way ends unfinished. The documents stay."""
        self._deployment.workers.stop()
        self._serving.stop()

    @property
    def url(self) -> str:
        """Where it is served."""
        return self._serving.url

    @property
    def faults(self) -> Faults:
        """What goes wrong at the moment."""
        return self._deployment.faults

    @property
    def requests(self) -> list[dict[str, Any]]:
        """Every request and every websocket message, oldest first."""
        return list(self._deployment.requests)

    def insert(self, table: str, document: Document, component: str = "") -> str:
        """Write a document; return its id. One with the same ``_id`` is replaced."""
        with self._deployment.database.transaction() as connection:
            found = tables.ensure(connection, table, component)
            complete = {"_id": ids.new(found.number), "_creationTime": time.time() * 1000, **document}
            tables.put(connection, found, (complete["_id"], to_line(complete)))
        return str(complete["_id"])

    def remove(self, table: str, identifier: str) -> bool:
        """Delete a document; False if it is not there."""
        with self._deployment.database.transaction() as connection:
            found = tables.find(connection, table)
            return found is not None and tables.remove(connection, found, identifier)

    @property
    def version(self) -> int:
        """Counts every change since it was made."""
        return self._deployment.database.version

    @property
    def rows(self) -> dict[str, int]:
        """How many documents each table of the app has, by name."""
        with self._deployment.database.reading() as connection:
            return {table.name: tables.count(connection, table) for table in tables.listed(connection) if not table.component}

    def documents(self, table: str, component: str = "") -> list[Document]:
        """Every document of a table, by id; none if there is no such table."""
        with self._deployment.database.reading() as connection:
            found = tables.find(connection, table, component)
            return [from_line(line) for line in tables.lines(connection, found)] if found else []


def _temporary_folder(owner: object) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="sandbox-convex-"))
    weakref.finalize(owner, shutil.rmtree, folder, ignore_errors=True)
    return folder
