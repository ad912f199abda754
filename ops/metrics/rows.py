"""The rows that figures are reckoned from: a few columns each, so that 10,000 operations take no longer than a glance."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Engine, select

from ops.approvals import Status
from ops.automated import PREFIX
from ops.backstop import Backstop
from ops.backup import ENVIRONMENT
from ops.database import ApprovalRow, OperationRow, ReleaseRow, StepRow, reading
from ops.metrics.figures import BACKUPS, BRINGS_BACK, Done, Figures, Recovery, Release, reckon

DAYS, MOST_DAYS = 30, 365
_KINDS = (*BACKUPS, *BRINGS_BACK, "deploy")
_RECOVERIES = 8


def measure(backstop: Backstop, now: datetime, days: int = DAYS) -> Figures:
    """The figures of so many days."""
    since, engine = now - timedelta(days=days), backstop.engine
    return reckon(
        done=operations(engine, since),
        recoveries=recoveries(engine),
        releases=releases(engine, since),
        signed=signed(engine, since),
        backups=backstop.catalogue.all(),
        since=since,
        until=now,
    )


def operations(engine: Engine, since: datetime) -> list[Done]:
    """Those that are reckoned with, the oldest first."""
    row = OperationRow
    made = row.result["backup"]
    query = select(
        row.id,
        row.kind,
        row.status,
        row.created_at,
        row.finished_at,
        made["exportSizeBytes"].as_integer().label("size"),
        row.result["folder"]["bytes"].as_integer().label("folder"),
        made["snapshotTimestamp"].as_string().label("snapshot"),
    )
    with reading(engine) as session:
        rows = session.execute(query.where(row.kind.in_(_KINDS), row.created_at >= since).order_by(row.created_at))
        return [
            Done(
                id=each.id,
                kind=each.kind,
                status=each.status,
                created_at=each.created_at,
                finished_at=each.finished_at,
                automated=each.id.startswith(PREFIX),
                size=each.size if each.kind == "full backup" else None,
                folder=each.folder,
                snapshot=datetime.fromisoformat(each.snapshot) if each.snapshot and each.kind == "full backup" else None,
            )
            for each in rows
        ]


def recoveries(engine: Engine) -> list[Recovery]:
    """The last times that data were brought back, with how long each step took, the newest first."""
    row = OperationRow
    query = select(row.id, row.kind, row.created_at).where(row.kind.in_(BRINGS_BACK), row.kind != "salvage", row.status == "succeeded")
    with reading(engine) as session:
        found = session.execute(query.order_by(row.created_at.desc()).limit(_RECOVERIES)).all()
        steps = session.execute(
            select(StepRow.operation_id, StepRow.name, StepRow.started_at, StepRow.finished_at)
            .where(StepRow.operation_id.in_([each.id for each in found]), StepRow.finished_at.is_not(None))
            .order_by(StepRow.position)
        ).all()
    spans: dict[str, list[tuple[str, float]]] = {each.id: [] for each in found}
    for step in steps:
        spans[step.operation_id].append((step.name, (step.finished_at - step.started_at).total_seconds()))
    return [Recovery(id=each.id, kind=each.kind, at=each.created_at, steps=tuple(spans[each.id])) for each in found]


def releases(engine: Engine, since: datetime) -> list[Release]:
    """Production's, the oldest first."""
    query = select(ReleaseRow).where(ReleaseRow.environment == ENVIRONMENT, ReleaseRow.at >= since).order_by(ReleaseRow.at)
    with reading(engine) as session:
        return [Release(kind=each.kind, commit=each.commit, previous=each.previous, at=each.at) for each in session.scalars(query)]


def signed(engine: Engine, since: datetime) -> list[float]:
    """How long people waited for a signature, in seconds."""
    row = ApprovalRow
    query = select(row.asked_at, row.decided_at).where(row.asked_at >= since, row.decided_at.is_not(None), row.role.is_not(None))
    with reading(engine) as session:
        found = session.execute(query.where(row.status.in_((Status.APPROVED, Status.REJECTED)))).all()
        return [(each.decided_at - each.asked_at).total_seconds() for each in found]
