"""The database's clock, the one clock that all machines share."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Float, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.functions import GenericFunction


class db_now(GenericFunction[float]):  # noqa: N801 # an SQL function
    """Seconds since the epoch, as an expression."""

    type = Float()
    inherit_cache = True


@compiles(db_now, "sqlite")
def _now_on_sqlite(*_: Any, **__: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(db_now, "postgresql")
def _now_on_postgresql(*_: Any, **__: Any) -> str:
    return "extract(epoch from clock_timestamp())::float8"


def now(session: Session) -> float:
    """Seconds since the epoch, within a transaction."""
    return session.scalar(select(db_now())) or 0.0


def is_due(until: InstrumentedAttribute[datetime | None], now: datetime, longest: timedelta) -> ColumnElement[bool]:
    """Rows whose time has come; also those further ahead than any of them waits, as a clock that has stepped back since set them."""
    return or_(until <= now, until > now + longest)
