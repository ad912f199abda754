"""Restores to staging, and rehearsals there: without a signature, after its proof, and production untouched."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.views import approval, changing
from ops import asking, restore, staging
from ops.backstop import Backstop
from sandbox.convex import ConvexServer
from tests.shipping import NEW_ORDERS, USERS, Shop, ended, schema, taken
from tests.staging import BOB, NEVER, backstop, cancelled, names, shop, trout

__all__ = ["backstop", "shop", "trout"]  # the fixtures


def test_staging_is_restored_without_a_signature_and_only_after_its_proof(shop: Shop, backstop: Backstop, trout: ConvexServer) -> None:
    made = backstop.catalogue.all()[0].id
    found = restore.look(backstop.services, made, "staging", stop=NEVER)
    plan = restore.plan(backstop.settings, found, "to look at last week's orders")
    refused = asking.ask(backstop, BOB, plan, id="one")
    assert refused.started
    assert ended(backstop, refused.operation_id).status == "failed"
    staging.mark(backstop.services)
    view = ended(backstop, asking.ask(backstop, BOB, plan, id="two").operation_id)
    assert view.status == "succeeded", view
    assert {name: trout.fingerprint(name) for name in ("users", "orders")} == shop.rows()


def test_a_restore_to_staging_that_is_cancelled_ends_with_the_step_that_changes_it_and_says_how_staging_is(
    backstop: Backstop, trout: ConvexServer
) -> None:
    staging.mark(backstop.services)
    found = restore.look(backstop.services, backstop.catalogue.all()[0].id, "staging", stop=NEVER)
    begun = asking.ask(backstop, BOB, restore.plan(backstop.settings, found, "a look", "", ""), id="cancelled")
    cancelled(backstop, trout, begun.operation_id, "data")
    view = ended(backstop, begun.operation_id)
    assert (view.status, names(view)[-1]) == ("cancelled", "data")
    assert "Staging is half changed" in str(changing.card(view, datetime.now(UTC)))


def test_a_restore_to_staging_that_fails_half_way_says_how_staging_is_and_nothing_of_production(
    backstop: Backstop, trout: ConvexServer
) -> None:
    staging.mark(backstop.services)
    found = restore.look(backstop.services, backstop.catalogue.all()[0].id, "staging", stop=NEVER)
    plan = restore.plan(backstop.settings, found, "to look at last week's orders")
    trout.faults["import"] = "fail:no room"
    view = ended(backstop, asking.ask(backstop, BOB, plan, id="one").operation_id)
    assert (view.status, names(view)[-1]) == ("failed", "data")
    assert view.result["where"] == {"paused": False, "unknown": {}}
    told = changing.card(view, datetime.now(UTC))
    assert str(told["text"]).endswith("staging · trout: production was not touched")
    assert "Production was not touched. Staging is half changed:* it runs functions *without schema validation*, and" in str(told)
    assert "Production is as before" not in str(told)
    assert "*Now:* Convex runs." in str(told)


def test_a_rehearsal_says_before_production_is_touched_whether_the_old_rows_fit_the_functions_that_run(
    shop: Shop, backstop: Backstop
) -> None:
    staging.mark(backstop.services)
    old = taken(backstop, "full")
    for row in shop.convex.documents("orders"):
        shop.convex.insert("orders", {**row, "paid": True})
    shop.deployed(backstop, "Ask who paid", {"convex/schema.ts": schema(USERS, NEW_ORDERS)})
    before = restore.look(backstop.services, old, "production", stop=NEVER)
    assert (before.schema_differs, before.rehearsed) == (True, None)
    trial = restore.look(backstop.services, old, "staging", stop=NEVER, rehearsal=True)
    view = ended(backstop, asking.ask(backstop, BOB, restore.plan(backstop.settings, trial, "a rehearsal"), id="trial").operation_id)
    assert view.status == "succeeded", view
    assert view.result["validated"] is False
    after = restore.look(backstop.services, old, "production", stop=NEVER)
    assert "do not fit" in str(after.rehearsed)
    begun = asking.ask(backstop, BOB, restore.plan(backstop.settings, after, "orders are gone"), id="for-real")
    signed = str(approval.card(begun.approval, (), datetime.now(UTC), glass=False, allow_self=False))
    assert "its rows do not fit the functions that run*, so nothing is validated afterwards." in signed
