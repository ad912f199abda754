"""The rows that figures are reckoned from: a few columns each, so that 10,000 operations take no longer than a glance."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import BigInteger, Engine, cast, or_, select
from sqlalchemy.orm import Session

from ops import missed
from ops.approvals import Status
from ops.automated import PREFIX
from ops.backstop import Backstop
from ops.backup import ENVIRONMENT
from ops.database import ApprovalRow, OperationRow, ReleaseRow, StepRow, reading
from ops.metrics.figures import BACKUPS, BRINGS_BACK, Done, Figures, Recovery, Release, reckon
from ops.recoveries import spans

DAYS, MOST_DAYS = 30, 365
_KINDS = (*BACKUPS, *BRINGS_BACK, "deploy")
_RECOVERIES = 8
NEVER_CAME = "backup that never came"  # counted among the automated ones, not among the full backups that were begun
_NOTHING = (None, None, None, None)
_of = OperationRow.result[("backup", "deployment", "label")].as_string()


def measure(backstop: Backstop, now: datetime, days: int = DAYS) -> Figures:
    """The figures of so many days."""
    since, engine, label = now - timedelta(days=days), backstop.engine, backstop.settings.convex.production.name
    return reckon(
        done=operations(engine, since),
        recoveries=recoveries(engine),
        releases=releases(engine, since),
        signed=signed(engine, since),
        backups=backstop.catalogue.all(),
        since=since,
        until=now,
        label=label,
        earlier=snapshot_before(engine, since, label),
    )


def weeks(backstop: Backstop, end: datetime) -> tuple[Figures, Figures]:
    """The seven days up to a moment, and the seven before; what hangs on the backups that are kept now is unknown of the latter."""
    engine, label = backstop.engine, backstop.settings.convex.production.name
    between, since = end - timedelta(days=7), end - timedelta(days=14)
    done = [each for each in operations(engine, since) if each.created_at < end]
    went = [each for each in releases(engine, since) if each.at < end]
    this = reckon(
        done=[each for each in done if each.created_at >= between],
        recoveries=recoveries(engine),
        releases=[each for each in went if each.at >= between],
        signed=signed(engine, between, end),
        backups=backstop.catalogue.all(),
        since=between,
        until=end,
        label=label,
        earlier=snapshot_before(engine, between, label),
    )
    before = reckon(
        done=[each for each in done if each.created_at < between],
        recoveries=(),
        releases=[each for each in went if each.at < between],
        signed=signed(engine, since, between),
        backups=(),
        since=since,
        until=between,
        label=label,
        earlier=snapshot_before(engine, since, label),
    )
    return this, before


def operations(engine: Engine, since: datetime) -> list[Done]:
    """Those that are reckoned with, the oldest first."""
    row = OperationRow
    query = select(row.id, row.kind, row.status, row.created_at, row.finished_at)
    with reading(engine) as session:
        rows = session.execute(query.where(row.kind.in_(_KINDS), row.created_at >= since).order_by(row.created_at)).all()
        made = _made(session, since)
    done = [Done(*each, each.id.startswith(PREFIX), *made.get(each.id, _NOTHING)) for each in rows]
    never = [Done(each.id, NEVER_CAME, "failed", each.due, None, automated=True) for each in missed.of(engine, since) if each.due >= since]
    return sorted([*done, *never], key=lambda each: each.created_at) if never else done


def _made(session: Session, since: datetime) -> dict[str, tuple[int | None, int | None, datetime | None, str | None]]:
    """Of each full backup its archive's size, the folder's after it, of when and of what its data are; the database reads the JSON."""
    row = OperationRow
    size, folder, at = (
        row.result[path].as_string() for path in (("backup", "exportSizeBytes"), ("folder", "bytes"), ("backup", "snapshotTimestamp"))
    )
    query = select(row.id, cast(size, BigInteger), cast(folder, BigInteger), at, _of)
    found = session.execute(query.where(row.kind == "full backup", row.status == "succeeded", row.created_at >= since))
    return {name: (size, folder, datetime.fromisoformat(at) if at else None, of) for name, size, folder, at, of in found}


def snapshot_before(engine: Engine, since: datetime, label: str) -> datetime | None:
    """Of when the data are of the deployment's last full backup from before: what was at stake until the first one after it."""
    row = OperationRow
    query = select(row.created_at, row.result[("backup", "snapshotTimestamp")].as_string())
    query = query.where(row.kind == "full backup", row.status == "succeeded", row.created_at < since, or_(_of.is_(None), _of == label))
    with reading(engine) as session:
        last = session.execute(query.order_by(row.created_at.desc()).limit(1)).first()
    if last is None:
        return None
    began, snapshot = last
    return datetime.fromisoformat(snapshot) if snapshot else began


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
    return [
        Recovery(id=each.id, kind=each.kind, at=each.created_at, steps=spans(step for step in steps if step.operation_id == each.id))
        for each in found
    ]


def releases(engine: Engine, since: datetime) -> list[Release]:
    """Production's, the oldest first."""
    query = select(ReleaseRow).where(ReleaseRow.environment == ENVIRONMENT, ReleaseRow.at >= since).order_by(ReleaseRow.at)
    with reading(engine) as session:
        return [Release(kind=each.kind, commit=each.commit, previous=each.previous, at=each.at) for each in session.scalars(query)]


def signed(engine: Engine, since: datetime, until: datetime | None = None) -> list[float]:
    """How long people waited for a signature, in seconds."""
    row = ApprovalRow
    query = select(row.asked_at, row.decided_at).where(
        row.asked_at >= since,
        row.asked_at < (until or datetime.max.replace(tzinfo=UTC)),
        row.decided_at.is_not(None),
        row.role.is_not(None),
    )
    with reading(engine) as session:
        found = session.execute(query.where(row.status.in_((Status.APPROVED, Status.REJECTED)))).all()
        return [(each.decided_at - each.asked_at).total_seconds() for each in found]
