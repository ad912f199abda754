"""X11: what stands until a person ends it, at most one of each, and when somebody is asked about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from bot.views import standing as views
from ops import standing, waiting
from ops.database import LockRow, OperationRow, open_database
from ops.standing import Standing, What
from tests.payloads.examples import operation

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    engine = open_database(database)
    yield engine
    engine.dispose()


def begin(engine: Engine, what: What, reason: str) -> bool:
    with Session(engine) as session, session.begin():
        return standing.begin(session, what, "production", reason=reason, by="U0BOB", operation_id=None)


def test_one_that_stands_stays_as_it_is_until_it_is_ended(engine: Engine) -> None:
    assert begin(engine, What.HOLD, "first")
    assert not begin(engine, What.HOLD, "second")
    found = standing.current(engine, What.HOLD, "production")
    assert found
    assert (found.reason, found.by) == ("first", "U0BOB")
    with Session(engine) as session, session.begin():
        assert standing.end(session, What.HOLD, "production", by="U0CAROL")
        assert not standing.end(session, What.HOLD, "production", by="U0CAROL")
    assert standing.current(engine, What.HOLD, "production") is None
    assert begin(engine, What.HOLD, "third")


def stood(what: What, hours: float, until: float | None = None) -> Standing:
    return Standing(
        id=1,
        what=what,
        environment="production",
        reason="x",
        by="U0BOB",
        since=NOW - timedelta(hours=hours),
        until=None if until is None else NOW + timedelta(hours=until),
    )


@pytest.mark.parametrize(
    ("what", "hours", "until", "turn"),
    [
        (What.MAINTENANCE, 1.9, None, 0),
        (What.MAINTENANCE, 2, None, 1),
        (What.MAINTENANCE, 5, None, 2),
        (What.HOLD, 23, None, 0),
        (What.HOLD, 25, None, 1),
        (What.PINNED, 49, None, 2),
        (What.PAUSED, 0.4, None, 0),
        (What.PAUSED, 1.1, None, 2),
        (What.MAINTENANCE, 5, 1, 0),
        (What.MAINTENANCE, 5, -0.1, 1),
    ],
)
def test_it_is_asked_about_after_a_while_and_again_after_as_long(what: What, hours: float, until: float | None, turn: int) -> None:
    assert [number for _, number in standing.overdue([stood(what, hours, until)], NOW)] == ([turn] if turn else [])


def test_what_stands_in_staging_is_not_taken_for_productions() -> None:
    there = replace(stood(What.PAUSED, 1), environment="staging")
    assert "*Convex is paused (staging)*" in views.line(there)
    assert "Let the functions of staging run?" in str(views.end_button(there))
    assert "'value': 'staging'" in str(views.end_button(there))
    assert "'value': 'paused staging'" in str(views.nag(there, NOW))
    assert "*Convex is paused*" in views.line(stood(What.PAUSED, 1))
    assert "Let the functions of production run?" in str(views.end_button(stood(What.PAUSED, 1)))


def test_whoever_still_needs_it_is_not_asked_before(engine: Engine) -> None:
    begin(engine, What.MAINTENANCE, "x")
    until = datetime.now(UTC) + timedelta(hours=4)
    assert standing.extend(engine, What.MAINTENANCE, "production", until)
    found = standing.current(engine, What.MAINTENANCE, "production")
    assert found
    assert found.until == until


def test_whoever_waits_is_told_once_and_only_when_it_is_free(engine: Engine) -> None:
    now = datetime.now(UTC)
    with Session(engine) as session, session.begin():
        facts = {"version": 1, "params": {}, "requested_by": "x", "status": "running", "created_at": now, "changed_at": now}
        session.add(OperationRow(id="op", kind="deploy", environment="production", progress={}, result={}, **facts))
        session.flush()
        session.add(LockRow(environment="production", operation_id="op"))
    waiting.add(engine, "production", "U0DAVE")
    waiting.add(engine, "production", "U0DAVE")
    assert waiting.due(engine) == []
    with Session(engine) as session, session.begin():
        session.delete(session.get_one(LockRow, "production"))
    assert [(environment, person) for environment, person, _ in waiting.due(engine)] == [("production", "U0DAVE")]
    waiting.told(engine, "production", "U0DAVE")
    assert waiting.due(engine) == []


def test_what_takes_long_is_measured_against_what_was_planned_where_nothing_is_usual_yet() -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    view = operation("restore", created_at=at)
    said = [str(views.delayed(view, at + timedelta(hours=1), 1200.0, known=known)) for known in (True, False)]
    assert "longer than usual: 1 h 00 m so far, usually 20 m 00 s" in said[0]
    assert "longer than planned: 1 h 00 m so far, 20 m 00 s were planned with" in said[1]
    assert "usual" not in said[1]
