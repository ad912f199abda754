"""A3, A4, A13, X1–X4: production returns to a backup, its code or its code and its data, with everything real but the cloud."""

from __future__ import annotations

import pytest

from ops import activity, asking, manifest, releases, rollback, standing
from ops.backstop import Backstop
from ops.errors import Refused
from ops.standing import What
from tests.remotes import git
from tests.rolling_back import CAROL, asked, back, backstop, deployed, names, newest, previewed, shop
from tests.shipping import USERS, Shop, schema, taken

__all__ = ["backstop", "shop"]  # the fixtures


def test_a_quick_rollback_returns_branch_functions_and_site_after_a_safety_backup(shop: Shop, backstop: Backstop) -> None:
    second = shop.live
    backup_id, rows = newest(backstop), shop.rows()
    view = back(backstop, backup_id)
    assert view.status == "succeeded", view
    steps = names(view)
    assert steps[:4] == ["nothing moved", "target", "packages", "check"]
    assert steps.index("safety manifest") < steps.index("code") < steps.index("functions") < steps.index("site")
    assert "maintenance on" not in steps
    assert shop.live == shop.first
    assert shop.rows() == rows
    assert shop.vercel
    assert shop.vercel.live
    assert shop.vercel.live.commit == shop.first
    made = backstop.catalogue.get(view.result["safety"])
    assert (made.purpose, made.type, made.commit_hash) == ("safety", "quick", second)


def test_it_holds_further_deploys_says_that_the_site_is_pinned_and_is_written_down(shop: Shop, backstop: Backstop) -> None:
    assert shop.vercel
    shop.vercel.faults["build"] = "slow:60"  # the instant rollback is faster than a build, as it is outside
    view = back(backstop, newest(backstop))
    held, pinned = (standing.current(backstop.engine, what, "production") for what in (What.HOLD, What.PINNED))
    assert held
    assert pinned
    assert (held.reason, held.by, held.operation_id) == ("checkout double-charges", "U0BOB", view.id)
    last = releases.last(backstop.engine, "production")
    assert last
    assert (last.kind, last.commit) == ("rollback", shop.first)
    said = [line.text for line in activity.lines(backstop.engine, 50)]
    assert any(text.startswith("Rollback initiated to backup from 20") for text in said)
    assert "Rollback complete - production restored" in said


def test_a_rollback_can_be_undone_by_its_safety_backup(shop: Shop, backstop: Backstop) -> None:
    second = shop.live
    view = back(backstop, newest(backstop))
    assert back(backstop, view.result["safety"]).status == "succeeded"
    assert shop.live == second
    assert shop.vercel
    assert shop.vercel.live
    assert shop.vercel.live.commit == second


def test_the_preview_says_which_commits_go_and_whose_they_are(shop: Shop, backstop: Backstop) -> None:
    first_backup = newest(backstop)
    deployed(shop, backstop, "Third")
    found = previewed(backstop, first_backup, data=False)
    assert (found.undone, [each["message"] for each in found.commits]) == (2, ["Third", "Second"])
    assert (found.authors, found.returning, found.schema_differs, found.maintenance) == ((("Alice", 2),), 0, False, False)


def test_old_code_whose_schema_the_rows_do_not_fit_goes_without_validation_and_says_so(shop: Shop, backstop: Backstop) -> None:
    """The schema got stricter, rows of the new shape were written, and only the code goes back."""
    deployed(
        shop,
        backstop,
        "Notes",
        "full",
        {"convex/schema.ts": schema(USERS, "orders: defineTable({ total: v.number(), user: v.string(), note: v.optional(v.string()) })")},
    )
    shop.convex.insert("orders", {"total": 1.0, "user": "user 1", "note": "new"})
    full = newest(backstop)
    rows = shop.rows()
    view = back(backstop, full, data=False)
    assert view.status == "succeeded", view
    assert view.result["validated"] is False
    assert shop.rows() == rows
    assert shop.convex.deployed.schema
    assert shop.convex.deployed.schema["schemaValidation"] is False


def test_without_an_instant_rollback_in_the_plan_the_build_is_followed(shop: Shop, backstop: Backstop) -> None:
    assert shop.vercel
    shop.vercel.faults["rollback"] = "plan"
    view = back(backstop, newest(backstop))
    assert view.status == "succeeded", view
    assert shop.vercel.live
    assert shop.vercel.live.commit == shop.first
    assert standing.current(backstop.engine, What.PINNED, "production") is None


def test_a_commit_that_no_branch_has_any_more_is_rolled_back_to_by_its_tag(shop: Shop, backstop: Backstop) -> None:
    backup_id = newest(backstop)
    for branch in ("master", "main"):
        git(shop.remote.work, "checkout", "-q", "--orphan", f"new-{branch}")
        shop.remote.commit("History rewritten", {"z.txt": branch})
        shop.remote.push(f"+new-{branch}:{branch}")
    shop.remote.clean_up()
    view = back(backstop, backup_id)
    assert view.status == "succeeded", view
    assert shop.live == shop.first


def test_a_branch_that_takes_no_force_push_fails_before_anything_changed(shop: Shop, backstop: Backstop) -> None:
    second = shop.live
    git(shop.remote.path, "config", "receive.denyNonFastForwards", "true")
    view = back(backstop, newest(backstop))
    assert (view.status, names(view)[-1]) == ("failed", "code")
    assert "by force" in str(view.remedy)
    assert shop.live == second
    assert backstop.journal.holder("production") is None


# ── what is refused before anything changes ──


def test_a_quick_backup_has_no_data_and_an_unknown_one_is_unknown(backstop: Backstop) -> None:
    quick = taken(backstop, "quick")
    with pytest.raises(Refused, match="it holds the code only"):
        previewed(backstop, quick, data=True)
    with pytest.raises(Refused, match="full-1701450000000"):
        previewed(backstop, "full-1701450000000", data=True)


@pytest.mark.parametrize("damage", ["gone", "cut", "flipped"])
def test_a_damaged_archive_is_refused_before_anything_changes(shop: Shop, backstop: Backstop, damage: str) -> None:
    full = newest(backstop)
    live, rows, path = shop.live, shop.rows(), backstop.catalogue.archive(full)
    waiting = asked(backstop, full, data=True)
    content = bytearray(path.read_bytes())
    if damage == "gone":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(content[:-30])
    else:
        content[len(content) // 2] ^= 0xFF
        path.write_bytes(content)
    with pytest.raises(Refused, match=r"archive cannot be read" if damage == "gone" else "no longer what was taken"):
        asking.approve(backstop, CAROL, waiting.approval.id)
    with pytest.raises(Refused, match="archive of"):
        previewed(backstop, full, data=True)
    assert (shop.live, shop.rows(), shop.convex.paused) == (live, rows, False)
    assert shop.vercel
    assert not shop.vercel.maintenance


def test_a_backup_of_another_deployment_is_refused(shop: Shop) -> None:
    with shop.backstop() as before:
        path = before.catalogue.path(newest(before))
    values = manifest.load(path)
    path.write_bytes(manifest.dump({**values, "deployment": {"label": "trout", "instance": "calm-trout-7"}}))
    with shop.backstop() as backstop, pytest.raises(Refused, match=r"is of the deployment trout, not of sturgeon"):
        previewed(backstop, newest(backstop), data=True)


def test_a_rollback_without_a_reason_is_refused(backstop: Backstop) -> None:
    quick = newest(backstop)
    with pytest.raises(Refused, match="needs a reason"):
        rollback.plan(backstop.settings, previewed(backstop, quick, data=True), "  ")
