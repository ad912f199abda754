"""Pushes of code: started, their schema checked against the documents, finished.

Between start and finish nothing changes but the waiting schema; a push that stops half-way leaves only that.
"""

from __future__ import annotations

import time
import uuid
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from sandbox.convex import answers, tables
from sandbox.convex.analysis import Analysis, analyse
from sandbox.convex.code import Source, digest
from sandbox.convex.deployment import Deployment
from sandbox.convex.refusals import Refusal
from sandbox.convex.schema import Schema
from sandbox.convex.schemas import Schemas
from sandbox.convex.values import from_line

_REMEMBERED = 20

Wire = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Push:
    """One that was started."""

    asked: Wire
    modules: dict[str, Source]
    analysis: Analysis
    variables: dict[str, str]
    dry: bool
    started: float = field(default_factory=time.monotonic)


class Pushes:
    """Every push of one deployment."""

    def __init__(self, deployment: Deployment, schemas: Schemas) -> None:
        self._deployment, self._schemas = deployment, schemas
        self._pushes: OrderedDict[str, Push] = OrderedDict()

    def hashes(self) -> Wire:
        """What runs now, so that the CLI sends only what changed."""
        code = self._deployment.code
        modules = code.get("modules", {})
        hashes = [{"path": path, "hash": digest(module), "environment": module["environment"]} for path, module in modules.items()]
        known = {name: code.get(name) for name in ("udfServerVersion", "nodeVersion")}
        return {"config": {"functions": code.get("folder", "convex/")}, "moduleHashes": hashes, **known}

    def evaluate(self, asked: Wire) -> Wire:
        """What a push would do to the indexes."""
        new = self._read(asked).analysis.schema
        return answers.evaluation(Schema.of(new), self._schemas.active, self._deployment.tables())

    def evaluate_push(self, asked: Wire) -> Wire:
        """The same for a CLI that did not get an answer to the above."""
        new = Schema.of(self._read(asked).analysis.schema)
        return {"schemaChange": answers.schema_change("", answers.index_changes(new, self._schemas.active))}

    def start(self, asked: Wire) -> Wire:
        """Take the code, and let its schema wait."""
        self._strike()
        push, token = self._read(asked), uuid.uuid4().hex
        self._remember(token, push)
        if not push.dry:
            self._schemas.submit(token, push.analysis.schema)
        changed = answers.index_changes(Schema.of(push.analysis.schema), self._schemas.active)
        return answers.started(token, push.analysis, push.variables, changed, asked["appDefinition"]["udfServerVersion"])

    def check(self, token: str) -> Wire:
        """Say whether every document is as the waiting schema demands."""
        faults = self._deployment.faults
        push, waiting = self._pushes.get(token), self._schemas.find(token)
        if push is None or (waiting is None and not push.dry) or faults.word("push") == "race":
            return {"type": "raceDetected"}
        if time.monotonic() - push.started < faults.delay("push"):
            return answers.SCHEMA_IN_PROGRESS
        if faults.word("push") == "schema":
            return answers.schema_failed(faults.argument("push", "schema") or "", None)
        if waiting and waiting.failure:
            return answers.schema_failed(waiting.failure, None)
        violation = self._violation(Schema.of(push.analysis.schema))
        if violation and waiting:
            self._schemas.fail(waiting, violation["error"])
        return violation or {"type": "complete"}

    def finish(self, token: str, message: str | None) -> Wire:
        """Put code and schema in force."""
        push = self._pushes.pop(token, None)
        if push is not None and push.dry:
            return self._difference(push)
        waiting = self._schemas.find(token)
        if push is None or waiting is None or waiting.failure:
            raise Refusal("RaceDetected", "Schema or environment variables changed during push")
        if push.variables != self._deployment.variables:
            raise Refusal("RaceDetected", "Environment variables have changed during push")
        difference = self._difference(push)
        with self._deployment.database.transaction() as connection:
            self._schemas.enforce(waiting)
            self._deployment.write("code", self._kept(push, message))
            for name in Schema.of(push.analysis.schema).tables:
                tables.ensure(connection, name)
        return difference

    def _read(self, asked: Wire) -> Push:
        """Put the sent and the unchanged modules together, and analyse them."""
        app, known = asked["appDefinition"], self._deployment.code.get("modules", {})
        if asked["componentDefinitions"]:
            raise Refusal("NotInTheSandbox", "The sandbox takes no components")
        unchanged = {module["path"]: known.get(module["path"]) for module in app["unchangedModuleHashes"]}
        if None in unchanged.values():
            raise Refusal("ModuleNotFound", "A module that did not change is not known here")
        modules = {module["path"]: module for module in app["changedModules"]} | unchanged
        variables = self._deployment.variables
        return Push(
            asked=asked,
            modules=modules,
            analysis=analyse(modules, app["schema"], {"CONVEX_CLOUD_URL": self._deployment.url, **variables}),
            variables=variables,
            dry=asked["dryRun"],
        )

    def _violation(self, schema: Schema) -> Wire | None:
        """The first document that breaks a schema."""
        active = self._schemas.active
        with self._deployment.database.snapshot() as snapshot:
            own = [table for table in tables.listed(snapshot.connection) if not table.component]
            names = {table.number: table.name for table in own}
            for table in own:
                if schema.demanded(table.name) == active.demanded(table.name):
                    continue  # all its documents were checked already
                for line in tables.lines(snapshot.connection, table):
                    document = from_line(line)
                    problem = schema.problem(table.name, document, names)
                    if problem:
                        said = f'Document with ID "{document["_id"]}" in table "{table.name}" does not match the schema: {problem}'
                        return answers.schema_failed(said, table.name)
        return None

    def _difference(self, push: Push) -> Wire:
        before = set(self._deployment.code.get("modules", {}))
        changed = answers.index_changes(Schema.of(push.analysis.schema), self._schemas.active)
        return answers.finished(sorted(set(push.modules) - before), sorted(before - set(push.modules)), changed)

    def _kept(self, push: Push, message: str | None) -> Wire:
        return {
            "modules": push.modules,
            "schema": push.analysis.schema,
            "functions": push.analysis.modules,
            "message": message,
            "at": self._deployment.now.seconds(),
            "pushes": self._deployment.code.get("pushes", 0) + 1,
            "folder": push.asked["functions"],
            "udfServerVersion": push.asked["appDefinition"]["udfServerVersion"],
            "nodeVersion": push.asked.get("nodeVersion"),
        }

    def _remember(self, token: str, push: Push) -> None:
        self._pushes[token] = push
        while len(self._pushes) > _REMEMBERED:
            self._pushes.popitem(last=False)

    def _strike(self) -> None:
        match self._deployment.faults.word("push"):
            case "env":
                name = self._deployment.faults.argument("push", "env")
                said = f"Hit an error while pushing:\nEnvironment variable {name} is used in auth config file but its value was not set"
                raise Refusal("AuthConfigMissingEnvironmentVariable", said)
            case "internal":
                raise Refusal("InternalServerError", "Your request couldn't be completed. Try again later.", 500)
