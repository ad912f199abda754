"""A14, B1: what runs, what is kept and by whom, how full the folder is, and what cannot be brought back."""

from __future__ import annotations

from pathlib import Path

from sandbox.slack import Client
from tests.cards import answer, backup_id, cards, ended_card, new_card, taken
from tests.world import ALICE, BOB, ENGINEERING, World, running, wait_for, world


def test_without_a_backup_the_status_says_what_cannot_be_brought_back(tmp_path: Path) -> None:
    with world(tmp_path) as around, running(around):
        text = answer(around.slack.client, "/ops status").all_text
    assert "Database: no good full backup, so no data can be brought back. Take one: `/backup full`" in text
    assert "Code: no good backup" in text
    assert "Nothing runs." in text


def test_the_status_names_the_last_backup_of_each_part_and_who_keeps_the_rest(slack: Client) -> None:
    full = backup_id(taken(slack, "/backup full"))
    quick = backup_id(taken(slack, "/backup quick"))
    text = answer(slack, "/ops status").all_text
    for words in (
        full,
        quick,
        "production · sturgeon",
        "Nothing that was written after",
        "environment variables",
        "by Stripe",
        "of 500.0 MB",
    ):
        assert words in text


def test_the_status_and_the_card_of_a_backup_say_that_stored_files_are_not_kept_by_default(slack: Client) -> None:
    assert "without stored files" in taken(slack, "/backup full").all_text
    assert "Not kept, by the settings: stored files" in answer(slack, "/ops status").all_text.replace("*", "")


def test_the_status_shows_what_runs_and_cancels_it(shop: World, slack: Client) -> None:
    shop.production.faults["export"] = "slow:30"
    before = len(cards(slack))
    slack.command("/backup full", user=ALICE, channel=ENGINEERING)
    wait_for(lambda: "export" in new_card(slack, before).all_text, "the export")
    shown = answer(slack, "/ops status", user=BOB)
    assert f"asked by <@{ALICE}>" in shown.all_text
    slack.click(shown, "Cancel full backup", user=BOB)
    assert f"Cancelled by <@{BOB}>" in ended_card(slack, before).all_text
    shop.production.faults["export"] = None


def test_a_folder_near_its_limit_is_warned_of_and_one_over_it_is_an_alert(alone: World) -> None:
    slack = alone.slack.client
    with running(alone):
        assert "limit" not in taken(slack, "/backup full").all_text
    used = sum(path.stat().st_size for shelf in ("quick", "full") for path in (alone.backups / shelf).iterdir())
    for limit, words in ((used * 1.25, "near its limit"), (used, "over its limit")):
        alone.limit = f"{limit:.0f} B"
        with running(alone):
            assert words in taken(slack, "/backup quick").all_text
