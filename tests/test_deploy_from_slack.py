"""A9, A12, B7, B22, X6: a deploy as people do it in Slack."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.slack import Client
from tests.cards import answer, clicked
from tests.selling import opened, over, saying, selling, until, window
from tests.shipping import Shop
from tests.world import ALICE, BOB, CAROL, DAVE, ENGINEERING, INCIDENTS, MALLORY, World, running, wait_for


@pytest.fixture(scope="module")
def around(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Shop, World]]:
    with (
        selling(tmp_path_factory.mktemp("selling"), more='[docs]\nrollback_plan = "https://example.com/rollback"') as both,
        running(both[1]),
    ):
        both[1].slack.client.command("/ops status", user=ALICE)
        yield both


@pytest.fixture
def shop(around: tuple[Shop, World]) -> Shop:
    return around[0]


@pytest.fixture
def slack(around: tuple[Shop, World]) -> Client:
    return around[1].slack.client


def test_a_closed_gate_offers_a_backup_first_and_the_deploy_goes_on_by_itself(shop: Shop, slack: Client) -> None:
    commit = shop.commit("Add a page")
    view = opened(slack, "/deploy main v1.0.0", ALICE)
    said = str(view["blocks"])
    for words in (
        "Deploy to Production (backup required)",
        "Create a backup first?",
        "Quick Backup",
        "Full Backup",
        "Add a page",
        "1 commit by 1 person",
    ):
        assert words in said
    assert "https://example.com/rollback" in said
    assert slack.submit(view, {"backup": "quick"}, user=ALICE).acked
    card = over(slack, "as v1.0.0")
    assert "Live on production in" in card.all_text
    assert "Roll back" in str(card.blocks)
    assert shop.live == commit


def test_a_changed_schema_does_not_offer_a_quick_backup_and_says_why(shop: Shop, slack: Client) -> None:
    text = (
        (shop.remote.work / "convex/schema.ts").read_text().replace("total: v.number()", "total: v.number(), note: v.optional(v.string())")
    )
    shop.commit("Notes", {"convex/schema.ts": text})
    view = opened(slack, "/deploy", BOB)
    said = str(view["blocks"])
    assert "The Convex schema changes" in said
    assert "note: v.optional" in said
    assert "so it is not offered" in said
    assert "'value': 'quick'" not in said
    assert slack.submit(view, {"backup": "full"}, user=BOB).acked
    card = until(slack, ENGINEERING, lambda shown: "Notes" in shown.all_text and "Live on production" in shown.all_text)
    assert "full-" in card.all_text


def test_what_moved_while_the_window_was_open_is_shown_instead_of_deployed(shop: Shop, slack: Client) -> None:
    shop.commit("One")
    view = opened(slack, "/deploy", ALICE)
    live = shop.live
    shop.commit("Another one")
    assert slack.submit(view, {"backup": "quick"}, user=ALICE).acked
    again = wait_for(lambda: saying(window(slack, ALICE), "moved since you looked"), "the new proposal")
    assert "Another one" in str(again.blocks)
    assert shop.live == live


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("--upload-pack=x", "cannot be a branch"),
        ("mian", "no branch or tag"),
        ("main two words", "each one word"),
        ("main -d", "cannot be a version"),
    ],
)
def test_a_wrong_ref_or_version_is_told_in_the_window(slack: Client, typed: str, said: str) -> None:
    slack.command(f"/deploy {typed}", user=ALICE)
    wait_for(lambda: said in str(slack.view(ALICE)), said)


def test_devops_deploys_with_an_eng_leads_signature(shop: Shop, slack: Client) -> None:
    commit = shop.commit("By devops")
    view = opened(slack, "/deploy", DAVE)
    assert slack.submit(view, {"backup": "quick"}, user=DAVE).acked
    card = until(slack, INCIDENTS, lambda shown: "Sign-off needed" in shown.all_text and commit[:6] in shown.all_text)
    assert "<@U0BOB>" in card.all_text
    refused = len(slack.ephemerals(ALICE))
    slack.click(card, "Approve", user=ALICE)
    words = wait_for(lambda: next(iter(slack.ephemerals(ALICE)[refused:]), None), "the refusal")
    assert "Only the Eng Lead can sign a deploy of production" in words.all_text
    assert "<@U0BOB>" in words.all_text
    slack.click(card, "Approve", user=BOB)
    over(slack, commit[:6])
    assert shop.live == commit
    signed = slack.again(card)
    assert signed
    assert "Signed by <@U0BOB>" in signed.all_text
    assert "Approve" not in str(signed.blocks)


def test_a_hold_is_seen_in_channel_home_and_gate_and_only_some_may_set_it(shop: Shop, slack: Client) -> None:
    shop.commit("Held")
    assert "needs the role" in answer(slack, "/ops hold because", user=ALICE).all_text
    answer(slack, "/ops hold checkout double-charges", user=BOB)
    until(slack, ENGINEERING, lambda shown: "holds deploys" in shown.all_text and "checkout double-charges" in shown.all_text)
    view = opened(slack, "/deploy", ALICE)
    assert "The gate is closed" in str(view["blocks"])
    assert not view.submit
    slack.open_home(ALICE)
    wait_for(lambda: "Deploys are held" in str(slack.home(ALICE)), "the hold in Home")
    lead = opened(slack, "/deploy", CAROL)
    assert slack.submit(lead, {"reason": "the fix for it", "backup": "quick"}, user=CAROL).acked
    until(slack, ENGINEERING, lambda shown: "through a closed gate" in shown.all_text and "the fix for it" in shown.all_text)
    until(slack, ENGINEERING, lambda shown: "Held" in shown.all_text and "Live on production" in shown.all_text)
    answer(slack, "/ops resume it is mended", user=BOB)
    until(slack, ENGINEERING, lambda shown: "lifted the hold" in shown.all_text)


def test_home_shows_panel_deploy_rollback_and_what_waits_in_this_order(shop: Shop, slack: Client) -> None:
    commit = shop.commit("Before home")
    assert slack.submit(opened(slack, "/deploy", ALICE), {"backup": "quick"}, user=ALICE).acked
    over(slack, commit[:6])
    shop.commit("For home")
    slack.open_home(CAROL)
    said = str(wait_for(lambda: saying(slack.home(CAROL), "(backup required)"), "the Home")["blocks"])
    places = [
        said.index(words)
        for words in ("Create Backup Before Deploy", "Deploy to Production", "'Rollback'", "What waits for me", "Running now")
    ]
    assert places == sorted(places)
    assert "Deploy to Production (backup required)" in said
    assert "Rollback to Selected" in said


def test_somebody_without_a_role_may_not_deploy(slack: Client) -> None:
    assert "You may not ask for a deploy" in answer(slack, "/deploy", user=MALLORY).all_text


def test_a_build_that_fails_halts_with_what_is_where_and_a_retry_from_the_card_ends_well(shop: Shop, slack: Client) -> None:
    commit = shop.commit("Breaks the build")
    assert shop.vercel
    shop.vercel.faults["build"] = "fail"
    slack.submit(opened(slack, "/deploy", ALICE), {"backup": "quick"}, user=ALICE)
    card = until(slack, ENGINEERING, lambda shown: all(each in shown.all_text for each in (commit[:6], "halted at “site”", "asked by")))
    for words in ("Now:", f"master is at {commit[:6]}", "Retry", "Roll back", "Mark as done", "Hand over"):
        assert words in card.all_text + str(card.blocks)
    assert "You may not decide about a halted operation" in clicked(slack, card, "Retry", user=ALICE).all_text
    lock = answer(slack, "/ops lock", user=DAVE)
    assert "It is *halted*" in lock.all_text
    shop.vercel.faults["build"] = None
    shop.vercel.project.deployments[0].failure = ""
    slack.click(lock, "Tell me when it is free", user=DAVE)
    slack.click(card, "Retry", user=BOB)
    until(slack, ENGINEERING, lambda shown: commit[:6] in shown.all_text and "Live on production" in shown.all_text)
    wait_for(lambda: any("is free now" in each.all_text for each in slack.direct(DAVE)), "the word that it is free")


def test_a_deploy_that_is_ended_half_way_says_that_production_is_not_as_before_and_what_can_be_done(shop: Shop, slack: Client) -> None:
    commit = shop.commit("Breaks the build again")
    assert shop.vercel
    shop.vercel.faults["build"] = "fail"
    slack.submit(opened(slack, "/deploy", ALICE), {"backup": "quick"}, user=ALICE)
    card = until(slack, ENGINEERING, lambda shown: all(each in shown.all_text for each in (commit[:6], "halted at “site”", "asked by")))
    slack.open_home(BOB)
    home = wait_for(lambda: saying(slack.home(BOB), "A person must decide"), "the decision in Home")
    assert "is halted" in str(home)
    assert "End it as it is" in str(home)
    slack.click(card, "End it as it is", user=BOB)
    over = until(slack, ENGINEERING, lambda shown: commit[:6] in shown.all_text and "ended half-way, at “site”" in shown.all_text)
    assert "Production is as it was left*, not as before" in over.all_text
    assert "production is as before" not in over.all_text.lower()
    assert f"When it halted:* master is at {commit[:6]}" in over.all_text
    assert "Roll back" in str(over.blocks)
    shop.vercel.faults["build"] = None


def test_the_help_names_every_command(slack: Client) -> None:
    said = answer(slack, "/ops help").all_text
    for words in ("/deploy [ref] [version]", "/rollback [ID] [code]", "/ops hold", "/ops maintenance on", "/ops lock"):
        assert words in said
