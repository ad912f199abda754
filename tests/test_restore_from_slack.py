"""B11 and X2 as people see them: assess, sign, watch the restore, read the report, bring back what went."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops import deltas
from sandbox.slack import Client
from tests import earlier
from tests.cards import answer, backup_id, clicked, taken
from tests.selling import REASON, opened, saying, selling, signed_for, until, window
from tests.shipping import Shop
from tests.world import ALICE, BOB, CAROL, ENGINEERING, INCIDENTS, World, running, wait_for


@pytest.fixture(scope="module")
def around(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Shop, World]]:
    with selling(tmp_path_factory.mktemp("restore")) as (shop, world), running(world):
        yield shop, world


@pytest.fixture
def shop(around: tuple[Shop, World]) -> Shop:
    return around[0]


@pytest.fixture
def slack(around: tuple[Shop, World]) -> Client:
    return around[1].slack.client


def test_a_watch_ends_before_its_time_by_its_id_only_and_its_card_and_the_report_say_who_ended_it(shop: Shop, slack: Client) -> None:
    made, why = backup_id(taken(slack, "/backup full")), "orders were shown twice"
    view = opened(slack, f"/restore database {made}", BOB)
    assert slack.submit(view, {**REASON, "reason": why, "typed": made}, user=BOB).acked
    slack.click(signed_for(slack, why), "Approve", user=CAROL)
    done = until(slack, ENGINEERING, lambda shown: why in shown.all_text and "Restore complete - production restored" in shown.all_text)
    assert "The incident report is in the thread in #incidents; the watch of half an hour has its own card" in done.all_text
    watch = until(slack, ENGINEERING, lambda shown: "Watching production · sturgeon after the restore" in shown.all_text)
    begun = until(slack, INCIDENTS, lambda shown: "Database restore in progress" in shown.all_text and why in shown.all_text)
    named = re.search(r"`/ops cancel (watch-\w+)`", answer(slack, "/ops cancel").all_text)
    assert named is not None
    assert saying(slack.again(watch), "Watching production")  # it was only named
    answer(slack, f"/ops cancel {named[1]}")
    over = wait_for(lambda: saying(slack.again(watch), "The watch after the restore is over"), "the end of the watch")
    said = "ended the watch before its time, and nobody looks any more"
    assert f"<@{ALICE}> {said}" in over.all_text
    report = wait_for(lambda: saying(next(iter(slack.thread(begun)), None), said), "the report with the end of the watch")
    assert "watch has not ended" not in report.all_text
    text = (shop.folder / f"backups/reports/restore-{named[1].removeprefix('watch-')}.md").read_text()
    assert (text.count(f"{ALICE} {said}"), "watch has not ended" in text) == (2, False)
    assert f"{ALICE} {said}" in answer(slack, "/ops log").all_text.replace(f"<@{ALICE}>", ALICE)


def test_a_restore_is_assessed_signed_done_reported_and_what_went_comes_back(shop: Shop, slack: Client) -> None:
    made, wanted = backup_id(taken(slack, "/backup full")), shop.rows()
    kept = shop.convex.insert("orders", {"total": 99.0, "user": "user 1"})
    after = shop.rows()
    view = opened(slack, "/restore database", BOB)
    assert "production · sturgeon" in str(view.blocks)
    assert slack.submit(view, {"backup": made}, user=BOB).acked
    said = str(wait_for(lambda: saying(window(slack, BOB), "Continue?"), "the assessment").blocks)
    for words in (
        "2 tables · 13 rows",
        "orders: 1 created since",
        "The row created since can be brought back afterwards.",
        "maintenance page",
        "is paused meanwhile",
        f"Type {made}",
    ):
        assert words in said
    view = window(slack, BOB)
    wrong = slack.submit(view, {**REASON, "typed": "full-1"}, user=BOB)
    assert "That is not" in str(wrong.errors)
    assert slack.submit(view, {**REASON, "typed": made}, user=BOB).acked
    card = signed_for(slack, made)
    for words in (
        "a script emptied orders",
        "at 9:40",
        "nobody can order",
        "L2: every table whole and counted · 2 tables · 13 rows",
        "Data loss window",
        "orders: 1 created since",
        "stays as it is",
        "<@U0CAROL>",
    ):
        assert words in card.all_text
    assert "Only the CTO can sign a restore of production" in clicked(slack, card, "Approve", user=ALICE).all_text
    slack.click(card, "Approve", user=CAROL)
    begun = until(slack, INCIDENTS, lambda shown: "Database restore in progress. Downtime: ~20 minutes" in shown.all_text)
    done = until(slack, ENGINEERING, lambda shown: made in shown.all_text and "Restore complete - production restored" in shown.all_text)
    assert "2 of 2 tables equal to the backup, row by row" in done.all_text
    assert shop.rows() == wanted
    report = wait_for(
        lambda: saying(next((each for each in slack.thread(begun) if "Incident report" in each.all_text), None), "Signed by"), "the report"
    )
    assert "<@U0CAROL>" in str(report.blocks)
    slack.click(report, "The report as a file", user=ALICE)
    file = wait_for(lambda: next((each.files for each in slack.thread(begun) if each.files), None), "the file")
    assert file[0]["name"].startswith("restore-")
    until(slack, INCIDENTS, lambda shown: "Restore complete - production restored (" in shown.all_text)
    watch = until(slack, ENGINEERING, lambda shown: "Watching production · sturgeon after the restore" in shown.all_text)
    slack.click(watch, "Report a problem", user=ALICE)
    view = wait_for(lambda: saying(slack.view(ALICE), "What do you see?"), "the window")
    assert slack.submit(view, {"reason": "two customers cannot log in"}, user=ALICE).acked
    until(slack, INCIDENTS, lambda shown: "reports a problem after the restore" in shown.all_text and "two customers" in shown.all_text)
    slack.open_home(BOB)
    wait_for(lambda: saying(slack.home(BOB), "two customers cannot log in"), "the task in Home")
    slack.click(done, "Bring back 1 document", user=BOB)
    view = window(slack, BOB)
    assert "orders: 1 row" in str(view.blocks)
    named = re.findall(r"delta-\d{13}", str(view.blocks))
    wanted_back = {"tables": ["orders"], "reason": "the order was real"}
    assert "That is not delta-" in str(slack.submit(view, {**wanted_back, "typed": made}, user=BOB).errors)
    assert slack.submit(view, {**wanted_back, "typed": named[0]}, user=BOB).acked
    slack.click(signed_for(slack, "bring 1 row of orders back"), "Approve", user=CAROL)
    back = until(slack, ENGINEERING, lambda shown: "1 row brought back" in shown.all_text)
    assert "is there, byte for byte" in back.all_text
    assert shop.rows() == after
    assert kept in [row["_id"] for row in shop.convex.documents("orders")]


def test_a_restore_that_fails_half_way_halts_with_undo_and_is_done_though_its_report_cannot_be_written(shop: Shop, slack: Client) -> None:
    reports = shop.folder / "backups/reports"
    reports.rename(shop.folder / "reports of before") if reports.exists() else None
    reports.write_text("where the folder should be")
    made, offered = backup_id(taken(slack, "/backup full")), len(deltas.all_of(reports.parent))
    shop.convex.insert("orders", {"total": 7.0, "user": "user 1"})
    view = opened(slack, f"/restore database {made}", BOB)
    assert slack.submit(view, {**REASON, "typed": made}, user=BOB).acked
    signature = signed_for(slack, made)
    shop.convex.faults["export"] = "fail"
    slack.click(signature, "Approve", user=CAROL)
    card = until(slack, ENGINEERING, lambda shown: f"Restore to {made} halted at “safety export”" in shown.all_text)
    assert "Mark as done" not in str(card.blocks)  # nobody can vouch for a backup that was not taken
    shop.convex.faults["export"], shop.convex.faults["import"] = None, "fail:the disk over there is full"
    slack.click(card, "Retry", user=BOB)
    card = until(slack, ENGINEERING, lambda shown: f"Restore to {made} halted at “data”" in shown.all_text)
    for words in ("the disk over there is full", "maintenance is on", "Convex is paused", "Undo", "Retry", "Mark as done", "Hand over"):
        assert words in card.all_text + str(card.blocks)
    assert len(deltas.all_of(reports.parent)) == offered  # rows that never went are not offered to be brought back
    told = until(slack, INCIDENTS, lambda shown: "The restore halted" in shown.all_text and "the disk over there is full" in shown.all_text)
    for words in ("Called: ", "<@U0CAROL>", "maintenance is on", "Convex is paused", "Retry", "Undo"):
        assert words in str(told.blocks)
    shop.convex.faults["import"] = None
    slack.click(card, "Retry", user=BOB)
    done = until(slack, ENGINEERING, lambda shown: made in shown.all_text and "Restore complete - production restored" in shown.all_text)
    assert not shop.convex.paused
    assert len(deltas.all_of(reports.parent)) == offered + 1
    assert "The incident report is in Slack only: restore-" in done.all_text
    assert "could not be written: File exists" in done.all_text
    begun = until(slack, INCIDENTS, lambda shown: made in shown.all_text and "Database restore in progress" in shown.all_text)
    wait_for(lambda: saying(next(iter(slack.thread(begun)), None), "Signed by"), "the report")


def test_a_restore_from_a_terminal_while_no_bot_ran_is_looked_at_once_and_its_report_is_in_slack_though_the_disk_took_none(
    tmp_path: Path,
) -> None:
    with selling(tmp_path, more="[approvals]\nbreak_glass_after_minutes = 0\n") as (_, around):
        slack = around.slack.client
        earlier.terminal(around, 2, "backup", "full")
        (around.backups / "reports").write_text("where the folder should be")
        made = next((around.backups / "full").glob("convex-*.zip")).stem.replace("convex", "full")
        words = ("--confirm", made, "--reason", "a script emptied orders", "--break-glass")
        said = earlier.terminal(around, 2, "restore", made, *words)
        assert "Restore complete" in said
        assert "The incident report is in Slack only" in said
        with running(around):
            over = until(slack, ENGINEERING, lambda shown: "The watch after the restore is over" in shown.all_text)
            begun = until(slack, INCIDENTS, lambda shown: "Database restore in progress" in shown.all_text)
            report = wait_for(lambda: saying(next(iter(slack.thread(begun)), None), "nobody watched"), "the report")
        for shown in (over, report):
            assert "1 of 1 look during the watch was good; nobody watched from 2" in shown.all_text
        assert "a script emptied orders" in report.all_text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("database --force", "is no backup id"),
        ("database full-1701450000000", "There is no backup"),
        ("salvage delta-1", "There is no delta"),
        ("everything", "cannot be restored"),
    ],
)
def test_bad_words_are_told(slack: Client, typed: str, said: str) -> None:
    slack.command(f"/restore {typed}", user=BOB)
    wait_for(lambda: said in str(slack.view(BOB)), said)


def test_a_quick_backup_has_no_data_to_restore(slack: Client) -> None:
    made = backup_id(taken(slack, "/backup quick"))
    slack.command(f"/restore database {made}", user=BOB)
    wait_for(lambda: "holds the code only" in str(slack.view(BOB)), "the refusal")


def test_the_help_names_the_restore(slack: Client) -> None:
    said = answer(slack, "/ops help").all_text
    assert "/restore database [ID] [staging]" in said
    assert "/restore salvage [ID]" in said
