"""What a deployment answers to the steps of a push, as the CLI reads it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.convex.analysis import Analysis
from sandbox.convex.schema import Schema
from sandbox.convex.values import to_wire

Wire = dict[str, Any]

SCHEMA_IN_PROGRESS: Wire = {
    "type": "inProgress",
    "components": {"": {"schemaValidationComplete": False, "indexesComplete": 0, "indexesTotal": 0}},
}


def evaluation(new: Schema, old: Schema, rows: Mapping[str, int]) -> Wire:
    """To ``evaluate_schema``: each index with what becomes of it and how many documents it covers."""
    before, after = old.indexes(), new.indexes()
    changed = index_changes(new, old)
    indexes = [
        *(_prediction(index, "added", rows) for index in changed["added_indexes"]),
        *(_prediction(index, "dropped", rows) for index in changed["removed_indexes"]),
        *(_prediction(index, "identical", rows) for name, index in after.items() if before.get(name) == index),
    ]
    told = {"definitionPath": "", "schemaValidation": new.validation, "tables": [], "indexes": indexes, "discardedStagedValidators": []}
    return {"componentSchemaEvaluations": {"": told}, "newComponentDefinitions": []}


def index_changes(new: Schema, old: Schema) -> Wire:
    """The indexes that come and go."""
    before, after = old.indexes(), new.indexes()
    return {
        "added_indexes": [index for name, index in after.items() if before.get(name) != index],
        "removed_indexes": [index for name, index in before.items() if after.get(name) != index],
        "enabled_indexes": [],
        "disabled_indexes": [],
    }


def started(token: str, analysis: Analysis, variables: Mapping[str, str], changed: Wire, server_version: str) -> Wire:
    """To ``start_push``. The CLI hands it back at the end, so the token is in it."""
    return {
        "environmentVariables": dict(variables),
        "externalDepsId": None,
        "componentDefinitionPackages": {"": {"token": token}},
        "appAuth": [],
        "analysis": {"": _analysis(analysis, server_version)},
        "app": {
            "definitionPath": "",
            "componentPath": "",
            "args": {},
            "childComponents": {},
            "httpRoutes": {"httpModuleRoutes": None, "mounts": []},
            "exports": {},
        },
        "schemaChange": schema_change(token, changed),
    }


def schema_change(token: str, changed: Wire) -> Wire:
    """What a push does to the schema."""
    return {"allocatedComponentIds": {}, "schemaIds": {"": token}, "indexDiffs": {"": changed}}


def token(schema_change: Wire) -> str:
    """Which push the CLI speaks of."""
    return str((schema_change.get("schemaIds") or {}).get("", ""))


def schema_failed(problem: str, table: str | None) -> Wire:
    """To ``wait_for_schema``: a document breaks the schema."""
    return {"type": "failed", "error": problem, "componentPath": "", "tableName": table}


def finished(added: list[str], removed: list[str], changed: Wire) -> Wire:
    """To ``finish_push``: what is different now."""
    told = {
        "diffType": {"type": "modify"},
        "moduleDiff": {"added": added, "removed": removed},
        "udfConfigDiff": None,
        "cronDiff": {"added": [], "updated": [], "deleted": []},
        "indexDiff": changed,
        "schemaDiff": None,
    }
    return {"authDiff": {"added": [], "removed": []}, "definitionDiffs": {}, "componentDiffs": {"": told}}


def _analysis(analysis: Analysis, server_version: str) -> Wire:
    return {
        "definition": {
            "path": "",
            "definitionType": {"type": "app"},
            "childComponents": [],
            "httpMounts": {},
            "exports": {"type": "branch", "branch": []},
        },
        "schema": analysis.schema,
        "functions": analysis.modules,
        "udfConfig": {"serverVersion": server_version, "importPhaseRngSeed": {"$bytes": ""}, "importPhaseUnixTimestamp": to_wire(0)},
    }


def _prediction(index: Wire, change: str, rows: Mapping[str, int]) -> Wire:
    documents = rows.get(index["name"].partition(".")[0], 0)
    return {**index, "change": change, "needsBackfill": change == "added", "numDocs": documents}
