"""A rollback with data: every row back and proven, what would be lost counted, old and new schemas in the order that Convex takes."""

from __future__ import annotations

from pathlib import Path

from ops import asking, deciding, standing
from ops.backstop import Backstop
from ops.loss import Loss
from ops.services.convex import in_between
from ops.standing import What
from sandbox.convex import ConvexServer
from tests.remotes import git
from tests.rolling_back import CAROL, NEVER, asked, back, backstop, deployed, names, newest, previewed, shop
from tests.shipping import KEY, NEW_ORDERS, USERS, Shop, ended, schema, taken

__all__ = ["backstop", "shop"]  # the fixtures


def test_a_full_rollback_brings_every_row_back_proves_it_and_ends_maintenance(shop: Shop, backstop: Backstop) -> None:
    full = newest(backstop)
    wanted = shop.rows()
    shop.convex.insert("orders", {"total": 99.0, "user": "user 1"})
    shop.convex.remove("users", shop.convex.documents("users")[0]["_id"])
    view = back(backstop, full, data=True)
    assert view.status == "succeeded", view
    steps = names(view)
    order = [
        "nothing moved",
        "archive",
        "maintenance on",
        "pause",
        "safety export",
        "code",
        "data",
        "delta",
        "proof",
        "functions",
        "unpause",
        "site",
        "smoke tests",
        "maintenance off",
        "release",
    ]
    assert [step for step in steps if step in order] == order
    assert shop.rows() == wanted
    assert shop.live == shop.first
    assert view.result["proof"] == {"of": 2, "equal": 2, "different": [], "spots": []}
    assert Loss.load(view.result["lost"]["loss"]).lost == 1
    assert not shop.convex.paused
    assert shop.vercel
    assert not shop.vercel.maintenance
    assert standing.current(backstop.engine, What.MAINTENANCE, "production") is None
    assert backstop.catalogue.get(full).facts.restored_at


def test_rows_that_are_not_as_the_settings_want_halt_a_full_rollback_before_anybody_is_let_in(tmp_path: Path, template: Path) -> None:
    shop = Shop(tmp_path / "wanting", template=template, spot_check=[{"table": "orders", "where": {"user": "nobody"}}])
    try:
        with shop.backstop() as backstop:
            view = back(backstop, newest(backstop), data=True)
            assert (view.status, names(view)[-1]) == ("halted", "spot checks")
            assert standing.current(backstop.engine, What.MAINTENANCE, "production")
            deciding.go_on(backstop, view, done=True, by="U0CAROL")
            done = ended(backstop, view.id)
            assert (done.status, done.result["spots_accepted"]) == ("succeeded", "U0CAROL")
    finally:
        shop.close()


def test_the_preview_counts_what_would_be_lost_table_by_table(shop: Shop, backstop: Backstop) -> None:
    full = newest(backstop)
    shop.convex.insert("orders", {"total": 99.0, "user": "user 1"})
    shop.convex.remove("users", shop.convex.documents("users")[0]["_id"])
    found = previewed(backstop, full, data=True)
    assert found.loss
    assert sorted(found.loss.sentences()) == ["orders: 1 created since", "users: 1 deleted since"]
    assert (found.maintenance, found.paused) == (True, True)
    assert list((shop.settings.state / "previews").iterdir()) == []


def test_what_cannot_be_counted_is_said_as_unknown_and_keeps_nobody_from_going_back(shop: Shop, backstop: Backstop) -> None:
    full = newest(backstop)
    shop.convex.faults["export"] = "fail"
    found = previewed(backstop, full, data=True)
    assert found.loss is None
    assert "could not finish it" in found.loss_unknown


def test_new_schema_and_new_rows_back_to_old_ones_by_the_push_in_between(shop: Shop, backstop: Backstop) -> None:
    """Neither order of code and data is possible without it: X2 of the four combinations."""
    full = newest(backstop)
    wanted = shop.rows()
    new = shop.commit("Paid orders", {"convex/schema.ts": schema(USERS, NEW_ORDERS)})
    by_hand(shop, backstop, new)
    view = back(backstop, full, data=True)
    assert view.status == "succeeded", view
    assert [step for step in names(view) if "functions" in step or step == "data"] == ["functions without validation", "data", "functions"]
    assert shop.rows() == wanted
    assert shop.convex.deployed.schema
    assert shop.convex.deployed.schema["schemaValidation"] is True


def by_hand(shop: Shop, backstop: Backstop, commit: str) -> None:
    """Somebody brings a new schema with rows that only it takes to production, past Backstop."""
    from ops.packages import workspace

    with workspace(backstop.services.git, backstop.settings, commit, stop=None) as space:
        with in_between(space.app):
            backstop.services.convex.deploy("production", space.app, stop=NEVER, said=lambda _: None)
        for each in shop.convex.documents("orders"):
            shop.convex.remove("orders", each["_id"])
        shop.convex.insert("orders", {"total": 5.0, "user": "user 2", "paid": True})
        backstop.services.convex.deploy("production", space.app, stop=NEVER, said=lambda _: None)
    git(shop.remote.work, "push", "-q", "origin", f"{commit}:master")


def test_old_code_that_takes_the_present_rows_goes_before_the_data(shop: Shop, backstop: Backstop) -> None:
    full = newest(backstop)
    deployed(
        shop,
        backstop,
        "Rooms",
        "full",
        {
            "convex/schema.ts": schema(
                USERS, "orders: defineTable({ total: v.number(), user: v.string() })", "rooms: defineTable({ n: v.number() })"
            )
        },
    )
    view = back(backstop, full, data=True)
    assert view.status == "succeeded", view
    assert [step for step in names(view) if step in {"functions", "data"}] == ["functions", "data"]


def test_a_site_without_its_maintenance_page_keeps_nobody_from_going_back_and_the_preview_says_so(shop: Shop, backstop: Backstop) -> None:
    full, wanted = newest(backstop), shop.rows()
    shop.convex.insert("orders", {"total": 99.0, "user": "user 1"})
    assert shop.vercel
    shop.vercel.site.has_page = False
    found = previewed(backstop, full, data=True)
    assert not found.maintenance
    assert "answers 404" in found.page_missing
    view = back(backstop, full, data=True)
    assert view.status == "succeeded", view
    assert shop.rows() == wanted
    assert not {"maintenance on", "maintenance off"} & {*names(view)}
    assert "pause" in names(view)


def test_a_maintenance_page_that_has_gone_since_the_preview_is_told_before_anything_changes(shop: Shop, backstop: Backstop) -> None:
    begun = asked(backstop, newest(backstop), data=True)
    rows, live = shop.rows(), shop.live
    assert shop.vercel
    shop.vercel.site.has_page = False
    asking.approve(backstop, CAROL, begun.approval.id)
    view = ended(backstop, begun.operation_id)
    assert (view.status, names(view)) == ("failed", ["nothing moved"])
    assert "answers 404" in str(view.error)
    assert (shop.rows(), shop.live, shop.convex.paused) == (rows, live, False)
    assert standing.all_of(backstop.engine) == []


def test_a_key_that_may_not_pause_is_told_and_the_proof_lists_instead_of_failing(tmp_path: Path) -> None:
    weak = {
        "deployment:deploy",
        "deployment:data:view",
        "deployment:env:view",
        *(f"deployment:backups:{word}" for word in ("create", "view", "download", "import")),
    }
    shop = Shop(tmp_path, vercel=False)
    shop.convex.stop()
    shop.convex = ConvexServer("bright-sturgeon-101", {KEY: weak}, tmp_path / "convex", step=0.01).start()
    try:
        with shop.backstop() as backstop:
            view = back(backstop, taken(backstop, "full"), data=True)
            assert view.status == "succeeded", view
            assert view.result["paused"]["paused"] is False
            assert "may not pause" in view.result["paused"]["why"]
            assert "unpause" not in names(view)
    finally:
        shop.close()
