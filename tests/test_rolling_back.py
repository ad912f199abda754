"""A3, A4, A13, X1–X4: production returns to a backup, its code or its code and its data, with everything real but the cloud."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ops import activity, asking, backup, deciding, deploy, holds, manifest, releases, rollback, standing
from ops.asking import Asked
from ops.backstop import Backstop
from ops.deploy import Choice
from ops.errors import Refused
from ops.journal import OperationView
from ops.loss import Loss
from ops.people import Person, Role
from ops.rollback import Preview
from ops.services.convex import in_between
from ops.standing import What
from sandbox.convex import ConvexServer
from tests.remotes import git
from tests.shipping import KEY, NEW_ORDERS, USERS, Shop, ended, schema, taken

ALICE = Person(id="U0ALICE", roles=frozenset({Role.DEVELOPER}))
BOB = Person(id="U0BOB", roles=frozenset({Role.ENG_LEAD}))
CAROL = Person(id="U0CAROL", roles=frozenset({Role.CTO}))
NEVER = threading.Event()


@pytest.fixture
def shop(tmp_path: Path, template: Path) -> Iterator[Shop]:
    """Its second commit was deployed after a full backup of the first."""
    shop = Shop(tmp_path / "shop", template=template)
    yield shop
    shop.close()


@pytest.fixture
def backstop(shop: Shop) -> Iterator[Backstop]:
    with shop.backstop() as backstop:
        yield backstop


def deployed(shop: Shop, backstop: Backstop, message: str = "Second", backup: Any = "quick", files: dict[str, str] | None = None) -> str:
    """A commit that was deployed after a backup of what was there; the commit."""
    commit = shop.commit(message, files)
    plan = deploy.plan(backstop.settings, deploy.look(backstop.services), Choice(backup=backup), ALICE)
    view = ended(backstop, asking.ask(backstop, ALICE, plan, id=uuid.uuid4().hex[:12]).operation_id)
    assert view.status == "succeeded", view
    return commit


def previewed(backstop: Backstop, backup_id: str, *, data: bool) -> Preview:
    return rollback.look(backstop.services, backup_id, data=data, stop=NEVER)


def asked(backstop: Backstop, backup_id: str, person: Person = BOB, *, data: bool = False, replaces: str | None = None) -> Asked:
    plan = rollback.plan(backstop.settings, previewed(backstop, backup_id, data=data), "checkout double-charges", "no orders")
    return asking.ask(backstop, person, plan, id=uuid.uuid4().hex[:12], replaces=replaces)


def back(backstop: Backstop, backup_id: str, *, data: bool = False) -> OperationView:
    """Rolled back, signed by the CTO where that is needed."""
    begun = asked(backstop, backup_id, data=data)
    if not begun.started:
        asking.approve(backstop, CAROL, begun.approval.id)
    return ended(backstop, begun.operation_id)


def names(view: OperationView) -> list[str]:
    return [step.name for step in view.steps]


def newest(backstop: Backstop) -> str:
    return backstop.catalogue.all()[0].id


# ── the code ──


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


# ── the code and the data ──


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


# ── halted, and what then ──


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
