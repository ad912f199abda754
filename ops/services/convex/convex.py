"""The deployments of the settings, and what can be had of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ops.services.convex import target
from ops.services.convex.door import Door
from ops.services.convex.export import Export, Exported
from ops.services.convex.program import Program
from ops.services.convex.server import Patience
from ops.settings import Settings


class Convex:
    """Convex, by its own CLI for what it can do and by HTTP for what it cannot."""

    def __init__(self, settings: Settings, patience: Patience | None = None) -> None:
        self._settings = settings
        self._patience = patience or Patience()

    def instance(self, environment: str) -> str:
        """Have an environment's deployment name itself.

        Raises:
            WrongTarget: it is another than the one that is meant, or the settings do not say enough.
            Unreachable, ConvexFailed: it does not say.
        """
        with Door(target.find(self._settings, environment)) as door:
            return door.instance()

    def export(self, environment: str, part: Path, *, stop: threading.Event, progress: Callable[[Mapping[str, Any]], None]) -> Exported:
        """Export every table, as of one moment, to a file that is not there yet. Nothing is left at its place on failure.

        Args:
            environment: whose deployment.
            part: where the archive grows.
            stop: ends the CLI, and cancels our export at the server.
            progress: told several times a second, in the caller's thread: ``phase``, ``bytes``, ``line`` and ``waiting``.

        Raises:
            WrongTarget, ConvexFailed, process.Stopped.
        """
        meant, convex = target.find(self._settings, environment), self._settings.convex
        with Door(meant) as door:
            return Export(
                door=door,
                program=Program(cli=convex.cli, state=self._settings.state.absolute(), target=meant),
                part=part.absolute(),
                with_files=convex.file_storage,
                seconds=convex.deadline,
                zone=self._settings.team.zoneinfo,
                stop=stop,
                progress=progress,
                patience=self._patience,
            ).take()
