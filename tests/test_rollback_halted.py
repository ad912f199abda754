"""A rollback that halts or is in the way of something: what a person can do then, and what is held."""

from __future__ import annotations

from ops import activity, asking, backup, deploy, holds, standing
from ops.backstop import Backstop
from ops.deploy import Choice
from ops.standing import What
from tests.rolling_back import ALICE, BOB, CAROL, asked, back, backstop, names, newest, shop
from tests.shipping import Shop, ended

__all__ = ["backstop", "shop"]  # the fixtures


def test_an_import_that_fails_halts_with_maintenance_on_and_a_retry_ends_well(shop: Shop, backstop: Backstop) -> None:
    full, wanted = newest(backstop), shop.rows()
    shop.convex.insert("orders", {"total": 99.0, "user": "user 1"})
    shop.convex.faults["import"] = "fail:the disk over there is full"
    view = back(backstop, full, data=True)
    assert (view.status, names(view)[-1]) == ("halted", "data")
    assert "the disk over there is full" in str(view.error)
    assert view.result["where"]["maintenance"] is True
    assert shop.vercel
    assert shop.vercel.maintenance
    assert shop.convex.paused
    paused = standing.current(backstop.engine, What.PAUSED, "production")
    assert paused
    assert (paused.reason, paused.by, paused.operation_id) == ("checkout double-charges", "U0BOB", view.id)
    shop.convex.faults["import"] = None
    backstop.journal.settle(view.id, "data", by="U0BOB")
    again = ended(backstop, view.id)
    assert again.status == "succeeded", again
    assert shop.rows() == wanted
    assert not shop.vercel.maintenance
    assert standing.current(backstop.engine, What.PAUSED, "production") is None


def test_a_rollback_that_is_ended_half_way_leaves_word_that_convex_is_paused_until_somebody_lets_it_run(
    shop: Shop, backstop: Backstop
) -> None:
    shop.convex.faults["import"] = "fail:the disk over there is full"
    view = back(backstop, newest(backstop), data=True)
    backstop.journal.abandon(view.id, by="U0BOB")
    assert shop.convex.paused
    assert {each.what for each in standing.all_of(backstop.engine)} == {What.PAUSED, What.MAINTENANCE}
    let = ended(backstop, holds.unpause(backstop, BOB, id="let-it-run"))
    assert let.status == "succeeded", let
    assert not shop.convex.paused
    assert {each.what for each in standing.all_of(backstop.engine)} == {What.MAINTENANCE}
    assert "Convex unpaused: its functions run" in [line.text for line in activity.lines(backstop.engine, 5)]


def test_a_halted_deploy_is_taken_over_by_a_rollback_without_its_lock_ever_being_free(shop: Shop, backstop: Backstop) -> None:
    before = shop.live
    shop.commit("Broken")
    assert shop.vercel
    shop.vercel.faults["build"] = "fail"
    plan = deploy.plan(backstop.settings, deploy.look(backstop.services), Choice(backup="quick"), ALICE)
    halted = ended(backstop, asking.ask(backstop, ALICE, plan, id="halted").operation_id)
    assert halted.status == "halted"
    shop.vercel.faults["build"] = None
    begun = asked(backstop, halted.result["backup_id"], replaces=halted.id)
    assert begun.started
    view = ended(backstop, begun.operation_id)
    assert view.status == "succeeded", view
    assert shop.live == before
    over = backstop.journal.get(halted.id)
    assert over
    assert (over.status, over.left) == ("failed", {"by": "U0BOB", "successor": f"quick rollback {view.id}"})


def test_an_approved_rollback_cancels_a_backup_that_is_in_its_way(shop: Shop, backstop: Backstop) -> None:
    full = newest(backstop)
    waiting = asked(backstop, full, data=True)
    shop.convex.faults["export"] = "slow:60"
    wanted = backup.ask(backstop.services, "full", "U0ALICE")
    running = backstop.journal.start(wanted.kind, wanted.dump(), by="U0ALICE", environment="production")
    signed = asking.approve(backstop, CAROL, waiting.approval.id)
    shop.convex.faults["export"] = None
    assert ended(backstop, running).status == "cancelled"
    assert ended(backstop, signed.operation_id).status == "succeeded"
