"""The alerts' rows: one open alert for each cause, and what people did about it.

A state that is over and comes back within the hour is the same alert, opened again. Nobody hears of what flaps: neither of its end nor
of its return. What comes back otherwise, or happens once more to production, begins anew: nobody has it in hand, and all hear of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ops import activity
from ops.alerts.severity import Severity
from ops.database import AlertRow, DeliveryRow, reading
from ops.errors import Refused

if TYPE_CHECKING:
    from ops.alerts.facts import Cause

WHO = "alerts"
SAME = timedelta(hours=1)  # within which what comes back is the same alert
BEFORE = "before"  # what was told of an alert that began anew since
LONGEST = timedelta(days=7)  # of a snooze
LOG = "log"
"""The cause that a person ends only: what was posted of the log may be out of sight by the time it is looked at again."""
BY_ITSELF = frozenset({"storage", "verification-overdue", "halted", "verifier"})
"""Causes that are over only when it is so: a person can keep them quiet, not declare them over."""

FLAPS = frozenset({"storage", "channel", "watch"})
"""States that come and go: their end is told when it has lasted for an hour (``SAME``)."""
EACH_COUNTS = frozenset({"halted", "restore"})
"""What happens to production: once more is news at once, whoever has the last time in hand or keeps it quiet."""


@dataclass(frozen=True, kw_only=True)
class Alert:
    """One of them."""

    id: str
    key: str
    severity: Severity
    title: str
    text: str
    remedy: str
    about: str | None
    at: datetime
    opened_at: datetime
    changed_at: datetime
    told_at: datetime | None
    told: str | None
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    snoozed_by: str | None
    snoozed_until: datetime | None
    snoozed_why: str | None
    resolved_at: datetime | None
    resolved_by: str | None
    how: str | None
    events: tuple[dict[str, Any], ...]  # what happened to it, oldest first: {"at", "what", "text"}

    @property
    def is_open(self) -> bool:
        """Whether it is still so."""
        return self.resolved_at is None

    @property
    def is_over_by_itself(self) -> bool:
        """Whether no person can declare it over."""
        return self.key.split(":")[0] in BY_ITSELF

    @property
    def is_about_log(self) -> bool:
        """Whether ending it is a new beginning of the log."""
        return self.key == LOG

    @property
    def flaps(self) -> bool:
        """Whether it comes and goes."""
        return self.key.split(":")[0] in FLAPS

    @property
    def unheard(self) -> dict[str, Any] | None:
        """Of a test of the alerts: the newest word that it did not arrive everywhere; {"at", "by", "lacking", …}."""
        return next((each for each in reversed(self.events) if each["what"] == "unheard"), None)

    @property
    def digest(self) -> str:
        """What it says, in a few characters."""
        return hashlib.sha256(f"{self.title}|{self.text}".encode()).hexdigest()[:16]


_NAMES = tuple(Alert.__dataclass_fields__)

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
                _event(row, "changed", cause.text, now)
    except IntegrityError:
        return  # another bot opened it in this very moment


def _open(session: Session, cause: Cause, now: datetime) -> None:
    """A new alert, or the one that was over a moment ago."""
    last = session.scalar(select(AlertRow).where(AlertRow.key == cause.key).order_by(AlertRow.opened_at.desc()).limit(1))
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
    _event(row, "again", cause.text, now)
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
        _event(row, "resolved", how, now)
        outcome = activity.REFERENCE if row.key == LOG else "resolved"
        activity.append(session, who=by or WHO, text=f"{row.title}: over. {how}", outcome=outcome, operation_id=row.about)

    return _change(engine, alert_id, over, tell)


def close(engine: Engine, alert_id: str, *, by: str, why: str, tell: Tell | None = None) -> Alert:
    """A person's word that it is over, or needs nothing.

    Raises:
        Refused: it is over already, is over only when it is so, or nothing was said.
    """
    if get(engine, alert_id).is_over_by_itself:
        raise Refused("This one is over when it is so, and then says so by itself.", "Keep it quiet for a while instead.")
    return resolve(engine, alert_id, _said(why, "why it is over"), datetime.now(UTC), by, tell=tell)


def acknowledge(engine: Engine, alert_id: str, *, by: str, tell: Tell | None = None) -> Alert:
    """Somebody has it in hand.

    Raises:
        Refused: it is over, or somebody has it already.
    """
    now = datetime.now(UTC)

    def taken(session: Session, row: AlertRow) -> None:
        if row.acknowledged_by is not None:
            raise Refused(f"{row.acknowledged_by} has it in hand already.", "The card says since when.")
        row.acknowledged_by, row.acknowledged_at = by, now
        _event(row, "acknowledged", by, now)
        activity.append(session, who=by, text=f"{row.title}: taken in hand", outcome="acknowledged", operation_id=row.about)

    return _change(engine, alert_id, taken, tell)


def snooze(  # noqa: PLR0913 # what is said of it, and who hears of it
    engine: Engine, alert_id: str, *, by: str, hours: float, why: str, tell: Tell | None = None
) -> Alert:
    """Nobody is told of it for a while.

    Raises:
        Refused: it is over, nothing was said, or the while is none.
    """
    now, span, said = datetime.now(UTC), timedelta(hours=hours), _said(why, "why nobody needs to hear of it")
    if not timedelta() < span <= LONGEST:
        raise Refused(f"An alert can be quiet for {LONGEST.days} days at most.", "Choose a shorter time; it can be done again.")

    def quiet(session: Session, row: AlertRow) -> None:
        row.snoozed_by, row.snoozed_until, row.snoozed_why, row.told = by, now + span, said, None
        _event(row, "snoozed", said, now)
        text = f"{row.title}: quiet until {now + span:%Y-%m-%d %H:%M} UTC, because: {said}"
        activity.append(session, who=by, text=text, outcome="snoozed", operation_id=row.about)

    return _change(engine, alert_id, quiet, tell)


def note_unheard(engine: Engine, alert_id: str, lacking: Sequence[str], *, by: str, now: datetime) -> Alert:
    """A person says by which channels a test of the alerts did not arrive.

    Raises:
        Refused: it is over.
    """

    def said(session: Session, row: AlertRow) -> None:
        words = f"It did not arrive by {' and '.join(lacking)}."
        _event(row, "unheard", words, now, by=by, lacking=list(lacking))
        activity.append(session, who=by, text=f"{row.title}: {words}", outcome="unheard", operation_id=None)

    return _change(engine, alert_id, said)


def note_told(session: Session, alert: Alert, what: str, now: datetime) -> Alert:
    """People hear of it now; in the caller's transaction."""
    row = session.get_one(AlertRow, alert.id)
    row.told_at, row.told = now, alert.digest
    if what in {"reminder", "still"}:
        _event(row, what, alert.text, now)
    return _alert(row)


def get(engine: Engine, alert_id: str) -> Alert:
    """One of them.

    Raises:
        Refused: there is none of this id.
    """
    with reading(engine) as session:
        row = session.get(AlertRow, alert_id)
        if row is None:
            raise Refused("There is no such alert.", "`/ops alerts` shows those that are open.")
        return _alert(row)


def open_ones(engine: Engine) -> list[Alert]:
    """Those that are not over, the oldest first."""
    with reading(engine) as session:
        return [_alert(row) for row in session.scalars(select(AlertRow).where(AlertRow.resolved_at.is_(None)).order_by(AlertRow.opened_at))]


def last(engine: Engine, key: str) -> Alert | None:
    """The newest of a cause, open or not."""
    with reading(engine) as session:
        row = session.scalar(select(AlertRow).where(AlertRow.key == key).order_by(AlertRow.opened_at.desc()).limit(1))
        return _alert(row) if row is not None else None


def changed_since(engine: Engine, at: datetime) -> list[Alert]:
    """Those whose row changed since then, the oldest first."""
    with reading(engine) as session:
        return [_alert(row) for row in session.scalars(select(AlertRow).where(AlertRow.changed_at >= at).order_by(AlertRow.changed_at))]


def opened_between(engine: Engine, begin: datetime, end: datetime) -> Sequence[Alert]:
    """Those that were opened within a span, the oldest first."""
    with reading(engine) as session:
        rows = session.scalars(select(AlertRow).where(AlertRow.opened_at >= begin, AlertRow.opened_at < end).order_by(AlertRow.opened_at))
        return [_alert(row) for row in rows]


def _change(engine: Engine, alert_id: str, change: Callable[[Session, AlertRow], None], tell: Tell | None = None) -> Alert:
    """Change an open one, and let people hear of it."""
    with Session(engine) as session, session.begin():
        row = session.get(AlertRow, alert_id, with_for_update=True)
        if row is None or row.resolved_at is not None:
            raise Refused("That alert is over.", "Nothing is left to do about it.")
        change(session, row)
        session.flush()
        found = _alert(row)
        if tell is not None:
            tell(session, found)
        return found


def _event(row: AlertRow, what: str, text: str, now: datetime, **more: Any) -> None:
    """Remember what happened to it."""
    row.events = [*row.events, {"at": now.isoformat(), "what": what, "text": text, **more}]
    row.changed_at = now


def _said(text: str, what: str) -> str:
    """Somebody's words, which must be there."""
    if not text.strip():
        raise Refused(f"Say {what}.", "A few words are enough: they stand on the card and in the log.")
    return " ".join(text.split())[:300]


def _alert(row: AlertRow) -> Alert:
    """A row as a value."""
    values = {name: getattr(row, name) for name in _NAMES}
    return Alert(**values | {"severity": Severity(row.severity), "events": tuple(row.events)})
