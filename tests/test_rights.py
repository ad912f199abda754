"""B18: who may do what, asked at every command and click; whoever may not is told why, and nobody else hears of it."""

from __future__ import annotations

import pytest

from sandbox.slack import Client
from tests.cards import answer, backup_id, cards, clicked, taken
from tests.world import ALICE, BOB, CAROL, DAVE, ENGINEERING, GUS, MALLORY


@pytest.mark.parametrize("person", [ALICE, BOB, CAROL, DAVE])
def test_each_of_the_four_roles_may_take_a_backup(slack: Client, person: str) -> None:
    assert "Quick backup created" in taken(slack, "/backup quick", user=person).text


def test_somebody_without_a_role_may_look_but_not_take(slack: Client) -> None:
    before = len(cards(slack))
    assert (
        "newest first" in answer(slack, "/backup list", user=MALLORY).all_text
        or "no backup" in answer(slack, "/backup list", user=MALLORY).all_text
    )
    said = answer(slack, "/backup quick", user=MALLORY).all_text
    assert "You may not take, pin or verify backups" in said
    assert "This needs a role, and you have none: `[roles]` in `backstop.toml` names who has." in said
    assert len(cards(slack)) == before


def test_a_developer_may_not_delete(slack: Client) -> None:
    first = backup_id(taken(slack, "/backup quick"))
    taken(slack, "/backup quick")
    said = answer(slack, f"/backup delete {first}", user=ALICE).all_text
    assert "You may not delete or unpin backups." in said
    assert "Eng Lead, CTO or DevOps" in said


def test_the_delete_button_on_a_card_asks_for_the_right_at_the_click(slack: Client) -> None:
    taken(slack, "/backup quick")
    card = taken(slack, "/backup quick")
    assert "You may not delete" in clicked(slack, card, "backup_delete", user=ALICE).all_text
    assert backup_id(card) in answer(slack, "/backup list", user=ALICE).all_text


def test_a_guest_is_refused_with_a_reason_that_only_they_see(slack: Client) -> None:
    before = len(slack.messages(ENGINEERING))
    said = answer(slack, "/backup list", user=GUS)
    assert "guest" in said.all_text.lower()
    assert said.ephemeral
    assert len(slack.messages(ENGINEERING)) == before


def test_somebody_of_another_workspace_is_refused(slack: Client) -> None:
    said = answer(slack, "/backup quick", user="U0ERIN")
    assert "another workspace" in said.all_text


def test_a_role_may_come_from_a_user_group_alone(slack: Client) -> None:
    first = backup_id(taken(slack, "/backup quick"))
    taken(slack, "/backup quick")
    assert "Delete this backup?" in answer(slack, f"/backup delete {first}", user=DAVE).all_text
