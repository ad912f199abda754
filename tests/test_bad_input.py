"""What people mistype, paste, or try: a clear sentence to them, nothing lost, nothing broken, nobody pinged."""

from __future__ import annotations

import pytest

from sandbox.slack import Client
from tests.cards import answer, backup_id, cards, clicked, manifest, taken
from tests.world import ALICE, BOB, ENGINEERING, World

NASTY = "<!channel> <!here> <@U0CAROL> @channel *bold* `code` <https://evil.example|click> & \x00\x07\x1b[31m \u202e"


@pytest.mark.parametrize("typed", ["/backup fulll", "/backup ../../etc/passwd", "/ops statsu", "/backup Привет"])
def test_an_unknown_word_is_answered_with_the_words_there_are(slack: Client, typed: str) -> None:
    said = answer(slack, typed).all_text
    assert "There is no" in said
    assert "`/backup list`" in said or "`/ops status`" in said


@pytest.mark.parametrize("wrong", ["../../etc/passwd", "full-1", "full-170145000000O", "`rm -rf`", "<!channel>", "full-1701450000000/../x"])
@pytest.mark.parametrize("word", ["show", "verify", "pin", "undelete"])
def test_what_is_no_id_is_said_to_be_none(slack: Client, word: str, wrong: str) -> None:
    shown = answer(slack, f"/backup {word} {wrong}", user=BOB)
    assert "is no backup id" in shown.all_text
    assert "full-1701450000000" in shown.all_text
    assert not shown.pings


def test_an_id_that_nobody_has_is_said_to_be_unknown(slack: Client) -> None:
    assert "There is no backup `full-1701450000009`" in answer(slack, "/backup show full-1701450000009").all_text


@pytest.mark.parametrize("word", ["show", "verify", "pin", "unpin", "delete"])
def test_a_command_without_an_id_asks_which(slack: Client, word: str) -> None:
    said = answer(slack, f"/backup {word}", user=BOB).all_text
    assert "Which backup?" in said
    assert f"/backup {word} ID" in said


def test_a_level_that_does_not_exist_is_refused(slack: Client) -> None:
    made = backup_id(taken(slack, "/backup quick"))
    assert "A level is a number" in answer(slack, f"/backup verify {made} deep").all_text
    assert "up to L2" in answer(slack, f"/backup verify {made} 9").all_text
    whole = backup_id(taken(slack, "/backup full"))
    for level in ("6", "99"):  # no restore to staging begins for it
        assert "up to L3" in answer(slack, f"/backup verify {whole} {level}").all_text


@pytest.mark.parametrize("page", ["0", "999", "-1", "x", "1" * 30])
def test_a_page_that_does_not_exist_is_the_nearest_or_no_page(slack: Client, page: str) -> None:
    said = answer(slack, f"/backup list {page}").all_text
    assert "newest first" in said or "is no page" in said or "no backup" in said


def test_notes_cannot_ping_format_or_forge(shop: World, slack: Client) -> None:
    card = taken(slack, f"/backup quick {NASTY}")
    assert not [ping for ping in card.pings if ping != f"<@{ALICE}>"]
    made = backup_id(card)
    for shown in (answer(slack, "/backup list"), answer(slack, f"/backup show {made}"), answer(slack, "/backup log")):
        assert not [ping for ping in shown.pings if ping != f"<@{ALICE}>"]
    assert "<!channel>" in manifest(shop, made)["notes"]


def test_forty_kilobytes_of_notes_are_shortened_and_the_backup_is_taken(shop: World, slack: Client) -> None:
    card = taken(slack, "/backup quick " + "é👩‍💻" * 10_000)
    notes = manifest(shop, backup_id(card))["notes"]
    assert 0 < len(notes) <= 2000
    assert notes.endswith("…")


def test_a_commit_message_of_somebody_else_cannot_ping(shop: World, slack: Client) -> None:
    shop.remote.land(f"Fix <!channel> {'x' * 500}")
    card = taken(slack, "/backup quick")
    assert not [ping for ping in card.pings if ping != f"<@{ALICE}>"]


def test_a_click_on_a_button_that_no_longer_exists_says_so(slack: Client) -> None:
    card = taken(slack, "/backup quick")
    said = clicked(slack, card, "backup_of_another_age", user=ALICE).all_text
    assert "older Backstop" in said
    assert "/ops help" in said


def test_cancelling_when_nothing_runs_says_so(slack: Client) -> None:
    assert "Nothing runs that could be cancelled." in answer(slack, "/ops cancel").all_text
    assert "There is no operation with that id." in answer(slack, "/ops cancel ffffffffffff").all_text


def test_help_names_every_command(slack: Client) -> None:
    text = answer(slack, "/ops help").all_text
    for command in ("/backup quick", "/backup full", "/backup list", "/backup show", "/backup verify", "/backup log", "/ops cancel"):
        assert command in text
    assert len(cards(slack, ENGINEERING)) >= 0
