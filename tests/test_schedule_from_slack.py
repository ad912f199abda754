"""B2, A14, X10 as people see them: the daily backup comes by itself, what does not come is told, how the backups stand is posted."""

from __future__ import annotations

import socket
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.orm import Session

from ops import health, missed, outlook
from ops.database import AlertRow, open_database
from ops.files import Room
from ops.outlook import Outlook
from sandbox.slack import Client
from tests.cards import answer, taken
from tests.scheduling import LEAD, UTC_ZONE, ago, in_use_for, in_use_since_yesterday, scheduled, titled
from tests.selling import until
from tests.world import ENGINEERING, INCIDENTS, World, running, wait_for, world


def test_an_alert_that_cannot_be_read_keeps_no_post_from_coming(tmp_path: Path) -> None:
    more = f'{scheduled(timedelta(hours=12))}retention = "{ago(LEAD)}"\n'
    with world(tmp_path, more=more) as place:
        in_use_since_yesterday(place)
        engine, at = open_database(f"sqlite:///{place.backups}/.state/bot.sqlite"), datetime.now(UTC)
        with Session(engine) as session, session.begin():
            times = {"at": at, "opened_at": at, "changed_at": at}
            session.add(AlertRow(id="a", key="a", open_key="a", severity="P9", title="a", text="a", remedy="a", events=[], **times))
        engine.dispose()
        place.limit = "100 B"
        with running(place):
            until(place.slack.client, INCIDENTS, lambda shown: "over its limit" in str(shown.blocks))


def test_a_git_remote_that_hangs_while_old_branches_are_looked_for_keeps_no_alert_from_coming(tmp_path: Path) -> None:
    due = datetime.now(UTC) - LEAD
    with world(tmp_path, more=f'{scheduled(12 * LEAD)}weekly = "{due:%a %H:%M} UTC"\n') as place:
        in_use_for(place, 2)
        slack, silent = place.slack.client, socket.create_server(("127.0.0.1", 0))
        place.remote = SimpleNamespace(path=f"http://127.0.0.1:{silent.getsockname()[1]}/shop.git")  # type: ignore[assignment]
        with running(place):
            asked, _ = silent.accept()
            with sqlite3.connect(place.backups / ".state" / "bot.sqlite") as database:
                database.execute("UPDATE activity SET who = 'nobody' WHERE seq = 1")
            assert "Line 1 was changed." in answer(slack, "/ops verify-log").all_text
            until(slack, INCIDENTS, lambda shown: "P0" in shown.text and "Line 1 was changed." in shown.all_text, limit=60)
            for each in (silent, asked):
                each.close()


def test_every_moment_of_each_schedule_counts_once_over_a_change_of_the_clock_too() -> None:
    begin, end = datetime(2026, 4, 3, 13, tzinfo=UTC), datetime(2026, 4, 5, 14, tzinfo=UTC)
    found = missed.moments(["00:00", "12:00 utc", "22:00"], ZoneInfo("Australia/Melbourne"), begin, end)
    assert [f"{each:%d %H:%M}" for each in found] == ["03 13:00", "04 11:00", "04 12:00", "04 13:00", "05 12:00"]
    assert missed.moments(["00:00 utc"], UTC_ZONE, end, end) == []


def test_retention_is_posted_when_there_is_something_to_say_and_in_both_channels_when_the_folder_is_over_its_limit(tmp_path: Path) -> None:
    more = f'[schedule]\nbackup = "{ago(timedelta(hours=12))}"\nhealth = "{ago(timedelta(hours=12))}"\nretention = "{ago(LEAD)}"\n'
    with world(tmp_path, more=more) as place:
        in_use_since_yesterday(place)
        slack = place.slack.client
        with running(place):
            answer(slack, "/ops status")
            assert titled(slack, "Retention of") == []
        place.limit = "100 B"
        with running(place):
            post = until(slack, INCIDENTS, lambda shown: "Retention" in shown.all_text)
            assert until(slack, ENGINEERING, lambda shown: "Retention" in shown.all_text)
            for words in ("over its limit", "Nothing leaves by tomorrow by its age.", "no backup begins", "late: it was due"):
                assert words in str(post.blocks)


def test_how_the_backups_stand_can_be_posted_now_and_another_word_gets_a_sentence(slack: Client) -> None:
    assert "Posted in #" in answer(slack, "/ops post health").all_text
    post = until(slack, ENGINEERING, lambda shown: "Backup health" in shown.all_text)
    assert "[schedule] backup" in str(post.blocks)
    assert "Posted in #" in answer(slack, "/ops post retention").all_text
    assert until(slack, ENGINEERING, lambda shown: "unknown before two backups a day apart" in str(shown.blocks))
    refused = answer(slack, "/ops post wealth").all_text
    assert "There is no post “wealth”." in refused
    assert "`/ops post retention`" in refused


def test_what_is_red_goes_to_incidents_too_when_it_is_posted_now(tmp_path: Path) -> None:
    with world(tmp_path) as place, running(place):
        slack = place.slack.client
        assert answer(slack, "/ops post health").text == "Posted in #engineering and #incidents."
        assert "There is no good full backup." in str(until(slack, INCIDENTS, lambda shown: "Backup health" in shown.all_text).blocks)
        taken(slack, "/backup full")
        assert answer(slack, "/ops post health").text == "Posted in #engineering."
        wait_for(lambda: len(titled(slack, "Backup health")) == 2, "the second post")
        assert len(titled(slack, "Backup health", INCIDENTS)) == 1


def test_a_changed_line_of_the_log_is_found_from_slack_and_in_the_terminal(shop: World, slack: Client) -> None:
    taken(slack, "/backup quick")
    assert "Every line of the log is as it was written" in answer(slack, "/ops verify-log").all_text
    whole = shop.terminal("verify-log")
    assert (whole.returncode, "as it was written" in whole.stdout) == (0, True)
    with sqlite3.connect(shop.backups / ".state" / "bot.sqlite") as database:
        database.execute("UPDATE activity SET who = 'nobody' WHERE seq = 1")
    said = answer(slack, "/ops verify-log").all_text
    assert "Line 1 was changed." in said
    assert "The last that was written by Backstop is line" in said
    found = shop.terminal("verify-log")
    assert (found.returncode, "Line 1 was changed." in found.stdout + found.stderr) == (4, True)


@pytest.mark.parametrize("wrong", ['"0 0 * * 1"', "[]", '["00:00", "25:00"]', "7"])
def test_a_schedule_that_is_none_is_refused_at_the_start(tmp_path: Path, wrong: str) -> None:
    with world(tmp_path, more=f"[schedule]\nbackup = {wrong}\n") as place:
        found = place.terminal("status")
        assert found.returncode == 2
        assert "schedule.backup" in found.stderr


def test_a_snapshot_of_more_than_a_day_a_full_folder_and_a_doubt_are_red_and_four_fifths_of_the_folder_warn() -> None:
    now = datetime(2026, 3, 1, 13, tzinfo=UTC)
    assert health.red(now - timedelta(hours=23), 10, 100, None, now) == ()
    assert health.red(None, 10, 100, None, now) == ("There is no good full backup.",)
    old, over, doubt = health.red(now - timedelta(hours=25), 101, 100, "the last verification failed", now)
    assert "25 h 00 m ago, and 24 hours are promised" in old
    assert "more than the 100 B" in over
    assert doubt == "The last verification failed."
    assert (health.warnings(79, 100), len(health.warnings(80, 100)), health.warnings(101, 100)) == ((), 1, ())


def ahead(used: int, per_day: float | None, free: int = 10**12) -> Outlook:
    room = Room(free=free, total=10**12)
    return Outlook(target="production · sturgeon", leaving=(), held=None, used=used, limit=100, room=room, per_day=per_day)


def test_growth_is_measured_over_a_day_at_least_and_a_month_at_most_and_says_when_the_folder_is_at_its_limit() -> None:
    now = datetime(2026, 3, 1, 13, tzinfo=UTC)
    points = [(now - timedelta(days=days), size) for days, size in ((0, 50), (2, 40), (10, 30), (40, 1000))]
    assert outlook.growth(points, now) == 2.0
    assert outlook.growth(points[:1], now) is None
    assert outlook.growth([(now, 5), (now - timedelta(hours=23), 1)], now) is None
    assert (ahead(50, 2.0).days_left, ahead(50, 0.0).days_left, ahead(50, -1.0).days_left, ahead(50, None).days_left) == (
        25.0,
        None,
        None,
        None,
    )
    assert [ahead(used, 10.0).until_full for used in (0, 85, 99)] == ["10 days", "2 days", "less than a day"]
    assert ahead(50, 0.0001).until_full == "more than ten years"
    assert [each.says_something for each in (ahead(50, 2.0), ahead(50, 1.0), ahead(80, None), ahead(50, None, free=10**10))] == [
        True,
        False,
        True,
        True,
    ]
