"""X2: what a restore took away is kept by table, and comes back from its delta."""

from __future__ import annotations

import json
import uuid
import zipfile
from datetime import UTC, datetime

import pytest

from bot.views import restored as restored_views
from ops import asking, deltas, salvage
from ops.backstop import Backstop
from ops.errors import Refused
from ops.journal import OperationView
from ops.people import Role
from tests.restoring import BOB, CAROL, backstop, kept, progress, restored, shop
from tests.shipping import NEW_ORDERS, USERS, Shop, ended, schema
from tests.world import wait_for

__all__ = ["backstop", "shop"]  # the fixtures


def salvaged(backstop: Backstop, delta: deltas.Delta) -> OperationView:
    """The orders of a delta brought back, signed by the CTO."""
    begun = asking.ask(backstop, BOB, salvage.plan(backstop.services, delta, ["orders"], "they were real"), id=uuid.uuid4().hex[:12])
    asking.approve(backstop, CAROL, begun.approval.id)
    return ended(backstop, begun.operation_id)


def test_what_went_is_kept_by_table_and_comes_back_with_its_ids(shop: Shop, backstop: Backstop) -> None:
    made = kept(backstop)
    first = shop.convex.insert("orders", {"total": 99.0, "user": "user 1"})
    shop.convex.insert("users", {"name": "somebody new"})
    before = shop.rows()
    view = restored(backstop, made)
    (delta,) = deltas.all_of(backstop.settings.folder)
    assert view.result["lost"]["delta"] == delta.id
    assert {table.name: table.rows for table in delta.tables} == {"orders": 1, "users": 1}
    plan = salvage.plan(backstop.services, delta, ["orders"], "the order was real")
    begun = asking.ask(backstop, BOB, plan, id="salvage-1")
    assert begun.approval.role is Role.CTO
    asking.approve(backstop, CAROL, begun.approval.id)
    done = ended(backstop, begun.operation_id)
    assert done.status == "succeeded", done
    assert (done.result["appended"], done.result["proof"]) == (1, {"rows": 1, "other": 0})
    assert shop.rows()["orders"] == before["orders"]
    assert shop.rows()["users"] != before["users"]
    assert first in [row["_id"] for row in shop.convex.documents("orders")]
    assert salvage.brought_back(backstop.journal) == {delta.id: {"orders"}}
    again = asking.ask(backstop, BOB, plan, id="salvage-2")
    shop.convex.faults["import_busy"] = "true"
    asking.approve(backstop, CAROL, again.approval.id)
    wait_for(lambda: "Another import" in str(progress(backstop, again.operation_id)), "the wait for an import that is under way")
    shop.convex.remove("orders", first)  # what is missing is counted once nobody else imports
    shop.convex.faults["import_busy"] = None
    brought = ended(backstop, again.operation_id)
    assert brought.result["appended"] == 1
    assert salvage.sentence(brought) == f"Brought back 1 row of orders from {delta.id}; 1 row there as they were"
    assert salvage.sentence(salvaged(backstop, delta)) == f"No row of orders from {delta.id} was missing; 1 row there as they were"


def test_a_row_that_is_there_with_another_content_is_left_alone_and_the_others_come_back(shop: Shop, backstop: Backstop) -> None:
    made = kept(backstop)
    ids = [shop.convex.insert("orders", {"total": float(number), "user": "user 1"}) for number in range(3)]
    restored(backstop, made)
    shop.convex.insert("orders", {"_id": ids[0], "_creationTime": 1.0, "total": 1000.0, "user": "user 1"})
    (delta,) = deltas.all_of(backstop.settings.folder)
    done = salvaged(backstop, delta)
    assert done.status == "succeeded", done
    assert (done.result["appended"], done.result["proof"]) == (2, {"rows": 2, "other": 1})
    there = {row["_id"]: row["total"] for row in shop.convex.documents("orders")}
    assert [there[each] for each in ids] == [1000.0, 1.0, 2.0]
    assert str(salvage.sentence(done)).endswith("; 2 rows there as they were, 1 row with another content left alone")
    assert "1 more is there with another content, and left alone." in str(restored_views.salvaged(done, datetime.now(UTC)))


def test_rows_that_do_not_fit_the_schema_any_more_change_nothing_and_nothing_is_halted(shop: Shop, backstop: Backstop) -> None:
    made = kept(backstop)
    shop.convex.insert("orders", {"total": 99.0, "user": "user 1"})
    restored(backstop, made)
    for row in shop.convex.documents("orders"):
        shop.convex.insert("orders", {**row, "paid": True})
    before = shop.rows()
    shop.deployed(backstop, "Orders are paid", {"convex/schema.ts": schema(USERS, NEW_ORDERS)})
    (delta,) = deltas.all_of(backstop.settings.folder)
    done = salvaged(backstop, delta)
    assert done.status == "failed", done
    assert "do not fit the schema that production has now, and none of them came" in str(done.error)
    assert shop.rows() == before


def test_rows_that_changed_are_kept_to_be_read_and_are_no_part_of_what_comes_back(shop: Shop, backstop: Backstop) -> None:
    made = kept(backstop)
    row = shop.convex.documents("orders")[0]
    shop.convex.insert("orders", {**row, "total": 1000.0})
    restored(backstop, made)
    (delta,) = deltas.all_of(backstop.settings.folder)
    assert (delta.rows, delta.changed) == (0, 1)
    with zipfile.ZipFile(delta.path) as archive:
        (line,) = archive.read("changed/orders/documents.jsonl").splitlines()
    assert (json.loads(line)["_id"], json.loads(line)["total"]) == (row["_id"], 1000.0)
    with pytest.raises(Refused, match="has no created rows of orders"):
        salvage.plan(backstop.services, delta, ["orders"], "why")
