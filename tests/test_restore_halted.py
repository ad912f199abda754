"""A restore that halts, as people get out of it: back to what there was, over again, or on by hand, and never a word that is not so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.errors import Failed
from ops.journal import Operation, Status
from sandbox.slack import Client, Shown
from tests.cards import answer, archive, backup_id, clicked, taken
from tests.journals import PATIENCE, Bots
from tests.selling import REASON, opened, saying, selling, signed_for, until, window
from tests.shipping import Shop
from tests.world import ALICE, BOB, CAROL, ENGINEERING, INCIDENTS, World, running, wait_for


@pytest.fixture(scope="module")
def around(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Shop, World]]:
    with selling(tmp_path_factory.mktemp("halted")) as (shop, world), running(world):
        yield shop, world


@pytest.fixture
def shop(around: tuple[Shop, World]) -> Shop:
    return around[0]


@pytest.fixture
def world(around: tuple[Shop, World]) -> World:
    return around[1]


@pytest.fixture
def slack(world: World) -> Client:
    return world.slack.client


def signed(slack: Client, made: str, why: str) -> None:
    """Ask for a restore, and have it signed."""
    view = opened(slack, f"/restore database {made}", BOB)
    assert slack.submit(view, {**REASON, "reason": why, "typed": made}, user=BOB).acked
    slack.click(signed_for(slack, why), "Approve", user=CAROL)


def halted_at(slack: Client, made: str, step: str) -> Shown:
    return until(slack, ENGINEERING, lambda shown: f"Restore to {made} halted at “{step}”" in shown.all_text)


def now(slack: Client, card: Shown) -> Shown:
    """The card as it is now."""
    found = slack.again(card)
    assert found is not None
    return found


def spoilt(path: Path) -> bytes:
    """Change a byte in the middle of an archive; what it was."""
    whole = path.read_bytes()
    place = len(whole) // 2
    path.chmod(0o600)
    path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
    return whole


def test_what_is_halted_is_not_given_up_for_a_safety_backup_that_is_damaged(shop: Shop, world: World, slack: Client) -> None:
    made, before = backup_id(taken(slack, "/backup full")), shop.rows()
    shop.convex.faults["import"] = "fail:the disk over there is full"
    signed(slack, made, "a script emptied the cart")
    card = halted_at(slack, made, "data")
    shop.convex.faults["import"] = None
    safety = max(path.stem.replace("convex", "full") for path in (world.backups / "full").glob("convex-*.zip"))
    assert safety != made

    whole = spoilt(archive(world, safety))
    slack.click(card, "Undo", user=BOB)
    wait_for(lambda: saying(slack.view(BOB), "it is no longer what was taken"), "the refusal")
    status = str(answer(slack, "/ops status", user=BOB).blocks)
    for words in ("halted", "Maintenance is on", "Convex is paused"):
        assert words in status

    archive(world, safety).write_bytes(whole)
    taken(slack, f"/backup verify {safety} 2")
    slack.click(now(slack, card), "Undo", user=BOB)
    view = window(slack, BOB)
    assert slack.submit(view, {**REASON, "reason": "back to what it was", "typed": safety}, user=BOB).acked
    signature = signed_for(slack, "back to what it was")
    spoilt(archive(world, safety))
    assert "the backup's archive is no longer what was taken" in clicked(slack, signature, "Approve", user=CAROL).all_text
    assert "halted" in str(answer(slack, "/ops status", user=BOB).blocks)

    archive(world, safety).write_bytes(whole)
    slack.click(now(slack, card), "Undo", user=BOB)
    view = window(slack, BOB)
    assert slack.submit(view, {**REASON, "reason": "now really back", "typed": safety}, user=BOB).acked
    slack.click(signed_for(slack, "now really back"), "Approve", user=CAROL)
    until(slack, ENGINEERING, lambda shown: safety in shown.all_text and "Restore complete - production restored" in shown.all_text)
    assert (shop.rows(), shop.convex.paused) == (before, False)


def test_rows_that_somebody_wrote_meanwhile_halt_it_condemn_no_backup_and_it_is_started_over(shop: Shop, slack: Client) -> None:
    made, wanted = backup_id(taken(slack, "/backup full")), shop.rows()
    shop.convex.faults["import"] = "fail:the disk over there is full"
    signed(slack, made, "somebody tidied up")
    card = halted_at(slack, made, "data")
    shop.convex.faults["import"], shop.convex.faults["export"] = None, "fail"
    slack.click(card, "Retry", user=BOB)
    card = halted_at(slack, made, "proof")
    assert f"*Now:* the rows of {made} were imported and are not proven; master is at" in card.all_text
    shop.convex.insert("orders", {"total": 42.0, "user": "user 1"})
    shop.convex.faults["export"] = None
    slack.click(card, "Retry", user=BOB)
    until(slack, ENGINEERING, lambda shown: made in shown.all_text and "orders differ. Somebody wrote there" in shown.all_text)
    assert "NOT VERIFIED" not in str(answer(slack, "/backup list", user=BOB).blocks)
    slack.click(now(slack, card), "Start it over", user=BOB)
    view = window(slack, BOB)
    assert slack.submit(view, {**REASON, "reason": "once more", "typed": made}, user=BOB).acked
    slack.click(signed_for(slack, "once more"), "Approve", user=CAROL)
    until(slack, ENGINEERING, lambda shown: "once more" in shown.all_text and "Restore complete - production restored" in shown.all_text)
    assert (shop.rows(), shop.convex.paused) == (wanted, False)


def test_what_people_took_as_done_is_called_neither_complete_nor_the_backups(shop: Shop, slack: Client) -> None:
    made = backup_id(taken(slack, "/backup full"))
    shop.convex.insert("orders", {"total": 7.0, "user": "user 1"})
    shop.convex.faults["import"] = "fail:the disk over there is full"
    signed(slack, made, "by hand this time")
    slack.click(halted_at(slack, made, "data"), "Mark as done", user=BOB)
    card = halted_at(slack, made, "proof")
    assert "orders differ" in card.all_text
    shop.convex.faults["import"] = None
    slack.click(card, "Mark as done", user=BOB)
    over = until(slack, ENGINEERING, lambda shown: made in shown.all_text and "Restore ended - production not proven" in shown.all_text)
    told = until(slack, INCIDENTS, lambda shown: "Restore ended - production not proven" in shown.all_text)
    for shown in (over, told):
        assert ":white_check_mark: *Restore" not in shown.all_text
        assert "A person took the proof as done: whether the data are those of the backup is not known." in shown.all_text
    assert "The data are those of" not in over.all_text
    assert "document went" not in over.all_text


def test_what_takes_over_from_a_half_changed_production_halts_where_it_fails_and_is_not_cancelled(bots: Bots) -> None:
    def half(op: Operation) -> None:
        op.step("change", lambda: _fail("half of it is there"), touches=True, cancellable=False)

    def back(op: Operation) -> None:
        op.step("look", lambda: _fail("the way back is damaged"))

    def _fail(why: str) -> None:
        raise Failed(why, "Look.")

    journal = bots.bot(bots.kind("restore", half), bots.kind("undo", back))
    first = journal.start("restore", {}, by="alice", environment="production")
    assert journal.wait(first, PATIENCE).status is Status.HALTED
    second = journal.start("undo", {}, by="bob", environment="production", replaces=first)
    found = journal.wait(second, PATIENCE)
    assert (found.status, bots.locks()) == (Status.HALTED, {"production": second})


def test_while_it_is_halted_every_place_leads_to_the_decision_and_once_it_is_made_none_asks_for_it(shop: Shop, slack: Client) -> None:
    made, why = backup_id(taken(slack, "/backup full")), "the import must be repeated"
    shop.commit("Sell by weight")
    shop.convex.faults["import"] = "fail:the disk over there is full"
    signed(slack, made, why)
    card = halted_at(slack, made, "data")
    called = until(slack, INCIDENTS, lambda shown: "The restore halted" in shown.all_text and "Retry" in str(shown.blocks))

    status = str(answer(slack, "/ops status", user=BOB).blocks)
    for words in ("Maintenance is on", "Convex is paused", "Mark as done", "plans the whole restore anew"):
        assert words in status
    assert "Switch maintenance off" not in status  # it would be refused, as long as the restore holds production
    assert "Let the functions run" not in status
    shown = opened(slack, "/deploy", BOB)
    assert "Production is in use, so a deploy would be refused now" in str(shown.blocks)
    slack.close(shown)
    for command in (f"/restore database {made}", f"/rollback {made}"):
        shown = opened(slack, command, BOB)
        assert "Another operation holds it, so nothing could begin there now" in str(shown.blocks)
        slack.close(shown)
    slack.open_home(CAROL)
    wait_for(lambda: saying(slack.home(CAROL), "Nothing can be deployed until a person has decided"), "what is halted, in Home")
    slack.click(card, "Undo", user=BOB)
    shown = window(slack, BOB)
    for words in ("It takes over from the halted operation", why, REASON["impact"], REASON["began"]):
        assert words in str(shown.blocks)  # said once is enough
    assert "Another operation holds it" not in str(shown.blocks)
    slack.close(shown)

    slack.click(card, "Hand over", user=BOB)
    shown = window(slack, BOB)
    slack.submit(shown, {"person": ALICE, "reason": "the disk was full"}, user=BOB)
    refused = "Whom you chose may not decide about a halted operation. Hand it to somebody who is Eng Lead"
    wait_for(lambda: refused in str([each.all_text for each in (*slack.ephemerals(BOB), *slack.direct(BOB))]), "that Alice may not")
    slack.click(card, "Hand over", user=BOB)
    slack.submit(window(slack, BOB), {"person": CAROL, "reason": "the disk was full"}, user=BOB)
    handed = until(slack, INCIDENTS, lambda shown: "handed the halted restore to <@U0CAROL>" in shown.all_text)
    assert "Retry" in str(handed.blocks)
    slack.open_home(CAROL)
    wait_for(lambda: saying(slack.home(CAROL), "is in the hands of <@U0CAROL>"), "the task, in Home")

    shop.convex.faults["import"] = None
    slack.click(now(slack, card), "Retry", user=BOB)
    until(slack, ENGINEERING, lambda shown: made in shown.all_text and why in shown.all_text and "Restore complete" in shown.all_text)
    over = wait_for(lambda: saying(slack.again(handed), "A person has decided since."), "the end of the hand-over")
    assert "the disk was full" in over.all_text
    wait_for(lambda: not saying(slack.home(CAROL), "is in the hands of <@U0CAROL>"), "the end of the task")
    assert "Retry" not in str(over.blocks)
    over = wait_for(lambda: saying(slack.again(called), "a person has decided since"), "the end of the call")
    assert "Retry" not in str(over.blocks)
    begun = until(slack, INCIDENTS, lambda shown: "Database restore in progress" in shown.all_text and why in shown.all_text)
    report = wait_for(lambda: next((each for each in slack.thread(begun) if "Timeline" in each.all_text), None), "the report")
    for words in ("The restore halted at “data”. ", "settled: the step “data” is to be repeated (<@U0BOB>)", "signed by <@U0CAROL>"):
        assert words in report.all_text + str(report.blocks)


def test_a_restore_that_is_ended_half_way_says_so_on_its_card_and_offers_the_way_back(shop: Shop, world: World, slack: Client) -> None:
    made, before = backup_id(taken(slack, "/backup full")), shop.rows()
    shop.convex.faults["import"] = "fail:the disk over there is full"
    signed(slack, made, "not like this")
    slack.click(halted_at(slack, made, "data"), "End it as it is", user=BOB)
    card = until(slack, ENGINEERING, lambda shown: f"Restore to {made} ended half-way, at “data”" in shown.all_text)
    assert "Production is as it was left*, not as before" in card.all_text
    assert "Nothing else can start there" not in card.all_text
    shop.convex.faults["import"] = None
    slack.click(card, "Look again", user=BOB)
    wait_for(lambda: saying(slack.view(BOB), f"Type {made}"), "the same window once more")
    slack.click(card, "Undo", user=BOB)
    safety = max(path.stem.replace("convex", "full") for path in (world.backups / "full").glob("convex-*.zip"))
    view = wait_for(lambda: saying(slack.view(BOB), f"Type {safety}"), "the way back")
    assert slack.submit(view, {**REASON, "reason": "back after all", "typed": safety}, user=BOB).acked
    slack.click(signed_for(slack, "back after all"), "Approve", user=CAROL)
    until(slack, ENGINEERING, lambda shown: safety in shown.all_text and "Restore complete - production restored" in shown.all_text)
    assert (shop.rows(), shop.convex.paused) == (before, False)
