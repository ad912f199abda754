"""Evidence for a period: what an auditor asks for, one record a line, with the place in the hash chain that vouches for it (X10).

Backups that were taken (whether they are still kept or not), what was verified and drilled, who signed what, what was missed and
alerted, what people ticked; and the lines of the activity log, with the hashes by which anybody can check that none is missing.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ops import activity, by_hand, missed
from ops.backstop import Backstop
from ops.database import ActivityRow, AlertRow, ApprovalRow, OperationRow, TickRow, reading
from ops.errors import Refused
from ops.facts import GOOD

COLUMNS = ("record", "at", "who", "what", "outcome", "id", "details")
_KINDS = {
    "quick backup": "backup",
    "full backup": "backup",
    "verify": "verification",
    "verification": "verification",
    "drill": "drill",
    "deploy": "change",
    "quick rollback": "change",
    "full rollback": "change",
    "restore": "restore",
    "staging restore": "restore",
    "salvage": "restore",
}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would reckon with what begins so

Record = dict[str, Any]


def period(text: str, zone: ZoneInfo, now: datetime) -> tuple[datetime, datetime]:
    """A month (``2026-10``) or a year (``2026``), by the team's clock: its beginning, and that of the next. Pure.

    Raises:
        Refused: it is none, or has not begun.
    """
    match = re.fullmatch(r"([12]\d\d\d)(?:-(0[1-9]|1[0-2]))?", text.strip())
    if match is None:
        raise Refused(
            f"“{text.strip()[:20]}” is neither a month nor a year.", "`/ops evidence 2026-10` for a month, `/ops evidence 2026` for a year."
        )
    year, month = int(match[1]), int(match[2] or 1)
    ends = (year + month // 12, month % 12 + 1) if match[2] else (year + 1, 1)
    begin = datetime(year, month, 1, tzinfo=zone)
    if begin > now:
        raise Refused(f"{text.strip()} has not begun.", "Name one that has; of the present month there is what was done until now.")
    return begin, datetime(*ends, 1, tzinfo=zone)


def collect(backstop: Backstop, begin: datetime, end: datetime) -> list[Record]:
    """Every record of a period, in the order of time."""
    with reading(backstop.engine) as session:
        found = [*_operations(session, begin, end), *_approvals(session, begin, end), *_alerts(session, begin, end)]
        found += [*_ticks(session, begin, end), *_lines(session, begin, end)]
    found += _missed(backstop.engine, begin, end)
    return sorted(found, key=lambda each: (each["at"], each["record"], each["id"]))


def _operations(session: Session, begin: datetime, end: datetime) -> Iterator[Record]:
    """What was done, and what was missed."""
    row = OperationRow
    for each in session.scalars(select(row).where(row.created_at >= begin, row.created_at < end, row.kind.in_(_KINDS))):
        yield _record(
            _KINDS[each.kind],
            each.created_at,
            each.requested_by,
            each.kind,
            each.status,
            each.id,
            _details(each, each.params.get("bound") or {}),
        )
        if _KINDS[each.kind] in {"change", "restore"} and (made := each.result.get("backup")):
            yield _on_the_way(each, made)


def _on_the_way(operation: OperationRow, made: Mapping[str, Any]) -> Record:
    """The backup that a deploy, a rollback or a restore took first."""
    taken, good = datetime.fromisoformat(made["timestamp"]), int(made["level"] or 0) >= GOOD
    details = {"environment": operation.environment} | _of(made)
    return _record(
        "backup", taken, operation.requested_by, f"{made['type']} backup", "succeeded" if good else "failed", operation.id, details
    )


def _missed(engine: Engine, begin: datetime, end: datetime) -> Iterator[Record]:
    """Automated backups that never came, each at the moment at which it was due."""
    for each in missed.of(engine, begin):
        if begin <= each.due < end:
            details = {"error": each.text, "notedAt": each.noted.isoformat()}
            yield _record("backup", each.due, missed.WHO, "full backup", missed.OUTCOME, each.id, details)


def _details(each: OperationRow, bound: dict[str, Any]) -> Record:
    """What is worth keeping of an operation: no row of anybody's data is among it."""
    made, result = each.result.get("backup"), each.result
    details: Record = {"environment": each.environment, "finishedAt": each.finished_at.isoformat() if each.finished_at else None}
    if bound.get("backup"):
        details["backup"] = bound["backup"]
    elif made and _KINDS[each.kind] == "backup":
        details |= _of(made)
    for name in ("level", "items", "verifier", "safety", "commit", "was"):
        if result.get(name) is not None:
            details[name] = result[name]
    if proof := result.get("proof"):
        details["proof"] = {name: proof.get(name) for name in ("of", "equal", "different")}
    if drill := result.get("drill"):
        details["drill"] = {name: drill.get(name) for name in ("scenario", "seconds", "total", "rto", "loss", "rpo")}
    return details | ({"error": each.error} if each.error else {})


def _of(made: Mapping[str, Any]) -> Record:
    """What is worth keeping of a backup."""
    return {name: made.get(name) for name in ("id", "purpose", "commitHash", "exportSizeBytes", "sha256", "snapshotTimestamp")}


def _approvals(session: Session, begin: datetime, end: datetime) -> Iterator[Record]:
    """Who was asked, and who signed."""
    row = ApprovalRow
    for each in session.scalars(select(row).where(row.asked_at >= begin, row.asked_at < end)):
        details = {
            "role": each.role,
            "digest": each.digest,
            "decidedBy": each.decided_by,
            "decidedAt": each.decided_at.isoformat() if each.decided_at else None,
            "why": each.why,
            "operation": each.operation_id,
        }
        if each.asked_at is not None:
            yield _record("approval", each.asked_at, each.requested_by, each.kind, each.status, each.id, details)


def _alerts(session: Session, begin: datetime, end: datetime) -> Iterator[Record]:
    """What was wrong, who was told, how it ended."""
    row = AlertRow
    for each in session.scalars(select(row).where(row.opened_at >= begin, row.opened_at < end)):
        details = {
            "severity": each.severity,
            "text": each.text,
            "acknowledgedBy": each.acknowledged_by,
            "resolvedAt": each.resolved_at.isoformat() if each.resolved_at else None,
            "how": each.how,
        }
        yield _record("alert", each.opened_at, "", each.title, "over" if each.resolved_at else "open", each.id, details)


def _ticks(session: Session, begin: datetime, end: datetime) -> Iterator[Record]:
    """What people ticked on the checklists."""
    for each in session.scalars(select(TickRow).where(TickRow.at >= begin, TickRow.at < end)):
        outcome = "failed" if by_hand.wrong(each.fields) else "done"
        yield _record("checklist", each.at, each.by, each.item, outcome, each.checklist_id, dict(each.fields))


def _lines(session: Session, begin: datetime, end: datetime) -> Iterator[Record]:
    """The activity log, with its hashes; a line whose time was changed into none stands beside the one before it."""
    row, when = ActivityRow, begin
    for each in session.scalars(select(row).where(activity.BELONGS).order_by(row.seq).execution_options(yield_per=1000)):
        at = activity.time_of(each.at)
        when = at or when
        if begin <= when < end:
            details = {"seq": each.seq, "previousHash": each.previous_hash, "hash": each.hash}
            details |= {"operation": each.operation_id, "backup": each.backup_id}
            details |= {} if at else {"changed": f"its time cannot be read: {each.at!r:.60}"}
            yield _record("log", when, str(each.who), str(each.text), each.outcome, str(each.seq), details)


def _record(record: str, at: datetime, who: str, what: str, outcome: str, id: str, details: Record) -> Record:  # noqa: A002, PLR0913, PLR0917 # the columns
    """One of them, with the columns of all."""
    values = (record, at.astimezone(UTC).isoformat(), who, what, str(outcome), id, details)
    return dict(zip(COLUMNS, values, strict=True))


def as_lines(records: Sequence[Record]) -> bytes:
    """JSON, one record a line. Pure."""
    return "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in records).encode()


def as_csv(records: Sequence[Record]) -> bytes:
    """A table for a spreadsheet, the details as JSON; nothing in it is a formula. Pure."""
    written = io.StringIO()
    rows = csv.writer(written)
    rows.writerow(COLUMNS)
    for each in records:
        rows.writerow([_harmless(each[name] if name != "details" else json.dumps(each[name], ensure_ascii=False)) for name in COLUMNS])
    return written.getvalue().encode("utf-8-sig")


def _harmless(text: str) -> str:
    """A cell that no spreadsheet reckons with."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def summary(records: Sequence[Record]) -> dict[str, int]:
    """How many of each sort. Pure."""
    sorts = dict.fromkeys(each["record"] for each in records)
    return {sort: sum(each["record"] == sort for each in records) for sort in sorts}
