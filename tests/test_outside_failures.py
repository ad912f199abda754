"""When the outside fails in mid-backup: a sentence with a remedy, no file left behind, a line in the log, production as before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.slack import Client, Shown
from tests.cards import answer, cards, ended_card, taken
from tests.remotes import Remote, git
from tests.world import ALICE, BOB, ENGINEERING, World, running, wait_for


@pytest.fixture(autouse=True)
def _well_again(shop: World) -> Iterator[None]:
    """Every fault is switched off after its test."""
    yield
    for place in list(shop.production.faults):
        shop.production.faults[place] = None


def left_behind(around: World) -> list[str]:
    """Files in the backup folder that belong to no backup."""
    ids = {path.stem.rpartition("-")[2] for path in around.backups.glob("*/*-backup-*.json")}
    there = [path for shelf in ("quick", "full") for path in (around.backups / shelf).iterdir()]
    return [path.name for path in there if not any(number in path.name for number in ids)]


def failed(around: World, slack: Client, command: str = "/backup full") -> Shown:
    """The card of a backup that fails, after looking at what it left."""
    card = taken(slack, command)
    assert "failed" in card.all_text
    assert "production · sturgeon" in card.all_text
    assert left_behind(around) == []
    assert not list(around.backups.rglob("*.part"))
    assert "failed" in answer(slack, "/ops log").all_text
    return card


@pytest.mark.parametrize(
    ("place", "fault", "words"),
    [
        ("export", "fail", "Convex"),
        ("export", "cancel", "cancel"),
        ("download", "truncate", "broke off"),
        ("download", "404", "does not have its archive"),
        ("download", "500", "answered with an error: 500"),
        ("download", "corrupt", "not sound"),
        ("export", "forget:orders", "orders is listed and not there"),
        ("ws", "refuse", "websocket"),
    ],
)
def test_an_export_that_goes_wrong_is_a_failed_backup_with_a_reason(shop: World, slack: Client, place: str, fault: str, words: str) -> None:
    shop.production.faults[place] = fault
    card = failed(shop, slack)
    assert words.lower() in card.all_text.lower()
    assert "/backup full" in card.all_text or card.has_button("Take another backup")


def test_a_deployment_that_names_itself_otherwise_is_never_exported(shop: World, slack: Client) -> None:
    shop.production.faults["name"] = "gentle-trout-7"
    before = len(shop.production.requests)
    card = taken(slack, "/backup full")
    assert "gentle-trout-7" in card.all_text
    assert "sturgeon" in card.all_text
    assert left_behind(shop) == []
    assert not [entry for entry in shop.production.requests[before:] if "export/request" in str(entry.get("path"))]


def test_a_key_that_convex_does_not_take_is_said_without_showing_it(tmp_path: Path) -> None:
    from tests.world import world

    with world(tmp_path, CONVEX_PRODUCTION_KEY="bright-sturgeon-101|wrongwrongwrong") as around, running(around):
        card = failed(around, around.slack.client)
        assert "CONVEX_PRODUCTION_KEY" in card.all_text
        assert "wrongwrongwrong" not in card.all_text


def test_a_quick_backup_needs_no_database(shop: World, slack: Client) -> None:
    shop.production.faults["http"] = [{"path": "/", "status": 503, "times": 1000}]
    assert "Quick backup created" in taken(slack, "/backup quick").text


def test_a_remote_that_is_gone_is_said_and_leaves_nothing(shop: World, slack: Client) -> None:
    away = shop.remote.path.with_name("away.git")
    shop.remote.path.rename(away)
    try:
        card = failed(shop, slack, "/backup quick")
        assert "There is no git repository" in card.all_text
    finally:
        away.rename(shop.remote.path)


def test_a_remote_that_takes_no_tag_fails_the_backup_and_leaves_nothing(shop: World, slack: Client) -> None:
    shop.remote.hook("echo tags are frozen >&2; exit 1")
    try:
        assert "tags are frozen" in failed(shop, slack, "/backup full").all_text
    finally:
        (shop.remote.path / "hooks" / "pre-receive").unlink()


def test_a_branch_that_does_not_exist_is_said_with_those_there_are(tmp_path: Path) -> None:
    from tests.world import world

    with world(tmp_path) as around:
        around.remote.push("HEAD:refs/heads/main")
        git(around.remote.path, "symbolic-ref", "HEAD", "refs/heads/main")
        around.remote.push(":refs/heads/master")
        with running(around):
            card = failed(around, around.slack.client, "/backup quick")
        assert "has no branch “master”" in card.all_text
        assert "main" in card.all_text


def test_an_empty_repository_is_said(tmp_path: Path) -> None:
    from tests.world import world

    with world(tmp_path) as around:
        empty = Remote(tmp_path / "empty")
        around.remote.path = empty.path
        with running(around):
            assert "has no commits yet" in failed(around, around.slack.client, "/backup quick").all_text


def test_cancelling_a_full_backup_removes_what_it_made(shop: World, slack: Client) -> None:
    shop.production.faults["export"] = "slow:30"
    before = len(cards(slack))
    slack.command("/backup full", user=ALICE, channel=ENGINEERING)
    card = wait_for(lambda: next((each for each in cards(slack)[before:] if "export" in each.all_text), None), "the export")
    slack.click(card, "operation_cancel", user=BOB)
    over = ended_card(slack, before)
    assert "cancelled" in over.all_text
    assert f"<@{BOB}>" in over.all_text
    assert "Production is as before" in over.all_text
    assert left_behind(shop) == []
    shop.production.faults["export"] = None
    assert "Full backup created" in taken(slack, "/backup full").text


def test_an_export_of_somebody_else_is_waited_for_and_then_our_own_is_taken(shop: World, slack: Client) -> None:
    import httpx

    from tests.world import KEY

    shop.production.faults["export"] = "slow:3"
    asked = httpx.post(f"{shop.production.url}/api/export/request/zip?includeStorage=false", headers={"Authorization": f"Convex {KEY}"})
    assert asked.status_code == 200
    shop.production.faults["export"] = None
    assert "Full backup created" in taken(slack, "/backup full").text


def test_the_commit_of_a_failed_backup_is_not_left_tagged(shop: World, slack: Client) -> None:
    before = git(shop.remote.path, "tag")
    shop.production.faults["download"] = "corrupt"
    failed(shop, slack)
    assert git(shop.remote.path, "tag") == before
