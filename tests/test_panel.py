"""A8, A16, B3: the backup panel in its window and in App Home."""

from __future__ import annotations

from sandbox.slack import Client, View
from tests.cards import backup_id, cards, ended_card, manifest, new_card, taken
from tests.world import ALICE, BOB, CAROL, ENGINEERING, World, wait_for


def opened(slack: Client, user: str) -> View:
    """The panel's window, once it is drawn."""
    slack.command("/backup", user=user, channel=ENGINEERING)
    return wait_for(lambda: drawn(slack, user), "the panel")


def drawn(slack: Client, user: str) -> View | None:
    """The window on top, unless it is still looking."""
    view = slack.view(user)
    return view if view and "Looking" not in str(view["blocks"]) else None


def home(slack: Client, user: str) -> str:
    """Somebody's App Home, drawn for this opening of it."""
    before = slack.home(user)
    slack.open_home(user)
    return str(wait_for(lambda: None if slack.home(user) == before else slack.home(user), "the Home")["blocks"])


def test_the_panel_shows_two_buttons_with_what_each_saves(slack: Client) -> None:
    shown = str(opened(slack, ALICE)["blocks"])
    for words in ("Create Backup Before Deploy", "Quick Backup", "Full Backup", "Code only (~", "Code + Database (~"):
        assert words in shown
    assert "Routine code changes where the schema has not changed. Saves the commit, no database data." in shown
    assert "Schema changes, major function rewrites, risky deploys. Code and all database data." in shown


def test_a_backup_taken_in_the_panel_carries_purpose_description_and_notes(shop: World, slack: Client) -> None:
    view = opened(slack, BOB)
    before = len(cards(slack))
    slack.click(
        view, "backup_take_full", user=BOB, fields={"purpose": "pre-migration", "description": "Add salary table", "notes": "with Bob"}
    )
    made = manifest(shop, backup_id(ended_card(slack, before)))
    assert made["label"].startswith("Pre-migration backup - Add salary table - 20")
    assert (made["purpose"], made["notes"], made["createdBy"]) == ("pre-migration", "with Bob", BOB)


def test_the_panel_sent_off_takes_the_full_backup(slack: Client) -> None:
    view = opened(slack, CAROL)
    before = len(cards(slack))
    outcome = slack.submit(view, {"purpose": "critical", "description": "", "notes": ""}, user=CAROL)
    assert outcome.acked
    assert "Full backup created" in ended_card(slack, before).text


def test_while_a_backup_runs_panel_and_home_show_it_instead_of_the_buttons(shop: World, slack: Client) -> None:
    shop.production.faults["export"] = "slow:4"
    try:
        view = opened(slack, ALICE)
        before = len(cards(slack))
        slack.click(view, "backup_take_full", user=ALICE)
        wait_for(lambda: "Cancel full backup" in str(slack.view(ALICE)), "the running backup in the window")
        assert "backup_take_quick" not in str(slack.view(ALICE))
        wait_for(lambda: "Cancel full backup" in home(slack, BOB), "the running backup in Home")
        assert "backup_take_quick" not in home(slack, BOB)
        ended_card(slack, before)
    finally:
        shop.production.faults["export"] = None
    wait_for(lambda: "backup_take_quick" in str(slack.home(BOB)), "the Home to show the buttons again by itself")


def test_the_panel_says_which_backup_is_the_last_and_how_old_it_is(slack: Client) -> None:
    made = backup_id(taken(slack, "/backup full"))
    shown = str(opened(slack, ALICE)["blocks"])
    assert f"Last backup: :package: `{made}` <!date^" in shown


def test_the_panel_warns_of_a_quick_backup_when_the_schema_changed_since_the_last_full_one(shop: World, slack: Client) -> None:
    made = backup_id(taken(slack, "/backup full"))
    assert "A quick backup would not cover this" not in str(opened(slack, ALICE)["blocks"])
    shop.remote.land("Refunds", {"convex/schema.ts": "export default 2;\n", "convex/refunds.ts": "export const x = 1;\n"})
    shown = str(opened(slack, ALICE)["blocks"])
    assert "A quick backup would not cover this" in shown
    assert made in shown
    assert "convex/schema.ts" in shown
    taken(slack, "/backup full")
    assert "A quick backup would not cover this" not in str(opened(slack, ALICE)["blocks"])


def test_figures_on_the_buttons_are_measured_once_there_is_a_history(slack: Client) -> None:
    taken(slack, "/backup quick")
    shown = str(opened(slack, ALICE)["blocks"])
    assert "Code only (~5 sec)" not in shown


def test_home_lists_the_newest_backups_and_offers_what_can_be_done(slack: Client) -> None:
    made = backup_id(taken(slack, "/backup quick"))
    shown = home(slack, ALICE)
    for words in (made, "Quick Backup", "Full Backup", "All backups", "Status", "Activity", "Nothing runs."):
        assert words in shown


def test_a_backup_can_be_taken_from_home(slack: Client) -> None:
    home(slack, BOB)
    before = len(cards(slack))
    shown = slack.home(BOB)
    assert shown
    slack.click(shown, "backup_take_quick", user=BOB)
    assert new_card(slack, before)
    assert "Quick backup created" in ended_card(slack, before).text
