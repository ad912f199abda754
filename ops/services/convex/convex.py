"""The deployments of the settings, and what can be had of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from ops.services.convex import calls, imports, pausing, target, variables
from ops.services.convex.calls import FailedCalls
from ops.services.convex.deploys import PUSH, Looked, Pushing
from ops.services.convex.door import Door
from ops.services.convex.export import Export, Exported
from ops.services.convex.imports import Imported, Mode
from ops.services.convex.program import Program
from ops.services.convex.server import Patience
from ops.settings import Settings

_AGAIN = "Then try again."


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
        with self._door(environment) as door:
            return door.instance()

    def export(
        self,
        environment: str,
        part: Path,
        *,
        stop: threading.Event,
        progress: Callable[[Mapping[str, Any]], None],
        files: bool | None = None,
    ) -> Exported:
        """Export every table, as of one moment, to a file that is not there yet. Nothing is left at its place on failure.

        Args:
            environment: whose deployment.
            part: where the archive grows.
            stop: ends the CLI, and cancels our export at the server.
            progress: told several times a second, in the caller's thread: ``phase``, ``bytes``, ``line`` and ``waiting``.
            files: whether stored files belong in it; None: as the settings say.

        Raises:
            WrongTarget, ConvexFailed, process.Stopped.
        """
        meant, convex = target.find(self._settings, environment), self._settings.convex
        with Door(meant) as door:
            return Export(
                door=door,
                program=Program(cli=convex.cli, state=self._settings.state.absolute(), target=meant),
                part=part.absolute(),
                with_files=convex.file_storage if files is None else files,
                seconds=convex.deadline,
                zone=self._settings.team.zoneinfo,
                stop=stop,
                progress=progress,
                patience=self._patience,
            ).take()

    # -- functions and schema ----------------------------------------------------------------------------------------------

    def check(self, environment: str, app: Path, *, stop: threading.Event, said: Callable[[str], None]) -> Looked:
        """Have Convex look at an app's functions and schema against its data, without changing either."""
        return self._pushing(environment, app, stop, said).look()

    def deploy(self, environment: str, app: Path, *, stop: threading.Event, said: Callable[[str], None]) -> None:
        """Push an app's functions and schema; the deployment names itself first.

        Raises:
            SchemaRefused: rows that are there do not fit the schema.
            WrongTarget, ConvexFailed: nothing was pushed.
        """
        self.instance(environment)
        self._pushing(environment, app, stop, said).push()

    def _pushing(self, environment: str, app: Path, stop: threading.Event, said: Callable[[str], None]) -> Pushing:
        """The app's own CLI, pointed at an environment."""
        deadline = min(float(self._settings.convex.deadline), PUSH)
        return Pushing(app=app, target=target.find(self._settings, environment), deadline=deadline, stop=stop, said=said)

    # -- data --------------------------------------------------------------------------------------------------------------

    def newest_import(self, environment: str, known: Collection[str] | None = None) -> str:
        """The id of the newest import there; "" before the first one.

        Raises:
            ConvexFailed: one is under way, or was done, that is not among the ``known`` ones, where those are given.
        """
        with self._door(environment) as door:
            return imports.newest(door, known)

    def imports_done(self, environment: str) -> list[str]:
        """The ids of the imports that have completed there."""
        with self._door(environment) as door:
            return imports.done(door)

    def bring(self, environment: str, archive: Path, *, mode: Mode, stop: threading.Event, said: Callable[[str], None]) -> Imported:
        """Import an archive; the deployment names itself first.

        Raises:
            Misfit: a row does not fit the schema there.
            WrongTarget, ConvexFailed: nothing was imported.
            Undecided: nobody can say how it ended.
        """
        self.instance(environment)
        with self._door(environment) as door:
            program = Program(cli=self._settings.convex.cli, state=self._settings.state.absolute(), target=door.target)
            deadline = float(self._settings.convex.deadline)
            return imports.bring(door, program, archive.absolute(), mode=mode, deadline=deadline, stop=stop, said=said)

    def require_no_import(self, environment: str, *, stop: threading.Event, said: Callable[[str], None]) -> None:
        """Wait until no import is under way there.

        Raises:
            ConvexFailed: one does not end.
        """
        with self._door(environment) as door:
            imports.require_free(door, said, float(self._settings.convex.deadline), stop)

    def import_since(self, environment: str, before: str, *, stop: threading.Event, said: Callable[[str], None]) -> Imported | None:
        """How the import that began after that one ended; None when it surely changed nothing."""
        with self._door(environment) as door:
            return imports.since(door, before, deadline=float(self._settings.convex.deadline), stop=stop, said=said)

    # -- the deployment itself ---------------------------------------------------------------------------------------------

    def pause(self, environment: str) -> None:
        """Stop every function; a key that may not raises MayNotPause."""
        with self._door(environment) as door:
            pausing.pause(door)

    def unpause(self, environment: str) -> None:
        """Let them run again."""
        with self._door(environment) as door:
            pausing.unpause(door)

    def paused(self, environment: str) -> bool | None:
        """Whether it is paused; None where it does not say."""
        with self._door(environment) as door:
            return pausing.paused(door)

    def failed_calls(self, environment: str, cursor: float) -> FailedCalls:
        """Calls of functions that failed after a moment, in milliseconds."""
        with self._door(environment) as door:
            return calls.failed_since(door, cursor)

    def names(self, environment: str) -> frozenset[str]:
        """The names of its environment variables."""
        with self._door(environment) as door:
            return variables.names(door)

    def variable(self, environment: str, name: str) -> str | None:
        """What one of them holds; None where there is none of that name."""
        with self._door(environment) as door:
            return variables.value(door, name)

    def set_variable(self, environment: str, name: str, content: str) -> None:
        """Set one of them."""
        with self._door(environment) as door:
            variables.put(door, name, content)

    def _door(self, environment: str) -> Door:
        """The HTTP door of an environment's deployment."""
        return Door(target.find(self._settings, environment), again=_AGAIN)
