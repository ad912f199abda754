"""Imports: uploaded, waiting to be confirmed, in progress, completed or failed. What was begun goes on after a restart."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from threading import Lock
from typing import Any

from sandbox.convex import changes, ids, kept, tables
from sandbox.convex.deployment import Deployment
from sandbox.convex.incoming import Incoming, check_format, reading
from sandbox.convex.refusals import Refusal
from sandbox.convex.restoring import Restoring
from sandbox.convex.schemas import Schemas
from sandbox.convex.uploads import Uploads

_log = logging.getLogger(__name__)

_NUMBER = 27  # of the system's table of imports
_KEPT = 20
_AT_ONCE, _APART = 100, 0.1  # tables that are told one by one, then seconds
_OVER = ("completed", "failed")
_MODES = ("requireEmpty", "append", "replace", "replaceAll")
_CANCELED = "Import canceled"

Import = dict[str, Any]


class _Told:
    """How far an import was said to be: all of it again each time, so of thousands of tables not each is told by itself."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self._at = -_APART

    def is_due(self) -> bool:
        """Whether it is time to say it; the first few are said at once."""
        due = len(self.done) < _AT_ONCE or time.monotonic() - self._at >= _APART
        self._at = time.monotonic() if due else self._at
        return due


class Imports:
    """Every import of one deployment."""

    def __init__(self, deployment: Deployment, schemas: Schemas) -> None:
        self._deployment, self._schemas = deployment, schemas
        self._one_at_a_time = Lock()
        self.uploads = Uploads(deployment.folder / "uploads")
        self._folder = deployment.folder / "imports"
        self._folder.mkdir(exist_ok=True)

    def resume(self) -> None:
        """Go on with what a stop interrupted; an append cannot know how far it came."""
        with self._deployment.database.transaction() as connection:
            tables.drop_hidden(connection)
        for document in self.listed():
            if document["state"]["state"] == "uploaded":
                self._deployment.workers.start(partial(self._prepare, document["_id"]))
            elif document["state"]["state"] == "in_progress" and document["mode"] == "append":
                self._advance(document["_id"], _failed("The import was interrupted and cannot be resumed"))
            elif document["state"]["state"] == "in_progress":
                self._deployment.workers.start(partial(self._perform, document["_id"]))

    def listed(self) -> list[Import]:
        """Every import's document, newest first."""
        documents: list[Import] = self._deployment.read("imports", [])
        return documents

    def shown(self) -> list[Import]:
        """The same as the CLI sees it: with one more under way as a fault."""
        busy = {"_id": ids.new(_NUMBER), "state": _in_progress("Importing", [])}
        return ([busy] if self._deployment.faults.get("import_busy") else []) + [_spelled(document) for document in self.listed()]

    def find(self, identifier: str) -> Import | None:
        """One import's document as the CLI sees it."""
        return next((_spelled(document) for document in self.listed() if document["_id"] == identifier), None)

    def add(self, asked: dict[str, Any], token: str, parts: list[str]) -> str:
        """Take what was uploaded; return the import's id."""
        form, table = asked["format"], asked.get("tableName")
        check_format(form, table)
        if asked.get("mode", _MODES[0]) not in _MODES:
            raise Refusal("InvalidImportMode", f"There is no mode {asked['mode']}")
        document = _uploaded(asked, self._deployment.now.seconds())
        self.uploads.finish(token, parts, self._folder / document["_id"])
        with self._deployment.database.transaction() as connection:
            kept.write(connection, "imports", [document, *self.listed()][:_KEPT])
        self._deployment.workers.start(partial(self._prepare, document["_id"]))
        return str(document["_id"])

    def confirm(self, identifier: str) -> None:
        """Begin one that waits."""
        self._expect(identifier, "waiting_for_confirmation")
        self._advance(identifier, _in_progress("Importing", []))
        self._deployment.workers.start(partial(self._perform, identifier))

    def cancel(self, identifier: str) -> None:
        """End one before it is done; nothing of it stays."""
        if self._expect(identifier)["state"]["state"] in _OVER:
            raise Refusal("ImportAlreadyFinished", "The import is over and cannot be canceled")
        self._advance(identifier, _failed(_CANCELED))

    def _expect(self, identifier: str, state: str | None = None) -> Import:
        document = next((document for document in self.listed() if document["_id"] == identifier), None)
        if document is None:
            raise Refusal("ImportNotFound", f"import {identifier} not found", 404)
        if state and document["state"]["state"] != state:
            raise Refusal("ImportNotWaiting", f"The import is {document['state']['state']}")
        return document

    def _prepare(self, identifier: str) -> None:
        deployment, document = self._deployment, self._expect(identifier)
        deployment.workers.pause(deployment.step)
        with self._failing(identifier):
            if deployment.faults.word("import") == "parse":
                raise Refusal("ImportFailed", deployment.faults.argument("import", "parse") or "")
            with self._reading(document) as incoming, deployment.database.snapshot() as snapshot:
                found = changes.work_out(incoming, document["mode"], snapshot.connection)
            waiting = {"message_to_confirm": changes.message(found), "require_manual_confirmation": changes.deletes(found)}
            self._advance(identifier, {"state": "waiting_for_confirmation", **waiting})

    def _perform(self, identifier: str) -> None:
        with self._one_at_a_time, self._failing(identifier), self._reading(self._expect(identifier)) as incoming:
            if self._deployment.faults.word("import") != "hang":
                self._restore(identifier, incoming)

    def _restore(self, identifier: str, incoming: Incoming) -> None:
        restoring = Restoring(self._deployment, self._schemas, self._expect(identifier)["mode"], incoming)
        told = _Told()
        self._deployment.linger("import")
        try:
            written = restoring.run(partial(self._tell, identifier, told))
            with self._deployment.database.transaction() as connection:
                self._expect(identifier, "in_progress")  # it may have been canceled
                restoring.finish(connection)
                self._advance(
                    identifier, {"state": "completed", "timestamp": self._deployment.now.nanoseconds(), "num_rows_written": written}
                )
        except BaseException:
            restoring.give_up()
            raise

    def _tell(self, identifier: str, told: _Told, message: str, finished: bool) -> None:
        """Say how far it is, and let a fault strike after the first table."""
        if finished:
            told.done.append(message)
        if told.is_due():
            self._advance(identifier, _in_progress(message, told.done))
            self._deployment.workers.pause(self._deployment.step)
        if finished:
            self._strike(identifier)

    def _strike(self, identifier: str) -> None:
        match self._deployment.faults.word("import"):
            case "fail":
                raise Refusal("ImportFailed", self._deployment.faults.argument("import", "fail") or "")
            case "cancel":
                self.cancel(identifier)
        self._expect(identifier, "in_progress")

    @contextmanager
    def _reading(self, document: Import) -> Iterator[Incoming]:
        place = document["component_path"] or "", document["format"].get("table", "")
        with reading(self._folder / document["_id"], document["form"], place) as incoming:
            yield incoming

    @contextmanager
    def _failing(self, identifier: str) -> Iterator[None]:
        """Whatever is wrong with an import becomes its state; what was canceled stays canceled."""
        try:
            yield
        except Refusal as refusal:
            self._advance(identifier, _failed(f"Hit an error while importing:\n{refusal.message}"))
        except (ValueError, KeyError, TypeError, OSError) as error:  # an upload may hold anything
            _log.exception("an import failed")
            self._advance(identifier, _failed(f"Hit an error while importing:\n{error}"))

    def _advance(self, identifier: str, state: dict[str, Any]) -> None:
        """Go on to the next state, unless the import is over."""
        with self._deployment.database.transaction() as connection:
            documents: list[Import] = kept.read(connection, "imports", [])
            for document in documents:
                if document["_id"] == identifier and document["state"]["state"] not in _OVER:
                    document["state"] = state
            kept.write(connection, "imports", documents)
        if state["state"] in _OVER:
            (self._folder / identifier).unlink(missing_ok=True)


def _uploaded(asked: dict[str, Any], at: float) -> Import:
    form, table = asked["format"], asked.get("tableName")
    spelling = {"jsonLines": "jsonl", "jsonArray": "json_array"}.get(form, form)
    return {
        "_id": ids.new(_NUMBER),
        "_creationTime": at * 1000,
        "state": {"state": "uploaded"},
        "form": form,
        "format": {"format": spelling} | ({"table": table} if table else {}),
        "mode": asked.get("mode", _MODES[0]),
        "component_path": asked.get("componentPath"),
        "fq_object_key": f"local/{uuid.uuid4().hex}",
        "member_id": None,
        "checkpoints": None,
        "requestor": {"type": "snapshotImport"},
    }


def _spelled(document: Import) -> Import:
    """As Convex writes it: ``ReplaceAll``."""
    shown = {name: value for name, value in document.items() if name != "form"}
    return shown | {"mode": document["mode"][0].upper() + document["mode"][1:]}


def _in_progress(message: str, done: list[str]) -> dict[str, Any]:
    return {"state": "in_progress", "progress_message": message, "checkpoint_messages": done}


def _failed(message: str) -> dict[str, Any]:
    return {"state": "failed", "error_message": message}
