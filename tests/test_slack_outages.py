"""Slack away, busy, refreshing, or forgetful: operations go on, posts follow later in order, one message each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sandbox.slack import Client
from tests.cards import answer, backup_id, cards, ended_card, taken
from tests.world import ALICE, CAROL, ENGINEERING, World, running, wait_for, world


def edits(around: World) -> list[dict[str, Any]]:
    """The changes of messages that were asked for."""
    return [each for each in around.slack.requests if each["method"] == "chat.update"]


def test_an_outage_of_slack_delays_the_card_and_nothing_else(shop: World, slack: Client) -> None:
    shop.production.faults["export"] = "slow:2"
    before = len(cards(slack))
    outcome = slack.command("/backup full", user=ALICE, channel=ENGINEERING)
    assert outcome.acked
    shop.slack.faults["down"] = True
    wait_for(lambda: list(shop.backups.glob("full/full-backup-*[0-9].json")), "the manifest, while Slack is away")
    shop.production.faults["export"] = None
    shop.slack.faults["down"] = None
    card = ended_card(slack, before)
    assert "Full backup created" in card.text
    assert len(cards(slack)) == before + 1
    wait_for(lambda: shop.slack.connections >= 2, "both connections, once Slack is back")


def test_a_slack_that_asks_to_wait_is_waited_for(shop: World, slack: Client) -> None:
    shop.slack.faults["ratelimit"] = {"method": "chat.postMessage", "seconds": 2, "times": 2}
    assert "Quick backup created" in taken(slack, "/backup quick").text


def test_a_message_whose_answer_was_lost_is_not_posted_twice(shop: World, slack: Client) -> None:
    before = len(cards(slack))
    shop.slack.faults["lost_answer"] = {"method": "chat.postMessage", "times": 1}
    card = taken(slack, "/backup quick")
    assert "Quick backup created" in card.text
    assert len(cards(slack)) == before + 1


def test_a_direct_message_whose_answer_was_lost_is_not_sent_twice(tmp_path: Path) -> None:
    with world(tmp_path, more='[slack]\nengineering = "#platform"\nincidents = "#gone"\n') as place, running(place):
        place.slack.faults["lost_answer"] = {"method": "chat.postMessage", "times": 1}
        slack = place.slack.client
        answer(slack, "/ops post health")
        first = wait_for(lambda: slack.direct(CAROL), "a word to the CTO")[0].ts
        wait_for(lambda: any(each["payload"]["ts"] == first for each in edits(place)), "that it was found again")
        told = wait_for(lambda: (found := slack.direct(CAROL))[1:] and found, "a word about the other channel")
        assert len({each.all_text for each in told}) == len(told) == 2


def test_refreshes_and_drops_of_the_connections_lose_no_command(shop: World, slack: Client) -> None:
    before = len(cards(slack))
    shop.slack.refresh()
    assert slack.command("/backup list", user=ALICE, channel=ENGINEERING).acked
    wait_for(lambda: shop.slack.connections >= 2, "both connections")
    shop.slack.drop(1)
    assert "Quick backup created" in taken(slack, "/backup quick").text
    wait_for(lambda: shop.slack.connections >= 2, "both connections")
    assert len(cards(slack)) == before + 1


def test_a_card_that_somebody_deleted_is_posted_anew(shop: World, slack: Client) -> None:
    shop.production.faults["export"] = "slow:3"
    before = len(cards(slack))
    assert slack.command("/backup full", user=ALICE, channel=ENGINEERING).acked
    card = wait_for(lambda: next(iter(cards(slack)[before:]), None), "a card")
    slack.delete(card)
    over = wait_for(lambda: next((each for each in cards(slack)[before:] if "Full backup created" in each.text), None), "the card anew")
    shop.production.faults["export"] = None
    assert over.ts != card.ts


def test_a_window_that_does_not_open_in_time_is_said(shop: World, slack: Client) -> None:
    shop.slack.faults["slow"] = {"method": "views.open", "seconds": 4}
    try:
        before = len(slack.ephemerals(ALICE))
        slack.command("/backup", user=ALICE, channel=ENGINEERING)
        told = wait_for(lambda: next(iter(slack.ephemerals(ALICE)[before:]), None), "words in the window's place")
        assert "window" in told.all_text
    finally:
        shop.slack.faults["slow"] = None


def test_commands_are_answered_while_slacks_web_api_is_slow(shop: World, slack: Client) -> None:
    shop.slack.faults["slow"] = {"method": "chat.update", "seconds": 2}
    try:
        made = backup_id(taken(slack, "/backup quick"))
        assert made in answer(slack, "/backup list").all_text
    finally:
        shop.slack.faults["slow"] = None
