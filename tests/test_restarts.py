"""X4, X5: the bot is killed, stopped, started again: no click is lost, nothing is done twice, every card ends in the truth."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ops import held
from tests.cards import answer, cards, ended_card, is_over, new_card
from tests.world import ALICE, ENGINEERING, World, process, wait_for


def test_a_bot_killed_in_the_middle_of_an_export_goes_on_with_one_card_and_one_backup_and_leaves_no_preview(alone: World) -> None:
    slack, previews = alone.slack.client, alone.backups / ".state/previews"
    alone.production.faults["export"] = "slow:6"
    with process(alone) as bot:
        bot.connected()
        slack.command("/backup full", user=ALICE, channel=ENGINEERING)
        wait_for(lambda: "export" in new_card(slack, 0).all_text, "the export")
        bot.kill()
    leave = "import os, sys, pathlib; from ops import held\nwith held.folder(pathlib.Path(sys.argv[1])): os._exit(9)"
    subprocess.run([sys.executable, "-c", leave, str(previews)], check=False)
    assert len(list(previews.iterdir())) == 2  # of a preview whose process was killed, with its lock
    alone.production.faults["export"] = None
    with held.folder(previews) as living, process(alone) as bot:
        (living / "now.zip").write_text("an export that is compared")
        old = previews / "of another process"
        old.mkdir()
        bot.connected()
        card = ended_card(slack, 0)
        assert "Full backup created" in card.text
        assert sorted(each.name for each in previews.iterdir()) == sorted([living.name, f"{living.name}.lock", old.name])
        assert (living / "now.zip").exists()
        assert len(cards(slack)) == 1
        assert bot.end() == 0
    assert len(list(alone.backups.glob("full/full-backup-*[0-9].json"))) == 1
    assert not list(alone.backups.rglob("*.part"))


def test_a_bot_that_is_told_to_end_leaves_its_operation_to_the_next_one(alone: World) -> None:
    slack = alone.slack.client
    alone.production.faults["export"] = "slow:20"
    with process(alone) as bot:
        bot.connected()
        slack.command("/backup full", user=ALICE, channel=ENGINEERING)
        wait_for(lambda: "export" in new_card(slack, 0).all_text, "the export")
        assert bot.end() == 0
        assert not is_over(cards(slack)[0])
    alone.production.faults["export"] = None
    with process(alone) as bot:
        bot.connected()
        assert "Full backup created" in ended_card(slack, 0).text


def test_what_was_acknowledged_is_done_after_a_kill(alone: World) -> None:
    slack = alone.slack.client
    with process(alone) as bot:
        bot.connected()
        outcomes = [slack.command(f"/backup pin quick-170145000000{number}", user=ALICE, channel=ENGINEERING) for number in range(3)]
        outcome = slack.command("/backup quick", user=ALICE, channel=ENGINEERING)
        bot.kill()
    assert outcome.acked, [each.acked for each in outcomes]
    with process(alone) as bot:
        bot.connected()
        assert "Quick backup created" in ended_card(slack, 0).text
        assert len(cards(slack)) == 1


def test_a_click_that_is_delivered_again_after_a_restart_does_nothing_more(alone: World) -> None:
    slack = alone.slack.client
    with process(alone) as bot:
        bot.connected()
        outcome = slack.command("/backup quick", user=ALICE, channel=ENGINEERING)
        ended_card(slack, 0)
        bot.kill()
    with process(alone) as bot:
        bot.connected()
        slack.deliver_again(outcome)
        slack.command("/backup quick second", user=ALICE, channel=ENGINEERING)
        ended_card(slack, 1)
        assert len(cards(slack)) == 2


def test_a_restarted_bot_knows_its_backups_and_what_was_done(alone: World) -> None:
    slack = alone.slack.client
    with process(alone) as bot:
        bot.connected()
        slack.command("/backup quick", user=ALICE, channel=ENGINEERING)
        ended_card(slack, 0)
        bot.end()
    with process(alone) as bot:
        bot.connected()
        assert "1 backup" in answer(slack, "/backup list").all_text
        assert "Quick backup created" in answer(slack, "/ops log").all_text


def test_slack_away_at_the_start_is_waited_for(alone: World) -> None:
    alone.slack.faults["down"] = True
    with process(alone) as bot:
        wait_for(lambda: "Slack is not reached" in bot.words, "the wait for Slack")
        alone.slack.faults["down"] = None
        bot.connected()
        assert "no backup" in answer(alone.slack.client, "/backup list").all_text
        bot.end()


def test_a_token_that_slack_refuses_ends_the_start_with_one_line(alone: World) -> None:
    alone.slack.faults["refuse_token"] = True
    with process(alone) as bot:
        assert bot.child.wait(60) == 2
        assert "Slack refuses SLACK_BOT_TOKEN" in bot.words
        assert "Traceback" not in bot.words
        assert alone.slack.bot_token not in bot.words


@pytest.mark.parametrize("name", ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"])
def test_a_missing_token_is_said_in_one_line(alone: World, name: str) -> None:
    with process(alone, **{name: ""}) as bot:
        assert bot.child.wait(60) == 2
        assert f"{name} is not set" in bot.words
        assert len(bot.words.strip().splitlines()) == 1
