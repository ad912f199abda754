"""What people hear of alerts: a database that is looked at at chosen moments, and PagerDuty."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from ops.alerts import looking, records
from ops.alerts.alert import Alert
from ops.backstop import Backstop
from ops.database import DeliveryRow
from ops.settings import Settings
from sandbox.outside import PagingServer
from tests.alerting import facts, settings

NOON = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)

MINUTE = timedelta(minutes=1)


@dataclass(kw_only=True)
class Watched:
    """A database that is looked at, with e-mail and PagerDuty that take what is due."""

    engine: Engine
    settings: Settings

    def look(self, at: datetime, **found: Any) -> None:
        """One look; what is due by then is taken."""
        looking.look(cast("Backstop", self), facts(**found), at)
        self.take(at)

    def take(self, at: datetime) -> None:
        """Time passes, and the channels take what is due."""
        with Session(self.engine) as session, session.begin():
            for row in session.scalars(select(DeliveryRow).where(DeliveryRow.until <= at)):
                row.until, row.done_at = None, at

    def told(self, channel: str) -> list[str]:
        """What a channel took, in that order."""
        with Session(self.engine) as session:
            rows = session.scalars(select(DeliveryRow).where(DeliveryRow.channel == channel).order_by(DeliveryRow.created_at))
            return [str(row.content["what"]) for row in rows if row.done_at is not None]

    def only(self) -> Alert:
        """The open alert."""
        (found,) = records.open_ones(self.engine)
        return found


@pytest.fixture
def watched(engine: Engine, tmp_path: Path) -> Watched:
    return Watched(engine=engine, settings=settings(tmp_path, smtp_url="smtp://h", pagerduty_key="k"))


@pytest.fixture
def paging() -> Iterator[PagingServer]:
    server = PagingServer().start()
    yield server
    server.stop()


@contextmanager
def no_deliveries(engine: Engine) -> Iterator[None]:
    """A database that takes no row of what is to be told, as if Backstop stopped there."""
    with engine.begin() as connection:
        connection.execute(text("CREATE TRIGGER full BEFORE INSERT ON deliveries BEGIN SELECT RAISE(ABORT, 'disk full'); END"))
    yield
    with engine.begin() as connection:
        connection.execute(text("DROP TRIGGER full"))
