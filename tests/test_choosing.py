"""B14: which backup is restored this week, and when that is due."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ops import schedules
from ops.choosing import Mode, choose, newest_good
from ops.errors import Refused
from ops.facts import Facts
from ops.manifest import Backup
from ops.purposes import Purpose

NOW = datetime(2026, 11, 30, 9, tzinfo=UTC)
MELBOURNE = ZoneInfo("Australia/Melbourne")


def backup(days: float, *, restored: float | None = None, purpose: Purpose = Purpose.AUTOMATED, **more: Any) -> Backup:
    facts = Facts(level=2, restored_at=NOW - timedelta(days=restored) if restored is not None else None)
    found = {"id": f"full-{int(1.7e12 - days * 1000)}", "type": "full", "timestamp": NOW - timedelta(days=days), "facts": facts}
    return Backup(**{**found, "purpose": purpose, **more})


def chosen(*backups: Backup, mode: Mode = "need", seed: int = 1) -> tuple[Backup, str]:
    found = choose(backups, NOW, mode=mode, seed=seed, label="sturgeon")
    return found.backup, found.why


def test_one_that_was_never_restored_comes_before_any_that_was() -> None:
    never = backup(3)
    assert chosen(backup(1, restored=2), never, backup(5, restored=100)) == (never, "never restored before, of the past 7 days")


def test_what_counts_as_the_newest_is_good_and_of_the_deployment_that_it_may_be_restored_to() -> None:
    ours, nobodys = backup(5, deployment={"label": "sturgeon"}), backup(6)
    others, bad = backup(1, deployment={"label": "salmon"}), replace(backup(2), facts=Facts())
    assert newest_good([others, bad, ours, nobodys], "full", "sturgeon") == ours
    assert newest_good([others, bad, nobodys], "full", "sturgeon") == nobodys
    assert newest_good([others, bad], "full", "sturgeon") is None
    assert newest_good([ours], "quick", "sturgeon") is None


def test_among_those_that_were_the_oldest_proof_is_renewed() -> None:
    oldest = backup(2, restored=60)
    assert chosen(backup(1, restored=2), oldest, backup(5, restored=30)) == (oldest, "its last restore is the oldest, of the past 7 days")


def test_only_automated_ones_of_the_past_week_count_while_there_is_one() -> None:
    automated = backup(6.9, restored=1)
    assert chosen(automated, backup(1, purpose=Purpose.SAFETY), backup(8))[0] is automated


def test_where_there_is_none_it_looks_wider_and_says_so() -> None:
    old = backup(20, purpose=Purpose.PRE_RELEASE)
    assert chosen(old) == (old, "never restored before, of all: none of the past 7 days is an automated one")


def test_where_the_automated_ones_of_the_week_are_not_sound_it_says_that() -> None:
    old, damaged = backup(20), backup(1, facts=Facts(level=2, failed="damaged"))
    assert chosen(old, damaged) == (old, "never restored before, of all: no automated one of the past 7 days is sound")
    there = backup(1, deployment={"label": "trout"})
    assert chosen(old, there) == (old, "never restored before, of all: none of the past 7 days is an automated one")


def test_at_random_every_one_comes_up_and_the_seed_repeats_it() -> None:
    backups = [backup(day, restored=1) for day in range(7)]
    found = {chosen(*backups, mode="random", seed=seed)[0].id for seed in range(100)}
    assert found == {each.id for each in backups}
    assert chosen(*backups, mode="random", seed=7) == chosen(*reversed(backups), mode="random", seed=7)


@pytest.mark.parametrize(
    "unfit",
    [
        backup(1, facts=Facts(level=1)),
        backup(1, facts=Facts(level=2, failed="damaged")),
        backup(1, type="quick"),
        backup(1, deployment={"label": "trout"}),
        backup(1, problem="unreadable"),
    ],
    ids=["not good", "failed since", "quick", "another deployment", "unreadable"],
)
def test_what_cannot_be_restored_is_not_chosen(unfit: Backup) -> None:
    with pytest.raises(Refused, match="no sound full backup"):
        chosen(unfit)


# ── when ──


@pytest.mark.parametrize(
    ("text", "now", "due"),
    [
        ("mon 09:00", "2026-11-30 09:00", "2026-11-30 09:00"),
        ("mon 09:00", "2026-11-30 08:59", "2026-11-23 09:00"),
        ("mon 09:00", "2026-12-06 23:00", "2026-11-30 09:00"),
        ("09:00", "2026-11-30 08:00", "2026-11-29 09:00"),
        ("1st mon 09:00", "2026-12-06 12:00", "2026-11-02 09:00"),
        ("1st mon 09:00", "2026-12-07 12:00", "2026-12-07 09:00"),
        ("2nd tue 00:30", "2026-12-08 01:00", "2026-12-08 00:30"),
        ("4th sun 23:59", "2026-12-01 00:00", "2026-11-22 23:59"),
        ("last sun 23:59", "2026-12-01 00:00", "2026-11-29 23:59"),
        ("last fri 09:00", "2026-12-25 08:59", "2026-11-27 09:00"),
        ("last fri 09:00", "2026-12-25 09:00", "2026-12-25 09:00"),
        ("last sun 09:00", "2027-03-01 00:00", "2027-02-28 09:00"),
        ("last thu 09:00", "2027-01-01 00:00", "2026-12-31 09:00"),
    ],
)
def test_the_last_time_it_was_due_is_by_the_teams_clock(text: str, now: str, due: str) -> None:
    here = datetime.strptime(now, "%Y-%m-%d %H:%M").replace(tzinfo=MELBOURNE)
    found = schedules.latest(text, MELBOURNE, here.astimezone(UTC))
    assert f"{found:%Y-%m-%d %H:%M}" == due
    assert found.tzinfo is MELBOURNE


def test_utc_takes_the_place_of_the_teams_zone() -> None:
    assert schedules.latest("00:00 utc", MELBOURNE, datetime(2026, 11, 30, 12, tzinfo=MELBOURNE)) == datetime(2026, 11, 30, tzinfo=UTC)


@pytest.mark.parametrize("now", [datetime(2026, 10, 4, 3, 30), datetime(2026, 4, 5, 2, 30)])  # noqa: DTZ001 # Melbourne's clock
def test_both_changes_of_the_clock_are_in_it(now: datetime) -> None:
    here = now.replace(tzinfo=MELBOURNE)
    found = schedules.latest("02:15", MELBOURNE, here)
    assert found.astimezone(UTC) <= here.astimezone(UTC)
    assert here.astimezone(UTC) - found.astimezone(UTC) < timedelta(hours=26)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Mon  09:00", "mon 09:00"),
        ("1ST MON 09:00 UTC", "1st mon 09:00 utc"),
        ("Last Fri 16:00", "last fri 16:00"),
        ("9:00", None),
        ("noon", None),
    ],
)
def test_what_is_no_schedule_is_refused(typed: str, kept: str | None) -> None:
    if kept is not None:
        assert schedules.known(typed) == kept
        return
    with pytest.raises(ValueError, match="belongs here"):
        schedules.known(typed)


def test_a_fifth_is_refused_as_not_every_month_has_one() -> None:
    with pytest.raises(ValueError, match="not every month has a fifth: write last for its last one"):
        schedules.of_months("5th mon 09:00")
