"""What production came to run, by which operation: the last one says since when a backup counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ops.database import ReleaseRow, reading


@dataclass(frozen=True, kw_only=True)
class Release:
    """One of them."""

    operation_id: str
    environment: str
    kind: str  # deploy, rollback
    commit: str
    previous: str
    version: str
    by: str
    at: datetime
    backup_id: str | None
    deployment_id: str | None


_NAMES = tuple(Release.__annotations__)


def record(session: Session, *, operation_id: str, **facts: Any) -> None:
    """Write one down in the caller's transaction; the same operation's a second time changes nothing."""
    if session.get(ReleaseRow, operation_id) is None:
        session.add(ReleaseRow(operation_id=operation_id, at=datetime.now(UTC), **facts))
        session.flush()


def last(engine: Engine, environment: str) -> Release | None:
    """The newest one of an environment."""
    found = recent(engine, environment, 1)
    return found[0] if found else None


def recent(engine: Engine, environment: str, limit: int) -> list[Release]:
    """The newest ones, newest first."""
    query = select(ReleaseRow).where(ReleaseRow.environment == environment).order_by(ReleaseRow.at.desc()).limit(limit)
    with reading(engine) as session:
        return [Release(**{name: getattr(row, name) for name in _NAMES}) for row in session.scalars(query)]
