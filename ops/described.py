"""Backups, log lines and operations as JSON: what the terminal prints and the cards are drawn from."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from ops.activity import Line
from ops.journal import OperationView
from ops.manifest import Backup, timestamp_text
from ops.trash import Thrown


def backup(made: Backup) -> dict[str, Any]:
    """A backup: its manifest's keys, then what was learnt."""
    return {
        "id": made.id,
        "type": made.type,
        "timestamp": timestamp_text(made.timestamp),
        "commitHash": made.commit_hash,
        "commitMessage": made.commit_message,
        "branch": made.branch,
        "notes": made.notes,
        "purpose": made.purpose,
        "label": made.label,
        "createdBy": made.created_by,
        "deployment": made.deployment,
        "exportSizeBytes": made.size,
        "sha256": made.sha256,
        "rows": made.rows,
        "snapshotTimestamp": _time(made.snapshot_timestamp),
        "operationId": made.operation_id,
        "level": made.facts.level,
        "levelAt": _time(made.facts.level_at),
        "levelItems": made.facts.items,
        "verifier": made.facts.verifier,
        "restoredAt": _time(made.facts.restored_at),
        "failed": made.facts.failed,
        "warnings": list(made.facts.warnings),
        "pinned": made.facts.pinned,
        "pinReason": made.facts.pin_reason,
        "problem": made.problem,
    }


def whole(made: Backup) -> dict[str, Any]:
    """A backup with each of its tables."""
    tables = None if made.tables is None else {name: asdict(table) for name, table in made.tables.items()}
    return {**backup(made), "tables": tables}


def thrown(found: Thrown) -> dict[str, Any]:
    """A backup in the trash."""
    return {**backup(found.backup), "deletedBy": found.backup.facts.trashed_by, "goneAt": _time(found.until)}


def line(entry: Line) -> dict[str, Any]:
    """A line of the activity log."""
    return {
        "seq": entry.seq,
        "at": _time(entry.at),
        "who": entry.who,
        "text": entry.text,
        "outcome": entry.outcome,
        "operationId": entry.operation_id,
        "backupId": entry.backup_id,
        "hash": entry.hash,
    }


def operation(view: OperationView) -> dict[str, Any]:
    """An operation and how it stands."""
    return {
        "operationId": view.id,
        "kind": view.kind,
        "environment": view.environment,
        "outcome": view.status.value,
        "requestedBy": view.requested_by,
        "startedAt": _time(view.created_at),
        "finishedAt": _time(view.finished_at),
        "steps": [{"name": step.name, "state": step.state, "seconds": _seconds(step.started_at, step.finished_at)} for step in view.steps],
        "error": view.error,
        "remedy": view.remedy,
    }


def _time(at: datetime | None) -> str | None:
    """A time as the manifests write it."""
    return timestamp_text(at) if at else None


def _seconds(began: datetime, ended: datetime | None) -> float | None:
    """How long it took, to the millisecond."""
    return round((ended - began).total_seconds(), 3) if ended else None
