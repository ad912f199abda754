"""The activity log: who did what, in one order, and any change of it shows."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from bot.views import ops as views
from ops import activity
from ops.database import OperationRow, open_database


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    engine = open_database(database)
    yield engine
    engine.dispose()


def log(engine: Engine, *texts: str) -> None:
    for each in texts:
        activity.record(engine, who="U1", text=each, outcome="succeeded")


def tamper(engine: Engine, statement: str, **values: object) -> None:
    with engine.begin() as connection:
        connection.execute(text(statement), values)


def test_lines_come_back_newest_first_and_page(engine: Engine) -> None:
    log(engine, "one", "two", "three")
    assert [line.text for line in activity.lines(engine, 2)] == ["three", "two"]
    assert [line.text for line in activity.lines(engine, 2, before_seq=2)] == ["one"]


def test_the_chain_of_an_untouched_log_holds(engine: Engine) -> None:
    assert activity.verify(engine) == []
    log(engine, "one", "zwei – dös “é” 🙂 <!channel>", "three\nlines\ttab")
    assert activity.verify(engine) == []


def test_a_line_goes_with_its_transaction(engine: Engine) -> None:
    with Session(engine) as session:
        activity.append(session, who="U1", text="one", outcome="succeeded")
        session.rollback()
    log(engine, "two")
    assert [(line.seq, line.text) for line in activity.lines(engine, 9)] == [(1, "two")]
    assert activity.verify(engine) == []


def test_two_lines_in_one_transaction_are_chained(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        activity.append(session, who="U1", text="one", outcome="succeeded")
        activity.append(session, who="U1", text="two", outcome="succeeded", operation_id="op", backup_id="quick-1")
    assert activity.verify(engine) == []


def test_eight_threads_write_one_chain(engine: Engine) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: log(engine, *(f"{number}.{turn}" for turn in range(5))), range(8)))
    assert sorted(line.seq for line in activity.lines(engine, 99)) == list(range(1, 41))
    assert activity.verify(engine) == []


def test_verifying_beside_writers_raises_no_false_alarm(engine: Engine) -> None:
    with ThreadPoolExecutor(3) as pool:
        writing = [pool.submit(log, engine, *map(str, range(40))) for _ in range(2)]
        looked = [activity.verify(engine) for _ in range(20)]
        for each in writing:
            each.result()
    assert looked == [[]] * 20


def test_what_no_database_takes_is_left_out(engine: Engine) -> None:
    log(engine, "half \ud83d and \0 nothing")
    assert activity.lines(engine, 1)[0].text == "half ? and  nothing"
    assert activity.verify(engine) == []


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE activity SET text = 'nothing' WHERE seq = 2", ["Line 2 was changed."]),
        ("UPDATE activity SET who = 'U9' WHERE seq = 3", ["Line 3 was changed."]),
        ("UPDATE activity SET at = '2020-01-01T00:00:00+00:00' WHERE seq = 1", ["Line 1 was changed."]),
        ("UPDATE activity SET operation_id = 'x' WHERE seq = 2", ["Line 2 was changed."]),
        ("DELETE FROM activity WHERE seq = 2", ["Line 2 is missing."]),
        ("DELETE FROM activity WHERE seq = 3", ["The log should end with line 3; it ends with line 2."]),
        ("DELETE FROM activity", ["The log should end with line 3; it ends with line 0."]),
        ("UPDATE activity_head SET seq = 2", ["The log should end with line 2; it ends with line 3."]),
        ("UPDATE activity SET hash = 'f' WHERE seq = 2", ["Line 2 was changed.", "Line 3 was changed."]),
    ],
)
def test_any_change_shows(engine: Engine, statement: str, told: list[str]) -> None:
    log(engine, "one", "two", "three")
    tamper(engine, statement)
    assert activity.verify(engine) == told


def test_each_line_that_is_missing_or_was_changed_is_named_beside_the_others(engine: Engine) -> None:
    log(engine, "one", "two", "three", "four")
    tamper(engine, "DELETE FROM activity WHERE seq IN (1, 2)")
    tamper(engine, "UPDATE activity SET text = 'nothing' WHERE seq = 3")
    assert activity.verify(engine) == ["Lines 1 to 2 are missing.", "Line 3 was changed."]


def test_a_line_that_was_added_behind_our_back_shows(engine: Engine) -> None:
    log(engine, "one")
    tamper(engine, "INSERT INTO activity SELECT 2, at, who, text, outcome, operation_id, backup_id, hash, hash FROM activity")
    assert activity.verify(engine) == ["Line 2 was changed.", "The log should end with line 1; it ends with line 2."]


@pytest.mark.parametrize("at", ["x", "", "2026-03-01T00:00:00", "2026-13-01T00:00:00+00:00", "0001-01-01T00:00:00+14:00"])
def test_a_line_whose_time_cannot_be_read_is_shown_as_such_beside_the_others(engine: Engine, at: str) -> None:
    log(engine, "one", "two")
    tamper(engine, "UPDATE activity SET at = :at WHERE seq = 1", at=at)
    two, one = activity.lines(engine, 9)
    assert (one.text, one.at, two.at is None) == ("one", None, False)
    assert "its time was changed and cannot be read" in str(views.activity([two, one]))
    assert activity.verify(engine) == ["Line 1 was changed."]


@pytest.mark.parametrize("at", ["x", "", "2099-01-01T00:00:00+00:00"])
def test_a_changed_first_line_does_not_say_when_all_began(engine: Engine, at: str) -> None:
    now = datetime.now(UTC) + timedelta(minutes=1)
    assert activity.begun(engine, now) is None
    log(engine, "one", "two", "three")
    tamper(engine, "UPDATE activity SET at = :at WHERE seq = 1", at=at)
    assert activity.begun(engine, now) == activity.lines(engine, 9)[1].at
    tamper(engine, "UPDATE activity SET at = :at", at=at)
    at_first = datetime(2026, 1, 2, tzinfo=UTC)
    facts = {"version": 1, "params": {}, "requested_by": "x", "status": "failed", "created_at": at_first, "changed_at": at_first}
    with Session(engine) as session, session.begin():
        session.add(OperationRow(id="op", kind="deploy", environment="production", progress={}, result={}, **facts))
    assert activity.begun(engine, now) == at_first


@pytest.mark.parametrize("seq", [0, -5])
def test_a_line_before_the_first_is_named_and_neither_shown_nor_believed(engine: Engine, seq: int) -> None:
    log(engine, "one")
    line = "'2020-01-01T00:00:00+00:00', 'U9', 'forged', outcome, operation_id, backup_id, hash, hash"
    tamper(engine, f"INSERT INTO activity SELECT CAST(:seq AS bigint), {line} FROM activity", seq=seq)  # noqa: S608 # the test's own words
    activity.record(engine, who="U0CAROL", text="the disk was lost", outcome=activity.REFERENCE)
    for since in (None, activity.reference(engine)):
        (told,) = activity.verify(engine, since)
        assert told.startswith(f"Line {seq} does not belong there: the log begins with line 1")
    assert [line.seq for line in activity.lines(engine, 9)] == [2, 1]
    assert activity.begun(engine, datetime.now(UTC) + timedelta(minutes=1)) == activity.lines(engine, 9)[-1].at


def test_what_sqlite_takes_for_a_number_or_a_text_keeps_nobody_from_reading_the_log(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'bot.sqlite'}")
    log(engine, "one", "two", "three")
    tamper(engine, "UPDATE activity SET text = CAST(x'ff' AS TEXT) WHERE seq = 1")
    tamper(engine, "UPDATE activity SET text = x'ff' WHERE seq = 2")
    copied = "at, who, text, outcome, operation_id, backup_id, hash, hash FROM activity WHERE seq = 3"
    for seq in ("x", 1.5):
        tamper(engine, f"INSERT INTO activity SELECT :seq, {copied}", seq=seq)
    told = activity.verify(engine)
    assert [each.split(":")[0] for each in told] == [
        "Line 1 was changed.",
        "Line 2 was changed.",
        "Line 1.5 does not belong there",
        "Line x does not belong there",
    ]
    assert "three" in str(views.activity(activity.lines(engine, 9)))
    engine.dispose()


def test_from_a_new_reference_on_only_what_is_after_it_counts(engine: Engine) -> None:
    log(engine, "one", "two")
    tamper(engine, "UPDATE activity SET text = 'nothing' WHERE seq = 1")
    activity.record(engine, who="U0CAROL", text="the disk was lost", outcome=activity.REFERENCE)
    log(engine, "four")
    since = activity.reference(engine)
    assert since is not None
    assert (since.seq, since.who) == (3, "U0CAROL")
    assert (activity.verify(engine), activity.verify(engine, since)) == (["Line 1 was changed."], [])
    tamper(engine, "UPDATE activity SET text = 'nothing' WHERE seq = 3")
    assert activity.verify(engine, since) == ["Line 3 was changed."]
    tamper(engine, "DELETE FROM activity WHERE seq = 4")
    assert activity.verify(engine, since)[-1] == "The log should end with line 4; it ends with line 3."
