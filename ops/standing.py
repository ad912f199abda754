"""What stands until a person ends it: deploys held, maintenance on, the site pinned, Convex paused. Forgotten, it nags (X11).

At most one of each.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ops.database import StandingRow, StepRow, reading


class What(enum.StrEnum):
    """The sorts."""

    HOLD = "hold"
    MAINTENANCE = "maintenance"
    PINNED = "pinned"
    PAUSED = "paused"


PATIENCE = {
    What.HOLD: timedelta(days=1),
    What.MAINTENANCE: timedelta(hours=2),
    What.PINNED: timedelta(days=1),
    What.PAUSED: timedelta(minutes=30),
}
"""After how long each is asked about, and again after as long."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """One of them."""

    id: int
    what: What
    environment: str
    reason: str
    by: str
    since: datetime
    until: datetime | None = None  # somebody said that it is needed for so long
    operation_id: str | None = None
    sure: bool = True  # whether it is so: a pause is written down first, and may have failed

    @property
    def keeps_production_away(self) -> bool:
        """Whether nobody can use the app because of it."""
        return self.what in {What.MAINTENANCE, What.PAUSED} and self.environment == "production"


def begin(session: Session, what: What, environment: str, *, reason: str, by: str, operation_id: str | None) -> bool:  # noqa: PLR0913 # the columns, all named
    """Begin it in the caller's transaction; one that stands already stays as it is. Whether it began."""
    if _open(session, what, environment) is not None:
        return False
    now = datetime.now(UTC)
    session.add(StandingRow(what=what, environment=environment, reason=reason, by=by, since=now, operation_id=operation_id))
    session.flush()
    return True


def end(session: Session, what: What, environment: str, *, by: str) -> bool:
    """End it in the caller's transaction; whether it stood."""
    row = _open(session, what, environment)
    if row is not None:
        row.ended_at, row.ended_by = datetime.now(UTC), by
        session.flush()
    return row is not None


def extend(engine: Engine, what: What, environment: str, until: datetime) -> bool:
    """Somebody still needs it until then: nobody asks before."""
    with Session(engine) as session, session.begin():
        row = _open(session, what, environment)
        if row is not None:
            row.until = until
        return row is not None


def current(engine: Engine, what: What, environment: str) -> Standing | None:
    """The one that stands, if one does."""
    return next((each for each in all_of(engine) if each.what is what and each.environment == environment), None)


def all_of(engine: Engine) -> list[Standing]:
    """Everything that stands, the oldest first."""
    with reading(engine) as session:
        rows = session.scalars(select(StandingRow).where(StandingRow.ended_at.is_(None)).order_by(StandingRow.since))
        return [_standing(session, row) for row in rows]


def ended_since(engine: Engine, at: datetime) -> list[Standing]:
    """What was ended since then."""
    with reading(engine) as session:
        return [_standing(session, row) for row in session.scalars(select(StandingRow).where(StandingRow.ended_at >= at))]


def overdue(standing: Iterable[Standing], now: datetime) -> list[tuple[Standing, int]]:
    """What somebody should be asked about, each with how often it has been due: that number names one asking. Pure."""
    return [(each, turn) for each in standing if (turn := _turn(each, now)) > 0]


def _turn(each: Standing, now: datetime) -> int:
    """How often it has been due since it began, or since it was extended to."""
    if each.until is not None:
        return 1 + (now - each.until) // PATIENCE[each.what] if now >= each.until else 0
    return (now - each.since) // PATIENCE[each.what]


def _open(session: Session, what: What, environment: str) -> StandingRow | None:
    """The row that is not ended."""
    query = select(StandingRow).where(StandingRow.what == what, StandingRow.environment == environment, StandingRow.ended_at.is_(None))
    return session.scalar(query.with_for_update())


def _standing(session: Session, row: StandingRow) -> Standing:
    """One of them, from its row."""
    names = ("id", "environment", "reason", "by", "since", "until", "operation_id")
    return Standing(what=What(row.what), sure=_sure(session, row), **{name: getattr(row, name) for name in names})


def _sure(session: Session, row: StandingRow) -> bool:
    """Whether it is so: of a pause that an operation began, whether that step came to its end and says so."""
    if row.what != What.PAUSED or not row.operation_id:
        return True
    steps = session.scalars(select(StepRow).where(StepRow.operation_id == row.operation_id).order_by(StepRow.position.desc()))
    last = next((step for step in steps if step.name.split()[-1] == "pause"), None)
    return last is None or (last.state == "done" and bool(((last.result or {}).get("value") or {}).get("paused")))
