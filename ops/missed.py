"""Automated backups that never came, because nothing ran that could begin them: each is a line of the activity log (B2).

What began and failed is an operation, and stays one. A moment for which there is no operation leaves no other trace, so it is
written down once the next one is due; the figures, the health post and the evidence count it from there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Engine, and_, select
from sqlalchemy.orm import Session

from ops import activity, schedules
from ops.backstop import Backstop
from ops.database import ActivityRow, OperationRow, reading

WHO = "schedule"
OUTCOME = "missed"
LONGEST = timedelta(days=365)  # that is looked back, as the figures do
_NAMED = "automated-%Y-%m-%d-%H%M"  # in UTC


@dataclass(frozen=True, kw_only=True)
class Missed:
    """One of them."""

    id: str  # of the operation that should have taken it
    due: datetime
    noted: datetime
    text: str


def named(moment: datetime) -> str:
    """The operation that belongs to a moment. Pure."""
    return f"{moment.astimezone(UTC):{_NAMED}}"


def moments(times: Sequence[str], zone: ZoneInfo, begin: datetime, end: datetime) -> list[datetime]:
    """When automated backups were due, from ``begin`` to before ``end``, the oldest first. Pure."""
    found: set[datetime] = set()
    for each in times:
        moment = schedules.latest(each, zone, end - timedelta(seconds=1)).astimezone(UTC)
        while moment >= begin:
            found.add(moment)
            moment = schedules.latest(each, zone, moment - timedelta(seconds=1)).astimezone(UTC)
    return sorted(found)


def note(backstop: Backstop, begin: datetime, end: datetime, why: Callable[[datetime], str], told: datetime | None = None) -> None:
    """Write down each moment of a span for which nothing was begun, unless it is.

    Args:
        backstop: of the environment that backups are taken of.
        begin: the first moment that counts.
        end: of what is due then, it is not known yet.
        why: nothing was begun then.
        told: a moment of whose backup an alert said that it had not begun; it may lie before the span.
    """
    schedule, zone = backstop.settings.schedule.backup, backstop.settings.team.zoneinfo
    before = [told.astimezone(UTC)] if told is not None and told < end else []
    passed = {named(each): each for each in [*before, *moments(schedule, zone, max(begin, end - LONGEST), end)]}
    if not passed:
        return
    with Session(backstop.engine) as session, session.begin():
        activity.hold(session)
        began = set(session.scalars(select(OperationRow.id).where(OperationRow.id.in_(passed))))
        known = set(session.scalars(select(ActivityRow.operation_id).where(_lived())))
        for each, due in passed.items():
            if each not in began | known:
                text = f"The automated backup that was due {due:%Y-%m-%d %H:%M} UTC did not come: {why(due)}"
                activity.append(session, who=WHO, text=text, outcome=OUTCOME, operation_id=each)


def of(engine: Engine, since: datetime) -> list[Missed]:
    """Those that were written down since then, in the order of their moments; once each, though the log may have two lines of one."""
    row = ActivityRow
    query = select(row).where(_lived(), row.at >= since.astimezone(UTC).isoformat(), activity.BELONGS).order_by(row.seq)
    with reading(engine) as session:
        found = {each.id: each for row in session.scalars(query) if (each := _missed(row))}
    return sorted(found.values(), key=lambda each: each.due)


def _lived() -> ColumnElement[bool]:
    """Lines of missed backups; not those of a clock that was ahead, which tell of days that have not come."""
    return and_(ActivityRow.outcome == OUTCOME, ActivityRow.at <= (datetime.now(UTC) + schedules.APART).isoformat())


def _missed(row: ActivityRow) -> Missed | None:
    """A line as a value; None where it was changed into what names no moment, which is for verifying the log to say."""
    operation, noted = row.operation_id or "", activity.time_of(row.at)
    try:
        due = datetime.strptime(operation, _NAMED).replace(tzinfo=UTC)
    except ValueError:
        return None
    return Missed(id=operation, due=due, noted=noted, text=row.text) if noted else None
