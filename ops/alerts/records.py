"""The alerts' rows: one open alert for each cause, opened, brought up to date and ended.

A state that is over and comes back within the hour is the same alert, opened again. Nobody hears of what flaps: neither of its end nor
of its return. What comes back otherwise, or happens once more to production, begins anew: nobody has it in hand, and all hear of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, Select, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ops import activity
from ops.alerts.alert import EACH_COUNTS, FLAPS, LOG, Alert, Cause, of_row
from ops.database import AlertRow, DeliveryRow, reading
from ops.errors import Refused
from ops.schedules import APART

WHO = "alerts"
SAME = timedelta(hours=1)  # within which what comes back is the same alert
BEFORE = "before"  # what was told of an alert that began anew since

Tell = Callable[[Session, Alert], None]
"""Lets people hear of a change, in the transaction of that change: a stop in between loses neither."""


def keep(engine: Engine, cause: Cause, now: datetime) -> None:
    """Something is wrong: open its alert, or bring the open one up to date."""
    try:
        with Session(engine) as session, session.begin():
            row = session.scalar(select(AlertRow).where(AlertRow.open_key == cause.key).with_for_update())
            if row is None:
                _open(session, cause, now)
            elif cause.key.split(":")[0] in EACH_COUNTS and cause.at > row.at:
                row.snoozed_by = row.snoozed_until = row.snoozed_why = None
                _begin_anew(row)
                _again(session, row, cause, now)
            elif (row.title, row.text, row.severity) != (cause.title, cause.text, cause.severity):
                _bring_up_to_date(row, cause)
                event(row, "changed", cause.text, now)
    except IntegrityError:
        return  # another bot opened it in this very moment


def _open(session: Session, cause: Cause, now: datetime) -> None:
    """A new alert, or the one that was over a moment ago."""
    last = session.scalar(_newest(cause.key, now))
    if last is not None and last.resolved_at is not None and _comes_back(last, cause) and now - last.resolved_at < SAME:
        last.resolved_at = last.resolved_by = last.how = None
        last.open_key = cause.key
        if cause.key.split(":")[0] in FLAPS:
            _keep_its_end(session, last.id)
        else:
            _begin_anew(last)
        _again(session, last, cause, now)
    else:
        row = AlertRow(
            id=f"{cause.key}-{int(now.timestamp() * 1000)}", key=cause.key, open_key=cause.key, opened_at=now, changed_at=now, events=[]
        )
        _bring_up_to_date(row, cause)
        session.add(row)
        _log(session, cause)


def _newest(key: str, now: datetime) -> Select[AlertRow]:
    """The newest row of a cause that was opened by now."""
    rows = select(AlertRow).where(AlertRow.key == key, AlertRow.opened_at <= now + APART)
    return rows.order_by(AlertRow.opened_at.desc()).limit(1)


def _comes_back(last: AlertRow, cause: Cause) -> bool:
    """Whether a cause is the same thing again: a state, or what comes and goes about one operation, unless a person ended it. Pure."""
    return cause.lasting or (cause.key.split(":")[0] in FLAPS and last.resolved_by is None and last.about == cause.about)


def _bring_up_to_date(row: AlertRow, cause: Cause) -> None:
    """What is wrong now."""
    row.severity, row.title, row.text, row.remedy = cause.severity, cause.title, cause.text, cause.remedy
    row.about, row.at = cause.about, cause.at


def _again(session: Session, row: AlertRow, cause: Cause, now: datetime) -> None:
    """It is so again."""
    _bring_up_to_date(row, cause)
    event(row, "again", cause.text, now)
    _log(session, cause)


def _begin_anew(row: AlertRow) -> None:
    """Nobody has it in hand, and all hear of it at once."""
    row.acknowledged_by = row.acknowledged_at = None
    if row.told_at is not None:
        row.told_at, row.told = None, BEFORE


def _keep_its_end(session: Session, alert_id: str) -> None:
    """Of an end that did not last nobody hears."""
    waiting = update(DeliveryRow).where(DeliveryRow.about == alert_id, DeliveryRow.until.is_not(None), DeliveryRow.attempts == 0)
    session.execute(waiting.values(until=None, error="it did not last"))


def _log(session: Session, cause: Cause) -> None:
    """A line of the activity log."""
    activity.append(session, who=WHO, text=f"{cause.severity}: {cause.title}. {cause.text}", outcome="alert", operation_id=cause.about)


def resolve(  # noqa: PLR0913 # what is said of an end, and who hears of it
    engine: Engine, alert_id: str, how: str, now: datetime, by: str | None = None, *, tell: Tell | None = None
) -> Alert:
    """It is over.

    Raises:
        Refused: it is over already.
    """

    def over(session: Session, row: AlertRow) -> None:
        row.resolved_at, row.resolved_by, row.how, row.open_key = now, by, how, None
        event(row, "resolved", how, now)
        outcome = activity.REFERENCE if row.key == LOG else "resolved"
        activity.append(session, who=by or WHO, text=f"{row.title}: over. {how}", outcome=outcome, operation_id=row.about)

    return change(engine, alert_id, over, tell)


def held(session: Session, alert_id: str) -> Alert:
    """One of them as it is now, which nobody else changes until the caller's transaction ends."""
    return of_row(session.get_one(AlertRow, alert_id, with_for_update=True))


def note_told(session: Session, alert: Alert, what: str, now: datetime) -> Alert:
    """People hear of it now; in the caller's transaction."""
    row = session.get_one(AlertRow, alert.id)
    row.told_at, row.told = now, alert.digest
    row.snoozed_by = row.snoozed_until = row.snoozed_why = None  # nobody is told while it is quiet, so that is over
    if what in {"reminder", "still"}:
        event(row, what, alert.text, now)
    return of_row(row)


def get(engine: Engine, alert_id: str) -> Alert:
    """One of them.

    Raises:
        Refused: there is none of this id.
    """
    with reading(engine) as session:
        row = session.get(AlertRow, alert_id)
        if row is None:
            raise Refused("There is no such alert.", "`/ops alerts` shows those that are open.")
        return of_row(row)


def get_open(engine: Engine, alert_id: str) -> Alert:
    """One about which something can be said yet.

    Raises:
        Refused: there is none of this id, or it is over.
    """
    found = get(engine, alert_id)
    if not found.is_open:
        raise _over()
    return found


def _over() -> Refused:
    """Whoever asks may see a card of hours ago."""
    return Refused("That alert is over.", "Nothing is left to do about it.")


def open_ones(engine: Engine) -> list[Alert]:
    """Those that are not over, the oldest first."""
    with reading(engine) as session:
        return [of_row(row) for row in session.scalars(select(AlertRow).where(AlertRow.resolved_at.is_(None)).order_by(AlertRow.opened_at))]


def last(engine: Engine, key: str, now: datetime) -> Alert | None:
    """The newest of a cause, open or not; not one of a clock that was ahead."""
    with reading(engine) as session:
        row = session.scalar(_newest(key, now))
        return of_row(row) if row is not None else None


def changed_since(engine: Engine, at: datetime) -> list[Alert]:
    """Those whose row changed since then, the oldest first."""
    with reading(engine) as session:
        return [of_row(row) for row in session.scalars(select(AlertRow).where(AlertRow.changed_at >= at).order_by(AlertRow.changed_at))]


def opened_between(engine: Engine, begin: datetime, end: datetime) -> Sequence[Alert]:
    """Those that were opened within a span, the oldest first."""
    with reading(engine) as session:
        rows = session.scalars(select(AlertRow).where(AlertRow.opened_at >= begin, AlertRow.opened_at < end).order_by(AlertRow.opened_at))
        return [of_row(row) for row in rows]


def change(engine: Engine, alert_id: str, do: Callable[[Session, AlertRow], None], tell: Tell | None = None) -> Alert:
    """Change an open one, and let people hear of it."""
    with Session(engine) as session, session.begin():
        row = session.get(AlertRow, alert_id, with_for_update=True)
        if row is None or row.resolved_at is not None:
            raise _over()
        do(session, row)
        session.flush()
        found = of_row(row)
        if tell is not None:
            tell(session, found)
        return found


def event(row: AlertRow, what: str, text: str, now: datetime, **more: Any) -> None:
    """Remember what happened to it."""
    row.events = [*row.events, {"at": now.isoformat(), "what": what, "text": text, **more}]
    row.changed_at = now
