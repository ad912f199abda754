"""A Convex deployment on this machine, for the unmodified CLI."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Collection, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Self

from starlette.routing import WebSocketRoute

from sandbox.convex import browsing, variables
from sandbox.convex.api.basics import BasicDoor
from sandbox.convex.api.deploys import DeployDoor
from sandbox.convex.api.exports import ExportDoor
from sandbox.convex.api.imports import ImportDoor
from sandbox.convex.api.log import LogDoor
from sandbox.convex.api.variables import VariableDoor
from sandbox.convex.app import application
from sandbox.convex.contents import Contents
from sandbox.convex.deployment import STEP, Deployment
from sandbox.convex.exports import Exports
from sandbox.convex.faults import Faults
from sandbox.convex.imports import Imports
from sandbox.convex.keys import Permissions
from sandbox.convex.pushes import Pushes
from sandbox.convex.queries import Queries, Query
from sandbox.convex.schemas import Schemas
from sandbox.convex.sync import Sync
from sandbox.now import Now
from sandbox.serving import Serving


class ConvexServer(Contents):
    """One deployment with its name, keys and documents, on a port of its own.

    Args:
        name: the deployment's own name, such as ``bright-sturgeon-101``.
        keys: the keys that it knows; as a mapping, each with the actions that it is limited to.
        data: a folder in which everything survives a restart; without one it is gone with this object.
        port: 0 takes a free one, which is kept when the server is stopped and started again.
        step: seconds between two states of an export or an import.
        now: its clock; this machine's unless it is said.
    """

    def __init__(  # noqa: PLR0913 # what a deployment is made of, all named
        self,
        name: str,
        keys: Collection[str] | Mapping[str, Permissions],
        data: Path | None = None,
        *,
        port: int = 0,
        step: float = STEP,
        now: Now | None = None,
    ) -> None:
        self.name = name
        self._deployment = Deployment(name, keys, data or _temporary_folder(self), step, now)
        schemas = Schemas(self._deployment)
        self._exports, self._imports = Exports(self._deployment), Imports(self._deployment, schemas)
        queries = self._queries()
        doors = [
            *BasicDoor(self._deployment, queries).routes(),
            *ExportDoor(self._deployment, self._exports).routes(),
            *ImportDoor(self._deployment, self._imports).routes(),
            *DeployDoor(self._deployment, Pushes(self._deployment, schemas)).routes(),
            *VariableDoor(self._deployment).routes(),
            *LogDoor(self._deployment).routes(),
            WebSocketRoute("/api/{version}/sync", Sync(self._deployment, queries).connect),
        ]
        self._serving = Serving(application(self._deployment, doors), port)

    def start(self) -> Self:
        """Serve, and return when it answers. Exports and imports that were under way go on."""
        self._serving.start()
        self._deployment.url = self._serving.url
        self._exports.resume()
        self._imports.resume()
        return self

    def stop(self) -> None:
        """Stop serving; what is under way waits for the next start. The documents stay."""
        self._deployment.workers.stop()
        self._serving.stop()

    @property
    def url(self) -> str:
        """Where it is served."""
        return self._serving.url

    @property
    def now(self) -> Now:
        """Its clock."""
        return self._deployment.now

    @property
    def faults(self) -> Faults:
        """What goes wrong at the moment."""
        return self._deployment.faults

    @property
    def requests(self) -> list[dict[str, Any]]:
        """Every request and every websocket message, oldest first."""
        return list(self._deployment.requests)

    @property
    def compression(self) -> int | None:
        """The level at which archives are compressed, 0 to 9; None is zlib's own choice."""
        return self._deployment.compression

    @compression.setter
    def compression(self, level: int | None) -> None:
        self._deployment.compression = level

    def called(self, function: str, error: str | None = None) -> None:
        """Have somebody call a function of the app's; it fails with an error if one is said."""
        self._deployment.called(function, error)

    def knows(self, key: str) -> bool:
        """Whether this is one of its keys."""
        return key in self._deployment.keys

    def _queries(self) -> Queries:
        here = self._deployment
        view, look, read = "deployment:backups:view", "deployment:env:view", "deployment:data:view"
        return Queries(
            {
                "_system/cli/exports:getLatest": Query(view, lambda _: self._exports.latest()),
                "_system/cli/queryImport:list": Query(view, lambda _: self._imports.shown()),
                "_system/cli/queryImport": Query(view, lambda asked: self._imports.find(asked["importId"])),
                "_system/cli/queryEnvironmentVariables": Query(look, lambda _: variables.listed(here)),
                "_system/cli/queryEnvironmentVariables:get": Query(look, lambda asked: variables.find(here, asked["name"])),
                "_system/cli/tables": Query(read, partial(browsing.names, here)),
                "_system/cli/tableData": Query(read, partial(browsing.page, here)),
                "_system/cli/tableSize": Query(read, partial(browsing.size, here)),
            }
        )


def _temporary_folder(owner: object) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="sandbox-convex-"))
    weakref.finalize(owner, shutil.rmtree, folder, ignore_errors=True)
    return folder
