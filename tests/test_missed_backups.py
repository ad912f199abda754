"""Backups that did not come: caught up once, said to be late, counted in figures and evidence, and none that nobody lived through."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ops import activity, automated, missed
from ops.alerts import Severity, records
from ops.alerts.alert import Cause
from ops.database import OperationRow, PostRow, open_database
from tests.cards import answer, backup_id, cards, is_over, manifest, taken
from tests.scheduling import LEAD, UTC_ZONE, in_use_for, in_use_since_yesterday, scheduled, titled
from tests.selling import until
from tests.world import ENGINEERING, INCIDENTS, ROOT, World, plain, running, wait_for, world


@pytest.fixture
def place(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, more=scheduled(LEAD, timedelta(minutes=40))) as around:
        yield around


def test_a_bot_that_was_down_takes_the_days_backup_once_says_that_it_is_late_and_posts_the_health_after_it(place: World) -> None:
    in_use_since_yesterday(place)
    slack = place.slack.client
    with running(place):
        card = until(slack, ENGINEERING, lambda shown: is_over(shown) and backup_id(shown).startswith("full-"))
        made = manifest(place, backup_id(card))
        assert (made["purpose"], made["createdBy"]) == ("automated", "schedule")
        assert made["notes"].startswith("late: it was due ")
        post = until(slack, ENGINEERING, lambda shown: "Backup health" in shown.all_text)
        for words in ("production", "lose at most", "late: it was due", made["id"], "Failures of the last day:* none", "Log head:* line "):
            assert words in str(post.blocks)
        assert ":rotating_light:" not in str(post.blocks)
        answer(slack, "/ops post weekly")
        listed = until(slack, ENGINEERING, lambda shown: "Weekly" in shown.all_text)
        assert f"`{made['id']}`" in str(listed.blocks)
        assert "None" not in str(listed.blocks)
    with running(place):
        assert "Nothing runs" in str(answer(slack, "/ops status").blocks)
    full = [each for each in cards(slack) if "full-" in each.all_text]
    assert (len(full), len(titled(slack, "Backup health")), titled(slack, "Backup health", INCIDENTS)) == (1, 1, [])


def test_a_new_installation_begins_with_no_missed_backup_and_no_late_post(place: World) -> None:
    slack = place.slack.client
    with running(place):
        assert "there is no good full backup" in str(answer(slack, "/ops status").blocks)
        assert (cards(slack), titled(slack, "Backup health")) == ([], [])


def test_a_bot_that_was_down_for_days_says_how_many_backups_did_not_come_and_figures_and_evidence_count_them(place: World) -> None:
    in_use_for(place, 100)
    slack, begun = place.slack.client, datetime.now(UTC) - timedelta(hours=100)
    due = missed.moments([place.more.split('"')[1].lower()], UTC_ZONE, begun, datetime.now(UTC) - timedelta(hours=2))
    with running(place):
        until(slack, ENGINEERING, lambda shown: is_over(shown) and backup_id(shown).startswith("full-"))
        until(slack, INCIDENTS, lambda shown: f"{len(due)} automated backups did not come" in shown.all_text)
        told = until(slack, ENGINEERING, lambda shown: f"{len(due)} automated backups did not come" in shown.all_text)
        assert f"{due[-1]:%Y-%m-%d %H:%M} UTC did not come: no bot ran then. It is the last of {len(due)} since" in told.all_text
        wait_for(lambda: [each for each in slack.thread(told) if "a good full backup again" in each.all_text], "the end of the alert")
        post = until(slack, ENGINEERING, lambda shown: "Backup health" in shown.all_text)
        lately = [each for each in due if each > datetime.now(UTC) - timedelta(days=1)]
        assert f"Failures of the last day:* {len(lately) or 'none'}" in str(post.blocks)
        assert f"1 of {len(due) + 1}" in answer(slack, "/ops metrics").all_text
    with running(place):
        assert "Nothing runs" in str(answer(slack, "/ops status").blocks)
    proofs = [
        json.loads(line)
        for year in sorted({each.year for each in due})
        for line in place.terminal("evidence", str(year)).stdout.splitlines()
    ]
    assert [each["id"] for each in proofs if each["outcome"] == "missed" and each["record"] == "backup"] == [
        automated.operation_id(each) for each in due
    ]


def test_a_backup_that_could_not_begin_before_a_stop_is_written_down_though_backstop_spoke_since(place: World) -> None:
    in_use_for(place, 100)
    now = datetime.now(UTC)
    moments = missed.moments([place.more.split('"')[1].lower()], UTC_ZONE, now - timedelta(hours=99), now - 2 * LEAD)
    told, tried, *passed = moments
    with opened(place) as engine:
        cause = Cause(key="automated-backup", severity=Severity.P0, title="It has not begun", text="x", remedy="x", at=told)
        records.keep(engine, cause, told + 2 * LEAD)
        with Session(engine) as session, session.begin():  # what Backstop said last before it stopped, an hour after it began to try
            session.add(PostRow(key="said", channel=ENGINEERING, wanted={"text": "x", "blocks": []}, wanted_at=tried + LEAD, attempts=0))
    with running(place):
        until(place.slack.client, INCIDENTS, lambda shown: f"{len(moments)} automated backups did not come" in shown.all_text)
    with opened(place) as engine:
        found = {each.due: each.text.rpartition(": ")[2] for each in missed.of(engine, datetime.now(UTC) - LEAD)}
    stopped = "it had not begun when Backstop stopped."
    assert found == {told: stopped, tried: stopped, **dict.fromkeys(passed, "no bot ran then.")}


@contextmanager
def opened(around: World) -> Iterator[Engine]:
    """The database of a world, while no bot runs."""
    engine = open_database(f"sqlite:///{around.backups / '.state' / 'bot.sqlite'}")
    yield engine
    engine.dispose()


@pytest.mark.parametrize("at", ["x", "2099-01-01T00:00:00+00:00"])
def test_changed_times_in_the_log_are_told_and_keep_no_backup_from_being_caught_up_nor_the_log_from_being_read(
    place: World, at: str
) -> None:
    in_use_since_yesterday(place)
    with sqlite3.connect(place.backups / ".state" / "bot.sqlite") as database:
        database.execute("UPDATE activity SET at = ?", (at,))
    slack = place.slack.client
    with running(place):
        card = until(slack, ENGINEERING, lambda shown: is_over(shown) and backup_id(shown).startswith("full-"))
        assert manifest(place, backup_id(card))["purpose"] == "automated"
        until(slack, INCIDENTS, lambda shown: "P0" in shown.text and "Line 1 was changed." in shown.all_text)
        assert (at != "x") == ("cannot be read" not in str(answer(slack, "/ops log").blocks))
        until(slack, ENGINEERING, lambda shown: "Backup health" in shown.all_text)
    assert (at != "x") == ("cannot be read" not in place.terminal("log").stdout)
    assert place.terminal("log", "--json").returncode == 0
    lines = [json.loads(line) for line in place.terminal("evidence", f"{datetime.now(UTC):%Y}").stdout.splitlines()]
    changed = [each for each in lines if "its time cannot be read" in str(each["details"])]
    assert (at == "x") == bool(changed)


def test_a_backup_that_never_came_is_written_down_once_and_one_that_was_begun_is_not(database: str) -> None:
    engine, end = open_database(database), datetime(2026, 3, 4, tzinfo=UTC)
    schedule, team = SimpleNamespace(backup=("00:00 utc",)), SimpleNamespace(zoneinfo=UTC_ZONE)
    backstop: Any = SimpleNamespace(engine=engine, settings=SimpleNamespace(schedule=schedule, team=team))
    with Session(engine) as session, session.begin():
        session.add(
            OperationRow(
                id="automated-2026-03-02-0000", kind="full backup", version=1, params={}, requested_by="schedule", status="failed",
                created_at=end, changed_at=end, progress={}, result={},
            )
        )  # fmt: skip
    for _ in range(2):
        missed.note(backstop, end - timedelta(days=3), end, lambda _moment: "no bot ran then.")
    found = missed.of(engine, datetime.now(UTC) - LEAD)
    assert [each.id for each in found] == ["automated-2026-03-01-0000", "automated-2026-03-03-0000"]
    assert [each.due for each in found] == [end - timedelta(days=3), end - timedelta(days=1)]
    assert activity.verify(engine) == []
    engine.dispose()


def test_an_automated_backup_that_fails_is_told_in_both_channels_until_there_is_a_good_one(place: World) -> None:
    in_use_since_yesterday(place)
    place.production.faults["export"] = "fail"
    slack = place.slack.client
    with running(place):
        told = until(slack, INCIDENTS, lambda shown: "did not succeed" in shown.all_text and "Backup health" not in shown.text)
        assert "Production was not touched" in told.all_text
        assert until(slack, ENGINEERING, lambda shown: "The automated backup did" in shown.all_text)
        red = until(slack, INCIDENTS, lambda shown: "Backup health" in shown.all_text)
        assert "There is no good full backup." in str(red.blocks)
        assert "Failures of the last day:* 1" in str(red.blocks)
        place.production.faults["export"] = None
        taken(slack, "/backup full")
        wait_for(lambda: [each for each in slack.thread(told) if "a good full backup again" in each.all_text], "the end of the alert")
        assert len([each for each in titled(slack, "did not succeed", INCIDENTS) if "Backup health" not in each.text]) == 1


def test_what_runs_for_longer_than_two_hours_after_the_moment_is_told_and_the_backup_still_comes(tmp_path: Path) -> None:
    with world(tmp_path, more=scheduled(timedelta(hours=3))) as place:
        in_use_since_yesterday(place)
        place.production.faults["export"] = "slow:300"  # so it runs until the bot has spoken, however slow the machine
        slack = place.slack.client
        environ = {name: value for name, value in place.environ.items() if not name.startswith("SLACK")}
        asked = [sys.executable, "-m", "ops", "backup", "full"]
        with subprocess.Popen(asked, cwd=ROOT, env={**plain(), **environ}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as other:
            wait_for(lambda: "Running: full backup" in place.terminal("status").stdout, "another backup that runs")
            with running(place):
                try:
                    told = until(slack, INCIDENTS, lambda shown: "has not begun" in shown.all_text)
                finally:
                    place.production.faults["export"] = None
                assert "It is tried again until the next one is due." in told.all_text
                assert other.wait(60) == 0
                wait_for(lambda: [each for each in cards(slack) if "automated" in each.all_text], "the automated backup")
                wait_for(
                    lambda: [each for each in slack.thread(told) if "a good full backup again" in each.all_text], "the end of the alert"
                )


def test_two_moments_a_day_are_one_setting_and_each_has_its_own_backup(tmp_path: Path) -> None:
    with world(tmp_path, more='[schedule]\nbackup = ["00:00 UTC", "12:00 utc"]\n') as place:
        assert place.terminal("status").returncode == 0
    at, zone = datetime(2026, 3, 1, 13, tzinfo=UTC), ZoneInfo("Australia/Melbourne")
    due = [automated.due(("00:00 utc", "12:00 utc"), zone, moment) for moment in (at, at + timedelta(hours=12))]
    assert [automated.operation_id(each) for each in due] == ["automated-2026-03-01-1200", "automated-2026-03-02-0000"]
