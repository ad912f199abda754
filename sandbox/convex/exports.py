"""Exports: asked for, running, completed; one at a time."""

from __future__ import annotations

import shutil
import threading
import uuid
from functools import partial
from pathlib import Path
from typing import Any

from sandbox.convex import archive, ids
from sandbox.convex.database import Snapshot
from sandbox.convex.deployment import Deployment
from sandbox.convex.refusals import Refusal
from sandbox.now import Now

_NUMBER = 24  # of the system's table of exports
_LIFE = 14 * 86400 * 10**9
_KEPT = 4  # archives: each may be large
_UNDER_WAY = ("requested", "in_progress")

Export = dict[str, Any]


class Exports:
    """Every export of one deployment since it was started."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._lock = threading.Lock()
        self._exports: list[Export] = []
        self._archives: dict[int, Path] = {}  # by start_ts
        self._folder = deployment.folder / "archives"
        shutil.rmtree(self._folder, ignore_errors=True)  # of a server that is gone
        self._folder.mkdir()

    def resume(self) -> None:
        """Go on with what a stop interrupted."""
        for export in self._exports:
            if export["state"] in _UNDER_WAY:
                self._deployment.workers.start(partial(self._run, export))

    def request(self, *, with_files: bool) -> None:
        """Begin an export, unless one is under way."""
        conflict = self._deployment.faults.word("export") == "conflict"
        with self._lock:
            if conflict or any(export["state"] in _UNDER_WAY for export in self._exports):
                raise Refusal("ExportInProgress", "There is already an export requested or in progress.")
            export = _requested(self._deployment.now, with_files=with_files)
            self._exports.append(export)
        self._deployment.feed.tell()
        self._deployment.workers.start(partial(self._run, export))

    def latest(self) -> Export | None:
        """The newest export's document, whoever asked for it."""
        with self._lock:
            return dict(self._exports[-1]) if self._exports else None

    def listed(self) -> list[Export]:
        """Every export's document, oldest first."""
        with self._lock:
            return [dict(export) for export in self._exports]

    def cancel(self, identifier: str) -> None:
        """Cancel an export that is under way."""
        export = next((export for export in self._exports if export["_id"] == identifier), None)
        if export is None:
            raise Refusal("ExportNotFound", f"The requested export {identifier} was not found", 404)
        self._advance(export, state="canceled", canceled_ts=self._deployment.now.nanoseconds())

    def archive(self, started: str) -> Path:
        """The ZIP of the export that started at this time."""
        path = self._archives.get(int(started)) if started.isdigit() else None
        if path is None or not path.exists() or self._deployment.faults.word("download") == "404":
            raise Refusal("ExportNotFound", f"The requested export {started} was not found", 404)
        return path

    def _run(self, export: Export) -> None:
        deployment = self._deployment
        deployment.workers.pause(deployment.step)
        with deployment.database.snapshot() as snapshot:
            self._advance(export, state="in_progress", start_ts=self._deployment.now.nanoseconds(), progress_message="Beginning backup")
            path = self._write(snapshot, with_files=export["format"]["include_storage"])
        deployment.workers.pause(deployment.step)
        deployment.linger("export")
        self._finish(export, path)

    def _write(self, snapshot: Snapshot, *, with_files: bool) -> Path:
        """Write the archive of this moment; the same state is written once."""
        forgotten = self._deployment.faults.argument("export", "forget")
        path = self._folder / f"{snapshot.version}-{with_files}-{self._deployment.compression}-{forgotten}.zip".replace("/", ".")
        if not path.exists():
            unfinished = path.with_suffix(f".{uuid.uuid4().hex}")
            with unfinished.open("wb") as out:
                archive.write(snapshot.connection, out, with_files=with_files, level=self._deployment.compression, forget=forgotten)
            unfinished.rename(path)
        return path

    def _finish(self, export: Export, path: Path) -> None:
        match self._deployment.faults.word("export"):
            case "hang":
                return
            case "fail":
                self._advance(export, state="failed", failed_ts=self._deployment.now.nanoseconds())
            case "cancel":
                self._advance(export, state="canceled", canceled_ts=self._deployment.now.nanoseconds())
            case _:
                self._complete(export, path)

    def _complete(self, export: Export, path: Path) -> None:
        self._archives[export["start_ts"]] = path
        self._drop_old_archives()
        self._advance(
            export,
            state="completed",
            complete_ts=self._deployment.now.nanoseconds(),
            zip_object_key=str(uuid.uuid4()),
            size=path.stat().st_size,
        )

    def _drop_old_archives(self) -> None:
        wanted = list(dict.fromkeys(reversed(self._archives.values())))[:_KEPT]
        for path in set(self._archives.values()) - set(wanted):
            path.unlink(missing_ok=True)

    def _advance(self, export: Export, **facts: Any) -> None:
        """Go on to the next state, unless the export ended meanwhile."""
        with self._lock:
            if export["state"] not in _UNDER_WAY:
                return
            export.update(facts)
            if export["state"] not in _UNDER_WAY:
                export.pop("progress_message", None)
            if export["state"] in ("failed", "canceled"):
                export.pop("expiration_ts")
        self._deployment.feed.tell()


def _requested(now: Now, *, with_files: bool) -> Export:
    return {
        "_id": ids.new(_NUMBER),
        "_creationTime": now.seconds() * 1000,
        "state": "requested",
        "format": {"format": "zip", "include_storage": with_files},
        "component": None,
        "requestor": "snapshotExport",
        "expiration_ts": now.nanoseconds() + _LIFE,
    }
