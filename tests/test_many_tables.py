"""Thousands of tables (Convex allows 10,000) are backed up, assessed, brought back and proven like any, and cards stay short."""

from __future__ import annotations

from pathlib import Path

from tests.cards import backup_id, taken
from tests.selling import REASON, opened, selling, signed_for, until
from tests.world import BOB, CAROL, ENGINEERING, running

MANY = 4_000


def test_a_restore_of_thousands_of_tables_is_signed_on_a_short_card_and_proven_table_by_table(tmp_path: Path) -> None:
    with selling(tmp_path) as (shop, world), running(world):
        slack = world.slack.client
        for number in range(MANY):
            shop.convex.insert(f"table_{number:05}", {"number": number})
        made, wanted = backup_id(taken(slack, "/backup full")), shop.convex.tables()
        for number in range(0, MANY, 4):
            shop.convex.insert(f"table_{number:05}", {"number": number})
        view = opened(slack, f"/restore database {made}", BOB)
        assert slack.submit(view, {**REASON, "typed": made}, user=BOB).acked
        card = signed_for(slack, made)
        assert "1 000 documents in 1 000 tables written since would go" in card.all_text.replace("\u202f", " ")
        assert "and 992 more tables" in card.all_text
        slack.click(card, "Approve", user=CAROL)
        done = until(slack, ENGINEERING, lambda shown: made in shown.all_text and "Restore complete" in shown.all_text, 240)
        assert "4 002 of 4 002 tables equal to the backup, row by row" in done.all_text.replace("\u202f", " ")
        assert shop.convex.tables() == wanted
