"""A10, A11, A13, A16, B19, X2, X3, X11: a rollback with its signature as people do it in Slack."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import create_engine, update
from sqlalchemy.orm import Session

from ops.database import ApprovalRow, StandingRow, TaskRow
from sandbox.slack import Client, Shown
from tests.cards import answer, backup_id, clicked, taken
from tests.remotes import git
from tests.selling import opened, saying, selling, until, window
from tests.shipping import Shop
from tests.world import ALICE, BOB, CAROL, ENGINEERING, INCIDENTS, MALLORY, World, running, wait_for

REASON = {"reason": "checkout double-charges", "impact": "no orders"}


@pytest.fixture(scope="module")
def around(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Shop, World]]:
    more = '[approvals]\nbreak_glass_after_minutes = 0\nstand_ins = ["U0DAVE"]'
    with selling(tmp_path_factory.mktemp("selling"), more=more) as both, running(both[1]):
        yield both


@pytest.fixture
def shop(around: tuple[Shop, World]) -> Shop:
    return around[0]


@pytest.fixture
def world(around: tuple[Shop, World]) -> World:
    return around[1]


@pytest.fixture
def slack(around: tuple[Shop, World]) -> Client:
    return around[1].slack.client


def asked(slack: Client, made: str, user: str = BOB, word: str = "") -> Shown:
    """A rollback that waits for its signature; its card."""
    before = len([each for each in slack.messages(INCIDENTS) if "Sign-off needed" in each.all_text])
    view = opened(slack, f"/rollback {made} {word}".strip(), user)
    outcome = slack.submit(view, {**REASON, "typed": made}, user=user)
    assert outcome.acked
    return wait_for(
        lambda: next(iter([each for each in slack.messages(INCIDENTS) if "Sign-off needed" in each.all_text][before:]), None), "the card"
    )


def later(world: World, row: type, **values: object) -> None:
    """Time passes: rows are made older."""
    engine = create_engine(f"sqlite:///{world.backups}/.state/bot.sqlite")
    with Session(engine) as session, session.begin():
        session.execute(update(row).values(**values))
    engine.dispose()


def test_the_list_shows_type_time_and_commit_and_the_two_sentences_of_the_document(shop: Shop, slack: Client) -> None:
    made = backup_id(taken(slack, "/backup full"))
    shop.convex.insert("orders", {"total": 99.0, "user": "user 1"})
    view = opened(slack, "/rollback", BOB)
    assert view.submit == "Rollback to Selected"
    assert ":package:" in str(view["blocks"])
    assert "Open the shop" in str(view["blocks"])
    assert slack.submit(view, {"backup": made}, user=BOB).acked
    said = str(wait_for(lambda: saying(window(slack, BOB), "Continue?"), "the preview").blocks)
    assert re.search(r"This will restore to backup from \w{3} 20\d\d-\d\d-\d\d \d\d:\d\d \w+\. Continue\?", said)
    for words in (
        "1 document in 1 table written since would go",
        "orders: 1 created since",
        "production · sturgeon",
        f"Type {made} to roll back",
        "maintenance page",
    ):
        assert words in said


def test_while_the_loss_is_counted_the_window_says_how_far_that_is(shop: Shop, slack: Client) -> None:
    made = backup_id(taken(slack, "/backup full"))
    shop.convex.faults["export"] = "slow:4"
    slack.command(f"/rollback {made}", user=BOB)
    wait_for(lambda: saying(slack.view(BOB), "Exporting what is there now, to count what would be lost"), "how far it is")
    shop.convex.faults["export"] = None
    assert "nothing was written since the backup" in str(window(slack, BOB)["blocks"])


def test_a_wrong_id_is_told_at_the_field_and_nothing_is_lost(slack: Client) -> None:
    made = backup_id(taken(slack, "/backup full"))
    view = opened(slack, f"/rollback {made}", BOB)
    outcome = slack.submit(view, {**REASON, "typed": "full-1701450000000"}, user=BOB)
    assert "That is not" in str(slack.view(BOB) and slack.view(BOB).errors) + str(outcome)  # type: ignore[union-attr] # it is there
    assert slack.view(BOB)


def test_a_full_rollback_is_asked_for_signed_by_the_cto_done_and_told(shop: Shop, slack: Client) -> None:
    made = backup_id(taken(slack, "/backup full"))
    wanted = shop.rows()
    shop.convex.insert("orders", {"total": 99.0, "user": "user 1"})
    card = asked(slack, made)
    for words in (
        "checkout double-charges",
        "no orders",
        made,
        "Data loss window",
        "orders: 1 created since",
        "production · sturgeon",
        "plan",
        "expires",
        "<@U0CAROL>",
    ):
        assert words in card.all_text
    assert "Only the CTO can sign a full rollback of production" in clicked(slack, card, "Approve", user=ALICE).all_text
    assert "somebody else signs" in clicked(slack, card, "Approve", user=BOB).all_text
    assert "may not sign" in clicked(slack, card, "Approve", user=MALLORY).all_text
    slack.click(card, "Approve", user=CAROL)
    done = until(slack, ENGINEERING, lambda shown: made in shown.all_text and "Rollback complete - production restored" in shown.all_text)
    assert "2 of 2 tables equal to the backup, row by row" in done.all_text
    assert "Undo" in str(done.blocks)
    assert shop.rows() == wanted
    said = [each.all_text for each in slack.messages(INCIDENTS)]
    assert any("has begun, asked by" in each and made in each for each in said)
    until(slack, INCIDENTS, lambda shown: "Rollback complete - production restored (" in shown.all_text)
    log = answer(slack, "/ops log").all_text
    assert "Rollback complete - production restored" in log
    assert "Rollback initiated to backup from 20" in log
    assert "was already approved by" in clicked(slack, card, "Approve", user=CAROL).all_text
    slack.click(done, "Lift the hold", user=BOB)
    until(slack, ENGINEERING, lambda shown: "lifted the hold" in shown.all_text)


def test_what_moved_makes_it_void_and_offers_to_plan_again(shop: Shop, slack: Client) -> None:
    made = backup_id(taken(slack, "/backup full"))
    card = asked(slack, made)
    git(shop.remote.work, "checkout", "-q", "master")
    git(shop.remote.work, "reset", "-q", "--hard", shop.live)
    new = shop.remote.land("By hand", {"x.txt": made})
    git(shop.remote.work, "checkout", "-q", "main")
    git(shop.remote.work, "merge", "-q", "master")
    assert f"to `{new[:6]}` after this was planned" in clicked(slack, card, "Approve", user=CAROL).all_text
    void = wait_for(lambda: saying(slack.again(card), "Void"), "the void card")
    assert "Plan again" in str(void.blocks)
    assert "Approve" not in str(void.blocks)


def test_a_rejection_says_why_on_the_card_and_to_whoever_asked(slack: Client) -> None:
    made = backup_id(taken(slack, "/backup full"))
    card = asked(slack, made)
    slack.click(card, "Reject", user=CAROL)
    slack.submit(window(slack, CAROL), {"reason": "wait for the fix"}, user=CAROL)
    wait_for(lambda: "Rejected by <@U0CAROL>: “wait for the fix”" in slack.again(card).all_text, "the rejection")  # type: ignore[union-attr] # it is there
    wait_for(lambda: any("Rejected by" in each.all_text for each in slack.direct(BOB)), "the word to whoever asked")


def test_the_card_of_what_the_only_approver_asks_for_names_the_stand_in_who_may_sign_it(slack: Client) -> None:
    made = backup_id(taken(slack, "/backup full"))
    card = asked(slack, made, CAROL)
    assert "asked by <@U0CAROL> · may sign: <@U0DAVE> (CTO)" in card.all_text
    said = wait_for(lambda: next((each for each in slack.thread(card) if "you may sign this now" in each.all_text), None), "the stand-in")
    assert "<@U0DAVE>: you may sign this now in place of the CTO, who asked for it." in said.all_text
    slack.click(card, "Take it back", user=CAROL)


def test_nobody_signs_stand_ins_are_told_it_expires_and_is_asked_again_with_one_click(world: World, slack: Client) -> None:
    made = backup_id(taken(slack, "/backup full"))
    card = asked(slack, made)
    now = datetime.now(UTC)
    later(world, ApprovalRow, asked_at=now - timedelta(minutes=12))
    wait_for(lambda: any("you may sign this now" in each.all_text for each in slack.thread(card)), "the stand-ins")
    wait_for(lambda: any("still waiting for a signature" in each.all_text for each in slack.thread(card)), "the reminder")
    later(world, ApprovalRow, expires_at=now - timedelta(seconds=1))
    expired = wait_for(lambda: saying(slack.again(card), "Expired: nobody signed in time"), "the end")
    assert "Approve" not in str(expired.blocks)
    before = len([each for each in slack.messages(INCIDENTS) if "Sign-off needed" in each.all_text])
    slack.click(expired, "Ask again", user=BOB)
    wait_for(lambda: [each for each in slack.messages(INCIDENTS) if "Sign-off needed" in each.all_text][before:], "the new card")


def test_the_glass_is_broken_with_a_reason_and_the_id_both_channels_are_told_and_a_review_stays_open(world: World, slack: Client) -> None:
    made = backup_id(taken(slack, "/backup full"))
    card = asked(slack, made)
    assert "Break glass" in str(card.blocks)
    slack.click(card, "Break glass", user=BOB)
    view = window(slack, BOB)
    assert "without its signature" in str(view["blocks"])
    slack.submit(view, {"reason": "nobody answers", "typed": made}, user=BOB)
    for channel in (ENGINEERING, INCIDENTS):
        until(slack, channel, lambda shown: "broke the glass" in shown.all_text and "nobody answers" in shown.all_text)
    until(slack, ENGINEERING, lambda shown: made in shown.all_text and "Rollback complete" in shown.all_text)
    task = until(slack, INCIDENTS, lambda shown: "break-glass review" in shown.all_text and "Close it" in str(shown.blocks))
    slack.click(task, "Close it", user=BOB)
    slack.submit(window(slack, BOB), {"reason": "was right"}, user=BOB)
    wait_for(lambda: any("somebody else reviews it" in each.all_text for each in slack.ephemerals(BOB)), "the refusal")
    later(world, TaskRow, opened_at=datetime.now(UTC) - timedelta(days=2, hours=1))
    until(slack, INCIDENTS, lambda shown: "Still open after 2 days" in shown.all_text)
    slack.click(task, "Close it", user=CAROL)
    slack.submit(window(slack, CAROL), {"reason": "it was right"}, user=CAROL)
    until(slack, INCIDENTS, lambda shown: "closed by <@U0CAROL>" in shown.all_text)


def test_maintenance_is_switched_on_with_a_reason_nags_when_forgotten_and_off_again(shop: Shop, world: World, slack: Client) -> None:
    assert "needs a reason" in answer(slack, "/ops maintenance on", user=BOB).all_text
    assert "The maintenance page is not up." in answer(slack, "/ops maintenance off", user=BOB).all_text
    answer(slack, "/ops maintenance on certificate renewal", user=BOB)
    assert shop.vercel
    wait_for(lambda: shop.vercel.maintenance, "the page")  # type: ignore[union-attr] # it is there
    later(world, StandingRow, since=datetime.now(UTC) - timedelta(hours=3))
    nag = until(slack, INCIDENTS, lambda shown: "Maintenance is on for" in shown.all_text and "Still needed?" in shown.all_text)
    assert "certificate renewal" in nag.all_text
    slack.click(nag, "Switch maintenance off", user=BOB)
    until(slack, ENGINEERING, lambda shown: "Maintenance is off: visitors see the site" in shown.all_text)
    assert not shop.vercel.maintenance


@pytest.mark.parametrize(
    ("typed", "said"),
    [("--force", "is no backup id"), ("full-1701450000000", "There is no backup"), ("quick-1", "is no backup id")],
)
def test_a_wrong_id_in_the_command_is_told(slack: Client, typed: str, said: str) -> None:
    slack.command(f"/rollback {typed}", user=BOB)
    wait_for(lambda: said in str(slack.view(BOB)), said)


def test_a_damaged_archive_is_told_in_the_window_before_anything_happens(shop: Shop, world: World, slack: Client) -> None:
    made = backup_id(taken(slack, "/backup full"))
    path = world.backups / "full" / f"convex-{made[5:]}.zip"
    path.write_bytes(path.read_bytes()[:-20])
    live = shop.live
    slack.command(f"/rollback {made}", user=BOB)
    wait_for(lambda: "is damaged" in str(slack.view(BOB)), "the damage")
    assert shop.live == live
