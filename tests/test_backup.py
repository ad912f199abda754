"""A1, A2, A11, A15, B3: backups taken from Slack, as people see them and as they lie on the disk."""

from __future__ import annotations

import re
import zipfile
from datetime import UTC, datetime

from sandbox.slack import Client
from tests.cards import answer, archive, backup_id, cards, ended_card, is_over, manifest, new_card, taken
from tests.remotes import git
from tests.world import ALICE, BOB, ENGINEERING, INCIDENTS, RANDOM, World, wait_for


def test_a_quick_backup_saves_the_commit_that_production_is_at(shop: World, slack: Client) -> None:
    head = git(shop.remote.work, "rev-parse", "HEAD")
    card = taken(slack, "/backup quick before lunch", user=BOB)
    made = manifest(shop, backup_id(card))
    assert list(made)[:7] == ["id", "type", "timestamp", "commitHash", "commitMessage", "branch", "notes"]
    assert (made["type"], made["commitHash"], made["branch"], made["notes"]) == ("quick", head, "master", "before lunch")
    assert f"Quick backup created: {head[:6]}" in card.text


def test_the_instant_in_a_manifest_is_the_number_in_its_id(shop: World, slack: Client) -> None:
    made = manifest(shop, backup_id(taken(slack, "/backup quick")))
    instant = datetime.strptime(made["timestamp"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    assert round(instant.timestamp() * 1000) == int(made["id"].partition("-")[2])


def test_a_backups_commit_is_held_at_the_remote_by_a_tag(shop: World, slack: Client) -> None:
    made = backup_id(taken(slack, "/backup quick"))
    assert git(shop.remote.path, "rev-parse", f"refs/tags/backstop/{made}") == git(shop.remote.work, "rev-parse", "HEAD")


def test_a_full_backup_exports_every_table_and_counts_every_row(shop: World, slack: Client) -> None:
    card = taken(slack, "/backup full before the migration")
    made = manifest(shop, backup_id(card))
    assert {name: table["rows"] for name, table in made["tables"].items()} == {"users": 40, "orders": 25}
    assert made["convexExportPath"] == f"./backups/full/convex-{made['id'].partition('-')[2]}.zip"
    assert made["exportSizeBytes"] == archive(shop, made["id"]).stat().st_size
    assert made["deployment"] == {"label": "sturgeon", "instance": "bright-sturgeon-101"}
    with zipfile.ZipFile(archive(shop, made["id"])) as export:
        assert export.testzip() is None


def test_the_card_of_a_full_backup_shows_rows_and_bytes_by_table(slack: Client) -> None:
    card = taken(slack, "/backup full")
    table = next(block for block in card.blocks if block["type"] == "table")
    rows = [[cell["text"] for cell in row] for row in table["rows"]]
    assert rows[0] == ["Table", "Rows", "Size"]
    assert {row[0]: row[1] for row in rows[1:]} == {"users": "40", "orders": "25"}


def test_the_card_ends_in_the_documents_sentence(slack: Client) -> None:
    assert re.search(r"Full backup created: [0-9a-f]{6} \(\d+\.\d [kM]B\)", taken(slack, "/backup full").text)


def test_a_backup_has_one_card_that_goes_from_step_to_step(slack: Client) -> None:
    before = len(cards(slack))
    slack.command("/backup full", user=ALICE, channel=ENGINEERING)
    card = ended_card(slack, before)
    assert len(cards(slack)) == before + 1
    assert card.edited >= 1
    assert "export" in card.all_text
    assert not is_over_at_first(card)


def is_over_at_first(card: object) -> bool:
    """Whether the first version of a card was its last."""
    history = card.history  # type: ignore[attr-defined]  # Shown, kept loose for a payload
    return bool(history) and ":white_check_mark: *Full backup created" in str(history[0])


def test_every_card_names_the_target_it_works_on(slack: Client) -> None:
    card = taken(slack, "/backup quick")
    assert "production · sturgeon" in card.all_text
    assert "production · sturgeon" in card.text


def test_a_backup_asked_for_in_another_channel_has_its_card_in_engineering(slack: Client) -> None:
    before = len(slack.messages(RANDOM))
    taken(slack, "/backup quick", channel=RANDOM)
    assert len(slack.messages(RANDOM)) == before


def test_a_full_backup_is_compared_with_the_one_before(shop: World, slack: Client) -> None:
    first = backup_id(taken(slack, "/backup full"))
    shop.production.insert("invoices", {"amount": 12.5})
    card = taken(slack, "/backup full")
    assert f"+1 row against `{first}`" in card.all_text.replace("\u202f", " ")


def test_a_backup_carries_its_label_with_the_day_in_melbourne(shop: World, slack: Client) -> None:
    made = manifest(shop, backup_id(taken(slack, "/backup quick")))
    from zoneinfo import ZoneInfo

    at = datetime.fromisoformat(made["timestamp"])
    assert made["label"] == f"Routine backup - {at.astimezone(ZoneInfo('Australia/Melbourne')).date().isoformat()}"


def test_the_activity_log_has_the_documents_sentences(slack: Client) -> None:
    taken(slack, "/backup quick")
    taken(slack, "/backup full")
    said = answer(slack, "/ops log").all_text
    assert re.search(r"Quick backup created: [0-9a-f]{6}", said)
    assert re.search(r"Full backup created: [0-9a-f]{6} \(\d+\.\d [kM]B\)", said)


def test_a_second_backup_is_refused_with_what_runs_who_asked_and_at_which_step(shop: World, slack: Client) -> None:
    shop.production.faults["export"] = "slow:4"
    try:
        before = len(cards(slack))
        slack.command("/backup full", user=ALICE, channel=ENGINEERING)
        wait_for(lambda: "export" in new_card(slack, before).all_text, "the export")
        said = answer(slack, "/backup quick", user=BOB).all_text
        assert "production is in use" in said
        assert "Full backup" in said
        assert f"<@{ALICE}>" in said
        assert "since" in said or "ago" in said
        ended_card(slack, before)
    finally:
        shop.production.faults["export"] = None
    assert len(cards(slack)) == before + 1


def test_two_clicks_at_once_take_one_backup(slack: Client) -> None:
    before = len(cards(slack))
    first = slack.command("/backup quick once", user=ALICE, channel=ENGINEERING)
    slack.deliver_again(first)
    slack.deliver_again(first)
    ended_card(slack, before)
    assert len(cards(slack)) == before + 1


def test_nothing_is_said_in_incidents_about_a_backup_that_went_well(slack: Client) -> None:
    taken(slack, "/backup quick")
    assert slack.messages(INCIDENTS) == []


def test_a_quick_backup_is_over_in_seconds_and_leaves_no_other_file(shop: World, slack: Client) -> None:
    made = backup_id(taken(slack, "/backup quick"))
    number = made.partition("-")[2]
    there = {path.name for path in (shop.backups / "quick").iterdir() if number in path.name}
    assert there == {f"quick-backup-{number}.json", f"quick-backup-{number}.facts.json"}
    assert oct((shop.backups / "quick" / f"quick-backup-{number}.json").stat().st_mode & 0o777) == "0o600"


def test_a_card_is_read_as_over_only_when_it_is(slack: Client) -> None:
    assert is_over(taken(slack, "/backup quick"))
