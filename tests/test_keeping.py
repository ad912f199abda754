"""A5, A6, A14, B8, B16: lists, one backup, verifying, pinning, deleting and bringing back, and what retention takes by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from sandbox.slack import Client, Shown, View
from tests.cards import answer, archive, backup_id, cards, clicked, ended_card, taken
from tests.remotes import git
from tests.world import ALICE, BOB, ENGINEERING, World, running, wait_for, world


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A shop that keeps few backups."""
    with world(tmp_path_factory.mktemp("keeping"), more="[retention]\nquick = 3\nfull = 2\n") as around, running(around):
        yield around


def test_a_list_shows_the_newest_first_with_what_each_is(slack: Client) -> None:
    quick = backup_id(taken(slack, "/backup quick for the list"))
    full = backup_id(taken(slack, "/backup full"))
    shown = answer(slack, "/backup list")
    assert shown.ephemeral
    text = shown.all_text
    assert text.index(full) < text.index(quick)
    for words in (":zap:", ":package:", "<!date^", "Open the shop", "“for the list”", "L2", "kB"):
        assert words in text


def test_a_long_list_turns_its_pages_in_place(slack: Client) -> None:
    made = [backup_id(taken(slack, "/backup quick")) for _ in range(3)]
    for each in made:
        answer(slack, f"/backup pin {each} pages")
    more = []
    for _ in range(3):
        these = [backup_id(taken(slack, "/backup quick")) for _ in range(3)]
        for each in these:
            answer(slack, f"/backup pin {each} pages")
        more += these
    taken(slack, "/backup quick")
    first = answer(slack, "/backup list")
    assert first.has_button("Older")
    before = len(slack.ephemerals(ALICE))
    slack.click(first, "Older", user=ALICE)
    second = wait_for(lambda: page_of(slack, first, "page 2 of 2"), "the second page")
    assert second.has_button("Newer")
    assert len(slack.ephemerals(ALICE)) == before
    for each in made + more:
        answer(slack, f"/backup unpin {each}", user=BOB)


def page_of(slack: Client, shown: Shown, words: str) -> Shown | None:
    """The same message as it is now, if it has the words."""
    now = next((each for each in slack.ephemerals(ALICE) if each.ts == shown.ts), None)
    return now if now and words in now.all_text else None


def test_one_backup_is_shown_with_its_tables(slack: Client) -> None:
    made = backup_id(taken(slack, "/backup full for showing"))
    text = answer(slack, f"/backup show {made}").all_text
    for words in (made, "every table whole and counted", "users", "40", "orders", "25", "for showing", "sha256", "bright-sturgeon-101"):
        assert words in text


def test_verifying_a_sound_backup_says_how_far_it_got(slack: Client) -> None:
    made = backup_id(taken(slack, "/backup full"))
    before = len(cards(slack))
    answer(slack, f"/backup verify {made} 3")
    assert "L3: every row parses" in ended_card(slack, before).all_text
    assert "L3" in answer(slack, f"/backup show {made}").all_text


def test_a_damaged_archive_is_found_and_counts_no_longer(shop: World, slack: Client) -> None:
    made = backup_id(taken(slack, "/backup full"))
    path = archive(shop, made)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(bytes(content))
    before = len(cards(slack))
    answer(slack, f"/backup verify {made}")
    card = ended_card(slack, before)
    assert f"`{made}` is not sound" in card.all_text
    assert "not sound" in answer(slack, "/backup list").all_text


def test_a_tag_that_is_gone_at_the_remote_makes_a_quick_backup_not_sound(shop: World, slack: Client) -> None:
    made = backup_id(taken(slack, "/backup quick"))
    git(shop.remote.path, "update-ref", "-d", f"refs/tags/backstop/{made}")
    before = len(cards(slack))
    answer(slack, f"/backup verify {made}")
    assert "not at the remote" in ended_card(slack, before).all_text


def test_a_deleted_backup_comes_back_by_one_click(shop: World, slack: Client) -> None:
    made = backup_id(taken(slack, "/backup full to delete"))
    taken(slack, "/backup full")
    question = answer(slack, f"/backup delete {made} too old", user=BOB)
    assert "Delete this backup?" in question.all_text
    assert archive(shop, made).exists()
    slack.click(question, "Delete backup", user=BOB)
    trash = wait_for(lambda: found if made in (found := answer(slack, "/backup undelete", user=BOB)).all_text else None, "the deletion")
    assert made not in answer(slack, "/backup list").all_text
    assert not archive(shop, made).exists()
    assert made in trash.all_text
    assert "too old" in trash.all_text
    answered = slack.again(question)
    assert answered
    slack.click(answered, "Bring back", user=BOB)
    wait_for(lambda: made in answer(slack, "/backup list").all_text, "the backup in the list")
    assert archive(shop, made).exists()


def test_everybody_is_told_of_a_deletion_under_the_backups_own_card(slack: Client) -> None:
    card = taken(slack, "/backup quick")
    taken(slack, "/backup quick")
    slack.click(card, "backup_delete", user=BOB)
    reply = wait_for(lambda: next(iter(slack.thread(card)), None), "the reply in the thread")
    assert "Deleted" in reply.all_text
    assert f"<@{BOB}>" in reply.all_text


def test_keeping_answers_the_question_with_no(slack: Client) -> None:
    made = backup_id(taken(slack, "/backup quick"))
    taken(slack, "/backup quick")
    question = answer(slack, f"/backup delete {made}", user=BOB)
    slack.click(question, "Keep backup", user=BOB)
    wait_for(lambda: any(f"`{made}` stays" in each.all_text for each in slack.ephemerals(BOB)), "the answer")
    assert made in answer(slack, "/backup list").all_text


def test_a_pinned_backup_cannot_be_deleted_and_says_who_pinned_it_and_why(slack: Client) -> None:
    made = backup_id(taken(slack, "/backup quick"))
    assert "retention leaves it alone" in answer(slack, f"/backup pin {made} for the auditors").all_text
    said = answer(slack, f"/backup delete {made}", user=BOB).all_text
    assert "is pinned: for the auditors" in said
    assert f"/backup unpin {made}" in said
    answer(slack, f"/backup unpin {made}", user=BOB)


def test_retention_takes_what_is_beyond_the_newest_and_the_card_says_what_left_and_why(slack: Client) -> None:
    made = [backup_id(taken(slack, "/backup quick")) for _ in range(3)]
    card = taken(slack, "/backup quick")
    assert made[0] in card.all_text
    assert "4th newest quick backup; the newest 3 stay" in card.all_text
    assert made[0] not in answer(slack, "/backup list").all_text
    assert made[0] in answer(slack, "/backup undelete", user=BOB).all_text


def test_a_fall_of_a_tables_rows_is_told_and_holds_retention_until_it_is_explained(shop: World, slack: Client) -> None:
    taken(slack, "/backup full")
    for document in shop.production.documents("orders")[5:]:
        shop.production.remove("orders", document["_id"])
    card = taken(slack, "/backup full after the purge")
    made = backup_id(card)
    assert "orders fell from 25 to 5 rows" in card.all_text
    assert "Retention holds everything back" in card.all_text
    slack.click(card, "Explain the fall", user=BOB)
    view = wait_for(lambda: window(slack, "Why did they fall?"), "the window")
    refused = slack.submit(view, {"reason": " "}, user=BOB)
    assert refused.errors
    slack.submit(view, {"reason": "old carts were purged"}, user=BOB)
    wait_for(lambda: "old carts were purged" in answer(slack, "/ops log").all_text, "the explanation in the log")
    assert "orders fell" not in answer(slack, f"/backup show {made}").all_text
    assert "Retention holds" not in taken(slack, "/backup full").all_text


def window(slack: Client, words: str) -> View | None:
    """Bob's window, once it says that."""
    view = slack.view(BOB)
    return view if view and words in str(view) else None


def test_the_backup_log_says_where_each_lies_and_how_to_get_at_it(shop: World, slack: Client) -> None:
    made = backup_id(taken(slack, "/backup full"))
    text = answer(slack, "/backup log").all_text
    for words in (made, f"{shop.backups}/full/convex-", f"<@{ALICE}>", "status: L2", "Access:", "Routine backup - "):
        assert words in text


def test_a_manifest_with_only_the_documents_keys_is_a_backup_like_any_other(shop: World, slack: Client) -> None:
    document = {
        "id": "full-1701450000000",
        "type": "full",
        "timestamp": "2023-12-01T17:00:00.000Z",
        "commitHash": "abc123" + "0" * 34,
        "commitMessage": "Long ago",
        "branch": "master",
        "convexExportPath": "./backups/full/convex-1701450000000.zip",
        "exportSizeBytes": 5242880,
        "notes": "",
    }
    source = archive(shop, backup_id(taken(slack, "/backup full")))
    target = shop.backups / "full" / "convex-1701450000000.zip"
    target.write_bytes(source.read_bytes())
    document["exportSizeBytes"] = target.stat().st_size
    (shop.backups / "full" / "full-backup-1701450000000.json").write_text(json.dumps(document))
    assert "Long ago" in answer(slack, "/backup show full-1701450000000").all_text
    before = len(cards(slack))
    answer(slack, "/backup verify full-1701450000000")
    assert "is sound" in ended_card(slack, before).all_text
    assert "pinned" in answer(slack, "/backup delete full-1701450000000", user=BOB).all_text
    answer(slack, "/backup unpin full-1701450000000", user=BOB)
    question = answer(slack, "/backup delete full-1701450000000", user=BOB)
    slack.click(question, "Delete backup", user=BOB)
    wait_for(lambda: not target.exists(), "the deletion")


def test_a_manifest_that_is_not_json_is_shown_as_unreadable_and_left_alone(shop: World, slack: Client) -> None:
    path = shop.backups / "quick" / "quick-backup-1701450000001.json"
    path.write_text("{ not json")
    text = answer(slack, "/backup show quick-1701450000001").all_text
    assert "is not JSON" in text
    taken(slack, "/backup quick")
    assert path.exists()
    path.unlink()


def test_a_click_on_a_card_whose_backup_is_gone_says_so(slack: Client) -> None:
    card = taken(slack, "/backup quick")
    for _ in range(4):
        taken(slack, "/backup quick")
    assert "There is no backup" in clicked(slack, card, "Show", user=ALICE).all_text


def test_everything_is_in_one_channel(slack: Client) -> None:
    assert cards(slack, ENGINEERING)
