"""X8: what would be lost if production died now, and how long it would be away; what is unknown says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from bot.views.readiness import line
from ops.archive import Table
from ops.facts import Facts
from ops.health import red
from ops.journal.words import StepView
from ops.manifest import Backup
from ops.readiness import Measured, judge
from ops.recoveries import spans

NOW = datetime(2026, 11, 30, 9, tzinfo=UTC)


def backup(hours: float, **more: Any) -> Backup:
    at = NOW - timedelta(hours=hours)
    found = {"id": "full-1", "type": "full", "timestamp": at, "snapshot_timestamp": at, "facts": Facts(level=2), "size": 1000}
    return Backup(**{**found, **more})


def measured(seconds: float, size: int | None = 1000) -> Measured:
    return Measured(operation_id="op", kind="drill", at=NOW, seconds=seconds, backup="full-0", size=size)


def test_nothing_is_known_before_the_first_backup() -> None:
    found = judge(None, [measured(60)], NOW)
    assert (found.lose, found.back, found.copies) == (None, None, 0)
    assert "all data are lost, since there is no good full backup" in found.sentence


def test_the_loss_counts_from_convexs_own_moment_of_the_snapshot() -> None:
    found = judge(backup(2, snapshot_timestamp=NOW - timedelta(hours=3, minutes=12)), [], NOW)
    assert found.lose == timedelta(hours=3, minutes=12)
    assert found.sentence == (
        "If production died now: lose at most 3 h 12 m, back in an unknown time (nothing was restored yet), 1 copy, variables unknown"
    )


def test_stored_files_that_the_backup_is_without_are_lost_whatever_its_age() -> None:
    table = Table(rows=3, bytes=30, fingerprint="00")
    without = judge(backup(1, tables={"users": table}), [], NOW)
    assert "lose at most 1 h 00 m and any stored files, which the backup is without, back in" in without.sentence
    assert "*and any stored files* (not in it), back in" in line(without)
    having = judge(backup(1, tables={"users": table, "_storage": table}), [], NOW)
    unknown = judge(backup(1), [], NOW)
    assert not any("stored files" in said for found in (having, unknown) for said in (found.sentence, line(found)))


def test_a_clock_that_is_a_little_behind_makes_no_negative_loss() -> None:
    assert judge(backup(-0.05), [], NOW).lose == timedelta()


def test_a_backup_dated_far_ahead_of_the_clock_makes_the_loss_unknown_not_nothing() -> None:
    found = judge(backup(-3), [], NOW)
    assert found.lose is None
    assert "lose an unknown time, since the newest good full backup is dated ahead of this machine's clock" in found.sentence
    assert "nobody knows how much would be lost:* the newest good full backup is dated 2026-11-30 12:00 UTC" in line(found)
    (said,) = red(found.snapshot, 0, 10, None, NOW)
    assert (
        said == "The newest good full backup is dated 3 h 00 m ahead of this machine's clock: its age is unknown until that clock is right."
    )


def test_the_time_is_the_middle_of_what_was_measured_and_the_span_is_said() -> None:
    found = judge(backup(1), [measured(480), measured(660), measured(540)], NOW)
    assert (found.back, found.span) == (540, (480, 660))
    assert "back in about 9 m 00 s" in found.sentence


def test_neither_people_nor_what_a_drill_does_besides_count() -> None:
    steps = ("staging", "archive", "staging saved", "prepared data", "disaster", "detected", "decided", "data", "proof", "report")
    views = [StepView(name=name, state="done", started_at=NOW, finished_at=NOW + timedelta(seconds=10)) for name in steps]
    assert spans(views) == (("archive", 10.0), ("data", 10.0), ("proof", 10.0))


def test_the_span_is_said_of_as_much_data_as_there_is_today() -> None:
    assert judge(backup(1, size=2000), [measured(100), measured(200, size=4000)], NOW).span == (200, 200)


def test_more_data_than_at_the_restore_take_longer_fewer_never_shorter() -> None:
    assert judge(backup(1, size=2000), [measured(100)], NOW).back == 200
    assert judge(backup(1, size=500), [measured(100)], NOW).back == 100
    assert judge(backup(1), [measured(100, size=None)], NOW).back == 100
