"""The whole bot with its rows in PostgreSQL: backups, lists, a restart in mid-export; two bots on one database give one card."""

from __future__ import annotations

from tests.cards import answer, cards, ended_card, new_card
from tests.databases import Server
from tests.world import ALICE, ENGINEERING, World, process, wait_for


def test_a_backup_is_taken_listed_and_logged(alone: World, postgresql: Server) -> None:
    slack = alone.slack.client
    url = postgresql.fresh()
    with process(alone, DATABASE_URL=url.replace("postgresql+psycopg://", "postgres://")) as bot:
        bot.connected()
        slack.command("/backup full", user=ALICE, channel=ENGINEERING)
        assert "Full backup created" in ended_card(slack, 0).text
        assert "1 backup" in answer(slack, "/backup list").all_text
        assert "Full backup created" in answer(slack, "/ops log").all_text
        assert bot.end() == 0
    assert not (alone.backups / ".state" / "bot.sqlite").exists()


def test_a_restart_in_mid_export_goes_on_at_once_and_two_bots_give_one_card(alone: World, postgresql: Server) -> None:
    slack = alone.slack.client
    url = postgresql.fresh()
    alone.production.faults["export"] = "slow:20"
    with process(alone, DATABASE_URL=url) as bot, process(alone, DATABASE_URL=url) as other:
        bot.connected()
        other.connected()
        slack.command("/backup full", user=ALICE, channel=ENGINEERING)
        wait_for(lambda: "export" in new_card(slack, 0).all_text, "the export")
        assert bot.end() == 0
        alone.production.faults["export"] = None
        assert "Full backup created" in ended_card(slack, 0).text
        assert len(cards(slack)) == 1
