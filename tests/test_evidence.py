"""X10: a cut or rewritten log is seen by the heads that stand in Slack; evidence of a month for an auditor, in two shapes."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest

from bot.views.health import log_verified
from bot.witness import Looked, Posted, heads
from ops import activity, evidence
from ops.database import open_database
from ops.errors import Refused
from tests.cards import answer, backup_id, taken
from tests.selling import drawn, saying, until, window
from tests.world import ALICE, BOB, CAROL, ENGINEERING, INCIDENTS, World, running, wait_for, world

MELBOURNE = ZoneInfo("Australia/Melbourne")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as around:
        yield around


def cut(place: World) -> None:
    """Somebody with access to the database takes the log's end away, and its head with it."""
    with sqlite3.connect(place.backups / ".state" / "bot.sqlite") as database:
        database.execute("DELETE FROM activity WHERE seq > 1")
        database.execute("UPDATE activity_head SET seq = 1, hash = (SELECT hash FROM activity WHERE seq = 1)")


def test_a_log_that_was_cut_is_seen_by_the_head_of_a_health_post_and_told_as_p0_at_the_next_start(place: World) -> None:
    slack = place.slack.client
    with running(place):
        for _ in range(2):
            taken(slack, "/backup quick")
        assert "no health post since" in answer(slack, "/ops verify-log").all_text
        answer(slack, "/ops post health")
        until(slack, ENGINEERING, lambda shown: "Backup health" in shown.all_text)
        assert "held against 1 head that the health posts since" in answer(slack, "/ops verify-log").all_text
        cut(place)
        assert place.terminal("log", "verify").returncode == 0  # the database alone cannot tell
        assert "is not there: the log was cut" in answer(slack, "/ops verify-log").all_text
    with running(place):
        told = until(slack, INCIDENTS, lambda shown: "The activity log is not as it was written" in shown.all_text)
        assert "is not there: the log was cut" in str(told.blocks)
        for turn in range(210):
            slack.say(f"what people say, {turn}")
        assert "not the one that was posted" in answer(slack, "/ops verify-log").all_text
    with running(place):
        assert "not the one that was posted" in answer(slack, "/ops verify-log").all_text
        assert "not as it was written" in answer(slack, "/ops alerts").all_text


def test_what_verify_log_finds_opens_the_alert_at_once_its_answer_says_so_and_what_to_do_and_the_health_post_names_it(place: World) -> None:
    slack = place.slack.client
    with running(place):
        taken(slack, "/backup full")
        with sqlite3.connect(place.backups / ".state" / "bot.sqlite", timeout=20) as database:
            database.execute("UPDATE activity SET who = 'U9' WHERE seq = 1")
        said = answer(slack, "/ops verify-log").all_text
        for words in ("Line 1 was changed.", "a P0 alert about it opens within a minute", "keep a copy of the database"):
            assert words in said
        until(slack, INCIDENTS, lambda shown: "The activity log is not as it was written" in shown.all_text)
        answer(slack, "/ops post health")
        red = "Backup health of production · sturgeon: A P0 alert is open: The activity log is not as it was written."
        assert "A P0 alert is open" in str(until(slack, INCIDENTS, lambda shown: shown.text == red).blocks)
    assert "verify the log in Slack too, which opens the P0 alert" in place.terminal("log", "verify").stderr


def test_a_head_from_a_post_finds_the_cut_in_the_terminal_too(place: World) -> None:
    assert place.terminal("backup", "quick").returncode == 0
    assert place.terminal("backup", "quick").returncode == 0
    head = json.loads(place.terminal("log", "verify", "--json").stdout)
    named = f"{head['line']}:{head['hash'][:16]}"
    assert place.terminal("log", "verify", "--head", named).returncode == 0
    assert place.terminal("log", "verify", "--head", f"{head['line']}:{'0' * 16}").returncode == 4
    assert "looks like 120:" in place.terminal("log", "verify", "--head", "nine").stderr
    cut(place)
    found = place.terminal("verify-log", "--head", named)
    assert (found.returncode, "the log was cut" in found.stderr) == (4, True)


def test_a_head_counts_only_from_a_message_of_ours() -> None:
    block = {"type": "context", "elements": [{"type": "mrkdwn", "text": f"*Log head:* line 12, `{'a' * 16}`"}]}
    ours = {"bot_id": "B1", "metadata": {"event_type": "backstop_post"}, "blocks": [block]}
    assert heads(ours) == [(12, "a" * 16)]
    assert heads({**ours, "bot_id": None}) == heads({**ours, "metadata": {}}) == heads({}) == []


def test_a_log_is_whole_only_where_all_that_was_posted_of_it_was_read() -> None:
    read = Posted(heads=((12, "a" * 16),), since=datetime.now(UTC))

    def known(posted: Posted | None, *problems: str) -> tuple[str, ...] | None:
        return Looked(problems=problems, posted=posted, since=None).known

    assert (known(read), known(replace(read, heads=()))) == ((), ())
    assert (known(None), known(replace(read, is_all=False))) == (None, None)
    assert known(None, "Line 2 was changed.") == ("Line 2 was changed.",)
    partly = Looked(problems=(), posted=replace(read, is_all=False), since=None)
    assert "*not known*" in str(log_verified(partly, (12, "a" * 64)))


def test_a_database_that_was_lost_accuses_nobody_and_a_cto_ends_the_alert_so_that_the_log_counts_anew(
    place: World,
) -> None:
    slack = place.slack.client
    with running(place):
        for _ in range(2):
            taken(slack, "/backup quick")
        answer(slack, "/ops post health")
        until(slack, ENGINEERING, lambda shown: "Backup health" in shown.all_text)
    for each in (place.backups / ".state").glob("bot.sqlite*"):
        each.unlink()
    with running(place):
        told = until(slack, INCIDENTS, lambda shown: "not as it was written" in shown.all_text)
        assert "or the database was lost or restored from an older copy" in told.all_text
        slack.click(told, "alert_close", user=BOB)
        wait_for(lambda: saying(drawn(slack, BOB), "Only a CTO ends an alert about the log."), "the refusal")
        slack.click(told, "alert_close", user=CAROL)
        slack.submit(window(slack, CAROL), {"reason": "the disk was lost"}, user=CAROL)
        until(slack, INCIDENTS, lambda shown: "Over: The activity log" in shown.all_text)
        assert f"counts from line {activity_of(place)[-1]} on: <@{CAROL}>" in answer(slack, "/ops verify-log").all_text
    with running(place):
        said = answer(slack, "/ops verify-log").all_text
        for words in (":warning:", "from where the log counts on. Before that it is not.", "was posted", "If nobody remembers"):
            assert words in said
        assert "No alert is open" in answer(slack, "/ops alerts").all_text
    assert "counts from line" in place.terminal("log", "verify").stdout


def activity_of(place: World) -> list[int]:
    """The lines from which on the log counts."""
    with sqlite3.connect(place.backups / ".state" / "bot.sqlite") as database:
        return [seq for (seq,) in database.execute("SELECT seq FROM activity WHERE outcome = 'new reference' ORDER BY seq")]


def test_a_log_that_was_written_anew_is_not_the_one_that_was_posted(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'bot.sqlite'}")
    activity.record(engine, who="a", text="b", outcome="c")
    seq, digest = activity.head(engine)
    assert activity.against(engine, [(seq, digest[:16]), (0, "0" * 16)]) == []
    anew = ["Line 1 is not the one that was posted: the log was written anew, or the database was lost or restored from an older copy."]
    assert activity.against(engine, [(seq, "f" * 16)]) == anew
    assert activity.against(engine, [(seq, "0" * 16), (seq, digest[:16])]) == anew
    engine.dispose()


def test_the_evidence_of_a_month_comes_as_two_files_and_names_what_was_done_signed_and_missed(place: World) -> None:
    slack, month = place.slack.client, f"{datetime.now(UTC).astimezone(MELBOURNE):%Y-%m}"
    with running(place):
        made = backup_id(taken(slack, "/backup full =2+3 is a note"))
        place.production.faults["export"] = "fail"
        taken(slack, "/backup full")
        said = answer(slack, f"/ops evidence {month}")
        assert "2 backup records" in said.all_text
        assert "in your direct messages" in said.all_text
        wait_for(lambda: len([each for each in slack.direct(ALICE) if each.files]) == 2, "both files")
        names = {file["name"]: file for each in slack.direct(ALICE) for file in each.files}
        assert set(names) == {f"evidence-{month}.jsonl", f"evidence-{month}.csv"}
        records = [json.loads(line) for line in httpx.get(names[f"evidence-{month}.jsonl"]["url_private"]).text.splitlines()]
        table = httpx.get(names[f"evidence-{month}.csv"]["url_private"]).content.decode("utf-8-sig")
    backups = {each["outcome"]: each for each in records if each["record"] == "backup"}
    assert backups["succeeded"]["details"]["id"] == made
    assert len(backups["succeeded"]["details"]["sha256"]) == 64
    assert "error" in backups["failed"]["details"]
    assert [each["details"]["seq"] for each in records if each["record"] == "log"] == sorted(
        each["details"]["seq"] for each in records if each["record"] == "log"
    )
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [row["id"] for row in rows] == [each["id"] for each in records]
    there = place.terminal("evidence", month, "--format", "csv").stdout
    assert len(list(csv.DictReader(io.StringIO(there)))) == len(rows)
    assert place.terminal("evidence", "19-01").returncode == 3


def test_of_what_is_no_month_has_not_begun_or_holds_nothing_there_are_words_and_no_files(place: World) -> None:
    slack = place.slack.client
    with running(place):
        taken(slack, "/backup quick")
        assert "is neither a month nor a year" in answer(slack, "/ops evidence october").all_text
        assert "2099-12 has not begun." in answer(slack, "/ops evidence 2099-12").all_text
        assert "nothing was done then." in answer(slack, "/ops evidence 2020-01").all_text
        answer(slack, "/ops evidence")
        wait_for(lambda: len([each for each in slack.direct(ALICE) if each.files]) == 2, "the files of this month")
        assert not [each for each in slack.messages(ENGINEERING) if each.files]
        assert not [file for each in slack.direct(ALICE) for file in each.files if "2020" in file["name"]]
    assert place.terminal("evidence", "2099").returncode == 3


@pytest.mark.parametrize(
    ("text", "begin", "end"),
    [
        ("2026-10", "2026-09-30T14:00", "2026-10-31T13:00"),  # Melbourne's clock changes on the 4th
        ("2026-12", "2026-11-30T13:00", "2026-12-31T13:00"),
        ("2026", "2025-12-31T13:00", "2026-12-31T13:00"),
    ],
)
def test_a_month_is_one_by_the_teams_clock(text: str, begin: str, end: str) -> None:
    found = tuple(f"{each.astimezone(UTC):%Y-%m-%dT%H:%M}" for each in evidence.period(text, MELBOURNE, datetime(2027, 1, 1, tzinfo=UTC)))
    assert found == (begin, end)


@pytest.mark.parametrize("text", ["", "2026-13", "2026-00", "26-10", "2026-1", "0999", "2026-10-01", "2026-10; rm"])
def test_what_is_no_month_gets_a_sentence(text: str) -> None:
    with pytest.raises(Refused, match="neither a month nor a year"):
        evidence.period(text, MELBOURNE, datetime.now(UTC))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx"])
def test_no_cell_is_a_formula(text: str) -> None:
    record = dict.fromkeys(evidence.COLUMNS, "x") | {"what": text, "details": {"a": "ü"}}
    (row,) = csv.DictReader(io.StringIO(evidence.as_csv([record]).decode("utf-8-sig")))
    assert row["what"] == f"'{text}"
