"""Who wants to be told when an environment is free; each is told once."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session

from ops.database import LockRow, WaitingRow, reading


def add(engine: Engine, environment: str, person: str) -> None:
    """Tell this person; asking twice changes nothing."""
    with Session(engine) as session, session.begin():
        if session.get(WaitingRow, (environment, person)) is None:
            session.add(WaitingRow(environment=environment, person=person, since=datetime.now(UTC)))


def due(engine: Engine) -> list[tuple[str, str, datetime]]:
    """Whoever waits for an environment that is free: environment, person, since when."""
    held = select(LockRow.environment)
    with reading(engine) as session:
        rows = session.scalars(select(WaitingRow).where(WaitingRow.environment.not_in(held)))
        return [(row.environment, row.person, row.since) for row in rows]


def told(engine: Engine, environment: str, person: str) -> None:
    """They were."""
    with Session(engine) as session, session.begin():
        session.execute(delete(WaitingRow).where(WaitingRow.environment == environment, WaitingRow.person == person))
