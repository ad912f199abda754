"""What people say about an alert: it is in hand, nobody needs to hear of it for a while, it is over, a test of it did not arrive."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ops import activity
from ops.alerts.alert import Alert
from ops.alerts.records import Tell, change, event, get, resolve
from ops.database import AlertRow
from ops.errors import Refused

LONGEST = timedelta(days=7)  # of a snooze


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
        event(row, "acknowledged", by, now)
        activity.append(session, who=by, text=f"{row.title}: taken in hand", outcome="acknowledged", operation_id=row.about)

    return change(engine, alert_id, taken, tell)


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
        event(row, "snoozed", said, now, by=by)
        text = f"{row.title}: quiet until {now + span:%Y-%m-%d %H:%M} UTC, because: {said}"
        activity.append(session, who=by, text=text, outcome="snoozed", operation_id=row.about)

    return change(engine, alert_id, quiet, tell)


def note_unheard(engine: Engine, alert_id: str, lacking: Sequence[str], *, by: str, now: datetime) -> Alert:
    """A person says by which channels a test of the alerts did not arrive.

    Raises:
        Refused: it is over.
    """

    def said(session: Session, row: AlertRow) -> None:
        words = f"It did not arrive by {' and '.join(lacking)}."
        event(row, "unheard", words, now, by=by, lacking=list(lacking))
        activity.append(session, who=by, text=f"{row.title}: {words}", outcome="unheard", operation_id=None)

    return change(engine, alert_id, said)


def _said(text: str, what: str) -> str:
    """Somebody's words, which must be there."""
    if not text.strip():
        raise Refused(f"Say {what}.", "A few words are enough: they stand on the card and in the log.")
    return " ".join(text.split())[:300]
