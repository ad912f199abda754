"""What tests of alerts begin with: causes, what was found out, operations as they stand, a database for the rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ops.alerts import records
from ops.alerts.alert import Alert, Cause
from ops.alerts.facts import Facts
from ops.alerts.severity import Severity
from ops.database import DeliveryRow, open_database
from ops.journal import OperationView, Status
from ops.settings import Settings, parse

NOW = datetime(2026, 3, 4, 3, 0, tzinfo=UTC)
ZONE = ZoneInfo("Australia/Melbourne")
HOUR = timedelta(hours=1)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(f"sqlite:///{tmp_path / 'bot.sqlite'}")
    yield engine
    engine.dispose()


def cause(key: str = "automated-backup", text: str = "no room", at: datetime = NOW, **more: Any) -> Cause:
    urgent = more.pop("severity", Severity.P0)
    return Cause(key=key, severity=urgent, title="It failed", text=text, remedy="Look.", at=at, **more)


def kept(engine: Engine, found: Cause, at: datetime = NOW) -> Alert:
    records.keep(engine, found, at)
    alert = records.last(engine, found.key, at)
    assert alert is not None
    return alert


def facts(**more: Any) -> Facts:
    nothing: dict[str, Any] = {
        "missing": (),
        "newest": None,
        "used": 0,
        "limit": 100,
        "operations": (),
        "verifications": (),
        "weekly": None,
    }
    return Facts(**nothing | {"log": None, "undelivered": (), "taken": {}, "canary": None} | more)


def view(kind: str, status: Status, at: datetime = NOW, **more: Any) -> OperationView:
    given: dict[str, Any] = {"id": f"{kind}-1", "environment": "production", "requested_by": "U0BOB", "steps": ()}
    given |= {"params": {"bound": {"backup": "full-1"}}, "error": "It broke.", "remedy": "Look.", "created_at": at, "finished_at": at}
    return OperationView(kind=kind, status=status, **given | more)


def settings(tmp_path: Path, **secrets: str) -> Settings:
    values = {"app": {"repository": "x"}, "convex": {"production": {"name": "sturgeon"}}, "alerts": {"email": ["a@b.example"]}}
    return parse(Settings, values | {"secrets": secrets}, tmp_path)


def wanted(engine: Engine) -> list[tuple[str, str]]:
    with Session(engine) as session:
        rows = session.scalars(select(DeliveryRow).order_by(DeliveryRow.created_at, DeliveryRow.id))
        return [(row.channel, str(row.content["what"])) for row in rows]


def alert_of(key: str) -> Alert:
    nothing = dict.fromkeys(Alert.__dataclass_fields__)
    return Alert(**nothing | {"id": f"{key}-1", "key": key, "severity": Severity.P0, "at": NOW, "opened_at": NOW, "events": ()})  # type: ignore[arg-type]
