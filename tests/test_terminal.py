"""The same operations from a terminal, for the day Slack is down: words, one JSON document, exit codes."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from tests.cards import answer, cards
from tests.world import ALICE, World, process, wait_for


def document(around: World, *words: str, code: int = 0) -> Any:
    """What a command prints with --json; nothing else may be on stdout."""
    done = around.terminal(*words, "--json")
    assert done.returncode == code, done.stderr + done.stdout
    return json.loads(done.stdout)


def test_a_full_backup_from_a_terminal_needs_no_slack(alone: World) -> None:
    made = document(alone, "backup", "full", "--notes", "Slack is down", "--purpose", "pre-migration", "--description", "Add salary table")
    assert made["success"]
    assert made["outcome"] == "succeeded"
    assert made["type"] == "full"
    assert made["label"].startswith("Pre-migration backup - Add salary table - ")
    assert made["createdBy"].startswith("terminal:")
    assert {name: table["rows"] for name, table in made["tables"].items()} == {"users": 40, "orders": 25}
    listed = document(alone, "list")
    assert [each["id"] for each in listed] == [made["id"]]
    assert document(alone, "show", made["id"])["notes"] == "Slack is down"
    assert document(alone, "verify", made["id"], "--level", "3")["level"] == 3
    refused = document(alone, "verify", made["id"], "--level", "99", code=3)["error"]
    assert "There is no L99 for a full backup: it can be looked at up to L3, and restored to staging for L4 and L5." in refused


def test_words_for_a_person_say_what_was_made(alone: World) -> None:
    done = alone.terminal("backup", "quick")
    assert done.returncode == 0, done.stderr
    assert "Quick backup created: " in done.stdout
    assert "production · sturgeon" in done.stdout


def test_the_exit_codes_are_those_of_the_design(alone: World) -> None:
    assert alone.terminal("show", "full-1701450000000").returncode == 2
    assert alone.terminal("show", "../../etc/passwd").returncode == 2
    assert alone.terminal("backup", "half").returncode == 2
    assert alone.terminal("backup", "quick", "--purpose", "fun").returncode == 2
    assert alone.terminal("nonsense").returncode == 2
    made = document(alone, "backup", "quick")
    refused = document(alone, "delete", made["id"], code=3)
    assert "last good quick backup" in refused["error"]
    alone.production.faults["export"] = "fail"
    failed = document(alone, "backup", "full", code=4)
    assert failed["outcome"] == "failed"
    assert "python -m ops backup full" in failed["remedy"] or failed["remedy"]


def test_delete_undelete_pin_and_log_from_a_terminal(alone: World) -> None:
    first, second = (document(alone, "backup", "quick")["id"] for _ in range(2))
    assert document(alone, "delete", first, "--why", "practice")["success"]
    assert [each["id"] for each in document(alone, "list")] == [second]
    assert document(alone, "undelete", first)["id"] == first
    assert document(alone, "pin", first, "--why", "audit")["pinned"]
    assert "audit" in document(alone, "delete", first, code=3)["error"]
    assert not document(alone, "unpin", first)["pinned"]
    said = [line["text"] for line in document(alone, "log")]
    assert f"Backup deleted: {first}" in said
    assert f"Backup brought back: {first}" in said


def test_losing_the_database_loses_no_backup(alone: World) -> None:
    made = document(alone, "backup", "full")["id"]
    for path in (alone.backups / ".state").glob("bot.sqlite*"):
        path.unlink()
    rebuilt = document(alone, "rebuild")
    assert rebuilt["found"] == 1
    shown = document(alone, "show", made)
    assert shown["level"] == 2
    (alone.backups / "full" / f"full-backup-{made.partition('-')[2]}.facts.json").unlink()
    for path in (alone.backups / ".state").glob("bot.sqlite*"):
        path.unlink()
    document(alone, "rebuild")
    assert document(alone, "show", made)["pinned"]


def test_a_wrong_setting_is_one_line_with_what_would_be_right(alone: World) -> None:
    alone.more = '[team2]\nname = "x"\n'
    done = alone.terminal("list")
    assert done.returncode == 2
    assert done.stderr.strip().count("\n") == 0
    assert "team2" in done.stderr


def test_a_backup_from_a_terminal_has_its_card_in_slack(alone: World) -> None:
    slack = alone.slack.client
    with process(alone) as bot:
        bot.connected()
        made = document(alone, "backup", "quick", "--notes", "by hand")
        card = wait_for(lambda: next(iter(cards(slack)), None), "the card of the terminal's backup")
        wait_for(lambda: made["id"] in cards(slack)[0].all_text, "the backup's id on it")
        assert "(terminal)" in card.all_text
        assert made["id"] in answer(slack, "/backup list", user=ALICE).all_text


def test_the_terminal_is_refused_what_runs_in_the_bot(alone: World) -> None:
    slack = alone.slack.client
    alone.production.faults["export"] = "slow:40"
    with process(alone) as bot:
        bot.connected()
        slack.command("/backup full", user=ALICE)
        wait_for(lambda: cards(slack) and "export" in cards(slack)[0].all_text, "the export")
        refused = document(alone, "backup", "quick", code=3)
        assert "under way" in refused["error"]
        assert document(alone, "status")["running"][0]["kind"] == "full backup"
        assert document(alone, "cancel")["success"]
        wait_for(lambda: "cancelled" in cards(slack)[0].all_text, "the end")


def test_a_backup_halted_by_an_upgrade_is_given_up_and_production_is_free_again(alone: World) -> None:
    slack = alone.slack.client
    alone.production.faults["export"] = "slow:30"
    with process(alone) as bot:
        bot.connected()
        slack.command("/backup full", user=ALICE)
        wait_for(lambda: cards(slack) and "export" in cards(slack)[0].all_text, "the export")
        bot.kill()
    alone.production.faults["export"] = None
    with sqlite3.connect(alone.backups / ".state" / "bot.sqlite") as database:
        database.execute("UPDATE operations SET version = 0")  # as an older Backstop would have left it
    with process(alone) as bot:
        bot.connected()
        wait_for(lambda: "halted" in cards(slack)[0].all_text, "the halt")
        assert "halted" in document(alone, "backup", "quick", code=3)["error"]
        slack.click(cards(slack)[0], "Give it up", user=ALICE)
        wait_for(lambda: "Give it up" not in cards(slack)[0].all_text, "the end")
        assert document(alone, "backup", "quick")["success"]
