"""The whole bot with its rows in PostgreSQL: backups, lists, a restart in mid-export; two bots on one database give one card."""

from __future__ import annotations

import re

import httpx
import psycopg

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


def test_a_database_that_does_not_answer_is_said_to_be_so_before_a_host_gives_up(alone: World, postgresql: Server) -> None:
    url = postgresql.fresh()
    with process(alone, DATABASE_URL=url, PORT="0", HOST="127.0.0.1") as bot:
        bot.connected()
        port = re.search(r"health on port (\d+)", bot.words)
        assert port
        asked = f"http://127.0.0.1:{port[1]}/healthz"
        wait_for(lambda: httpx.get(asked).status_code == 200, "health")
        with psycopg.connect(url.replace("+psycopg", "")) as held:
            held.execute("LOCK TABLE operations IN ACCESS EXCLUSIVE MODE")
            for _ in range(3):
                said = httpx.get(asked, timeout=9)
                assert (said.status_code, said.json()["database"]) == (503, "no answer within 3 s")
            held.rollback()
        wait_for(lambda: httpx.get(asked).status_code == 200, "health with the database free")
        assert bot.end() == 0
