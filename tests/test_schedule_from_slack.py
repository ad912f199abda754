"""B2, A14, X10 as people see them: the daily backup comes by itself, what does not come is told, how the backups stand is posted."""

from __future__ import annotations

import json
import socket
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

from ops import activity, automated, health, missed, outlook
from ops.alerts import Severity, records
from ops.alerts.alert import Cause
from ops.database import AlertRow, OperationRow, PostRow, open_database
from ops.files import Room
from ops.outlook import Outlook
from sandbox.slack import Client, Shown
from tests import earlier
from tests.cards import answer, backup_id, cards, is_over, manifest, taken
from tests.selling import until
from tests.world import CAROL, DAVE, ENGINEERING, INCIDENTS, ROOT, SETTINGS, World, plain, running, wait_for, world

LEAD = timedelta(hours=1)
UTC_ZONE = ZoneInfo("UTC")


def ago(span: timedelta) -> str:
    """A schedule whose last moment was so long ago."""
    return f"{datetime.now(UTC) - span:%H:%M} UTC"


def scheduled(backup: timedelta, post: timedelta = timedelta(hours=12)) -> str:
    return f'[schedule]\nbackup = "{ago(backup)}"\nhealth = "{ago(post)}"\n'


def in_use_since_yesterday(around: World) -> None:
    """Somebody did something here before what is due today."""
    in_use_for(around, 23)


def in_use_for(around: World, hours: int) -> None:
    """Somebody did something here so many hours ago."""
    earlier.terminal(around, hours, "backup", "quick")


def titled(slack: Client, words: str, channel: str = ENGINEERING) -> list[Shown]:
    return [each for each in slack.messages(channel) if words in each.all_text]


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


def test_two_moments_a_day_are_one_setting_and_each_has_its_own_backup(tmp_path: Path) -> None:
    with world(tmp_path, more='[schedule]\nbackup = ["00:00 UTC", "12:00 utc"]\n') as place:
        assert place.terminal("status").returncode == 0
    at, zone = datetime(2026, 3, 1, 13, tzinfo=UTC), ZoneInfo("Australia/Melbourne")
    due = [automated.due(("00:00 utc", "12:00 utc"), zone, moment) for moment in (at, at + timedelta(hours=12))]
    assert [automated.operation_id(each) for each in due] == ["automated-2026-03-01-1200", "automated-2026-03-02-0000"]


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


def test_a_channel_that_is_not_there_is_said_once_to_somebody_who_can_mend_it_and_its_posts_follow_to_the_right_one(tmp_path: Path) -> None:
    with world(tmp_path, more='[slack]\nengineering = "#platform"\n') as place:
        slack = place.slack.client
        with running(place):
            answer(slack, "/ops post health")
            told = wait_for(lambda: next((each for each in slack.direct(CAROL) if "#platform" in each.all_text), None), "a word to the CTO")
            assert "I cannot post in #platform (`channel_not_found`). What belongs there is kept" in told.all_text
            answer(slack, "/ops post retention")
        with running(place):
            answer(slack, "/ops status")
            assert len([each for each in slack.direct(CAROL) if "#platform" in each.all_text]) == 1
        place.more = ""
        with running(place):
            until(slack, ENGINEERING, lambda shown: "Backup health" in shown.all_text)
            until(slack, ENGINEERING, lambda shown: "Retention" in shown.all_text)


def test_what_waited_for_the_channel_of_incidents_goes_there_once_it_is_named_rightly(tmp_path: Path) -> None:
    with world(tmp_path, more='[slack]\nincidents = "#incidnts"\n') as place:
        slack = place.slack.client
        with running(place):
            answer(slack, "/ops post health")
            wait_for(lambda: [each for each in slack.direct(CAROL) if "#incidnts" in each.all_text], "a word to the CTO")
        place.more = ""
        with running(place):
            until(slack, INCIDENTS, lambda shown: "Backup health" in shown.all_text)
            answer(slack, "/ops status")
        assert len(titled(slack, "Backup health")) == 1


@pytest.mark.parametrize(("wrong", "named"), [("platform", "#platform"), ("C0NOSUCHPLACE", "C0NOSUCHPLACE")])
def test_a_channel_without_its_sign_or_by_its_id_is_said_to_somebody_of_a_user_group_and_its_posts_follow_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str, named: str
) -> None:
    monkeypatch.setattr("tests.world.SETTINGS", SETTINGS.replace('["U0BOB"]', "[]").replace('["U0CAROL"]', "[]"))
    with world(tmp_path, more=f'[slack]\nengineering = "{wrong}"\n') as place:
        slack = place.slack.client
        with running(place):
            answer(slack, "/ops post health", user=DAVE)
            wait_for(lambda: [each for each in slack.direct(DAVE) if f"I cannot post in {named}" in each.all_text], "a word to DevOps")
        place.more = '[slack]\nengineering = "engineering"\n'
        with running(place):
            until(slack, ENGINEERING, lambda shown: "Backup health" in shown.all_text)
