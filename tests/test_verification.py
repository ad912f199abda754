"""B14 and X1: a backup is restored to a staging that proves what it is, compared, looked at, and staging is put back."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.views import approval, changing
from bot.views import verification as views
from bot.views.verification import card
from ops import activity, archive, asking, damages, restore, retaining, staging, standing, tasks, verification
from ops.backstop import Backstop
from ops.errors import Failed, Refused
from ops.journal import OperationView
from ops.people import Person, Role
from sandbox.convex import ConvexServer
from tests.shipping import NEW_ORDERS, USERS, Shop, ended, schema, taken
from tests.world import wait_for

STAGING = "gentle-trout-7"
STAGING_KEY = f"{STAGING}|02f00d"
BOB = Person(id="U0BOB", roles=frozenset({Role.ENG_LEAD}))
NEVER = threading.Event()


@pytest.fixture
def trout(tmp_path: Path) -> Iterator[ConvexServer]:
    """Staging, with rows of its own and its mark."""
    server = ConvexServer(STAGING, [STAGING_KEY], tmp_path / "trout", step=0.01).start()
    server.insert("users", {"name": "somebody on staging"})
    yield server
    server.stop()


@pytest.fixture
def shop(tmp_path: Path, template: Path, trout: ConvexServer) -> Iterator[Shop]:
    shop = shop_with(tmp_path, template, trout)
    yield shop
    shop.close()


def shop_with(tmp_path: Path, template: Path, trout: ConvexServer, *, put_back: bool = False, **more: Any) -> Shop:
    """A production with a staging beside it."""
    shop = Shop(tmp_path / "shop", template=template, verification={"put_back": put_back}, **more)
    values = shop.values
    shop.more = {
        **shop.more,
        "convex": {"staging": {"name": "trout", "url": trout.url}},
        "secrets": {**values["secrets"], "convex_staging_key": STAGING_KEY},
    }
    return shop


@pytest.fixture
def backstop(shop: Shop) -> Iterator[Backstop]:
    """Staging keeps what was restored there: to put its own back takes as long again."""
    with shop.backstop() as backstop:
        yield backstop


@pytest.fixture
def careful(shop: Shop) -> Iterator[Backstop]:
    """Staging's own data come back."""
    shop.more["verification"] = {"put_back": True}
    with shop.backstop() as backstop:
        yield backstop


def verified(backstop: Backstop, backup_id: str = "") -> OperationView:
    started = verification.start(backstop.journal, backstop.services, backup_id, "U0BOB", id=uuid.uuid4().hex[:12], now=datetime.now(UTC))
    return ended(backstop, started)


def cancelled(backstop: Backstop, trout: ConvexServer, operation_id: str, step: str) -> OperationView:
    """What somebody cancelled while this step's import ran, as it was then."""
    trout.faults["import"] = "slow:60"  # until it is switched off
    wait_for(lambda: (view := backstop.journal.get(operation_id)) and names(view)[-1:] == [step], step)
    backstop.journal.cancel(operation_id, by="U0CAROL")
    found = backstop.journal.get(operation_id)
    trout.faults["import"] = None
    assert found is not None
    return found


def names(view: OperationView) -> list[str]:
    return [step.name for step in view.steps]


# ── staging proves what it is ──


def test_without_its_mark_nothing_is_written_there(backstop: Backstop, trout: ConvexServer) -> None:
    rows = trout.fingerprint("users")
    view = verified(backstop)
    assert (view.status, names(view)) == ("failed", ["staging"])
    assert "does not prove that it is staging" in str(view.error)
    assert "mark-staging" in str(view.remedy)
    assert trout.fingerprint("users") == rows


def test_the_mark_is_set_once_and_production_must_lack_it(shop: Shop, backstop: Backstop, trout: ConvexServer) -> None:
    assert staging.mark(backstop.services) == STAGING
    mark = trout.variables[staging.MARK]
    assert len(mark) >= 16
    assert staging.mark(backstop.services) == STAGING
    assert trout.variables[staging.MARK] == mark
    backstop.services.convex.set_variable("production", staging.MARK, mark)
    with pytest.raises(Failed, match="has the variable BACKSTOP_STAGING too"):
        staging.prove(backstop.services)
    assert verified(backstop).status == "failed"
    assert shop.convex.variables[staging.MARK] == mark


def test_where_the_two_are_exchanged_in_the_settings_production_gets_no_mark(shop: Shop, backstop: Backstop) -> None:
    staging.mark(backstop.services)
    production, secret = shop.values["convex"]["production"], shop.more["secrets"]
    shop.more["convex"] = {"production": shop.more["convex"]["staging"], "staging": production}
    keys = {"convex_production_key": STAGING_KEY, "convex_staging_key": secret["convex_production_key"]}
    shop.more["secrets"] = {**secret, **keys}
    with shop.backstop(adopts=False) as exchanged:
        with pytest.raises(Failed, match="has the variable BACKSTOP_STAGING too") as failed:
            staging.mark(exchanged.services)
        assert "are exchanged, correct them" in str(failed.value.remedy)
    assert staging.MARK not in shop.convex.variables


def test_two_names_for_one_deployment_are_no_staging(tmp_path: Path, template: Path, trout: ConvexServer) -> None:
    shop = shop_with(tmp_path, template, trout)
    shop.more["convex"]["staging"] = {"name": "sturgeon", "url": shop.convex.url}
    shop.more["secrets"]["convex_staging_key"] = shop.values["secrets"]["convex_production_key"]
    try:
        with shop.backstop() as backstop, pytest.raises(Failed, match="are one deployment"):
            staging.prove(backstop.services)
    finally:
        shop.close()


def test_without_a_staging_it_is_refused_with_what_to_set(tmp_path: Path, template: Path) -> None:
    shop = Shop(tmp_path / "alone", template=template)
    try:
        with shop.backstop() as backstop, pytest.raises(Refused, match="No staging deployment is set"):
            verification.start(backstop.journal, backstop.services, "", "U0BOB", id="x", now=datetime.now(UTC))
    finally:
        shop.close()


# ── the verification ──


def test_where_stagings_own_rows_fit_no_schema_they_are_put_back_all_the_same_and_that_nothing_validates_them_is_said(
    careful: Backstop, trout: ConvexServer
) -> None:
    staging.mark(careful.services)
    trout.insert("users", {"nom": "written before there was a schema"})
    mine = trout.fingerprint("users")
    view = verified(careful)
    assert (view.status, trout.fingerprint("users")) == ("succeeded", mine), view
    said = str(card(view, datetime.now(UTC)))
    assert "Staging has its own data again, but they do not fit the schema that production runs" in said
    assert "*without schema validation*" in said


def test_a_backup_is_restored_proven_and_staging_is_put_back(shop: Shop, careful: Backstop, trout: ConvexServer) -> None:
    staging.mark(careful.services)
    mine, theirs = trout.fingerprint("users"), shop.rows()
    view = verified(careful)
    assert view.status == "succeeded", view
    assert names(view)[:4] == ["staging", "target", "archive", "verifier"]
    backup = careful.catalogue.get(view.params["bound"]["backup"])
    assert (backup.facts.level, backup.facts.items, backup.facts.verifier) == (4, 13, verification.VERSION)
    assert backup.facts.restored_at
    assert view.result["proof"]["equal"] == view.result["proof"]["of"] == 2
    assert view.result["verifier"]["damage"] in damages.DAMAGES
    assert view.params["shown"]["why"].startswith("never restored before")
    assert trout.fingerprint("users") == mine
    assert trout.tables().get("orders", 0) == 0
    assert not trout.paused
    assert shop.rows() == theirs
    assert any(line.text.startswith(f"Verified {backup.id} by a restore to staging in ") for line in activity.lines(careful.engine, 5))
    assert not list(careful.settings.state.glob("staging-*.zip"))


def test_a_staging_that_somebody_had_paused_runs_for_the_verification_only(careful: Backstop, trout: ConvexServer) -> None:
    staging.mark(careful.services)
    careful.services.convex.pause("staging")
    assert trout.paused
    view = verified(careful)
    assert (view.status, trout.paused) == ("succeeded", True), view
    assert "Staging was paused before this began, and is paused again." in str(card(view, datetime.now(UTC)))
    assert not standing.all_of(careful.engine)


def test_a_staging_that_somebody_had_paused_is_paused_after_a_verification_that_failed(careful: Backstop, trout: ConvexServer) -> None:
    staging.mark(careful.services)
    careful.services.convex.pause("staging")
    trout.faults["import"] = "fail:no room"
    view = verified(careful)
    assert (view.status, trout.paused) == ("failed", True), view
    assert "Staging was paused before this began, and is paused again." in str(card(view, datetime.now(UTC)))


def test_where_staging_is_another_after_a_restart_nothing_is_written_there_and_what_was_saved_of_the_former_is_left_to_a_person(
    shop: Shop, trout: ConvexServer, tmp_path: Path
) -> None:
    shop.more["verification"] = {"put_back": True}
    with shop.backstop() as before:
        staging.mark(before.services)
        trout.faults["import"] = "hang"
        started = verification.start(before.journal, before.services, "", "U0BOB", id="moved", now=datetime.now(UTC))
        wait_for(lambda: "data" in names(before.journal.get(started)), "the import")  # type: ignore[arg-type] # it is there
    other = ConvexServer("brave-trout-8", [STAGING_KEY], tmp_path / "other").start()
    try:
        other.insert("users", {"name": "of another team"})
        theirs = other.fingerprint("users")
        shop.more["convex"]["staging"]["url"] = other.url
        with shop.backstop(adopts=False) as beside:
            staging.mark(beside.services)
        with shop.backstop() as after:
            view = ended(after, started)
            assert (view.status, other.fingerprint("users")) == ("failed", theirs)
            assert "Staging was gentle-trout-7 when this began, and is brave-trout-8 now" in str(view.error)
            kept = Path(view.result["staging"]["kept"])
            assert kept.exists()
            (task,) = tasks.open_ones(after.engine)
            assert (task.about, str(kept) in task.text) == (started, True)
    finally:
        other.stop()


def test_production_is_not_held_meanwhile(backstop: Backstop, trout: ConvexServer) -> None:
    staging.mark(backstop.services)
    trout.faults["export"] = "slow:3"
    started = verification.start(backstop.journal, backstop.services, "", "U0BOB", id="slow", now=datetime.now(UTC))
    assert taken(backstop, "quick")
    trout.faults["export"] = None
    assert ended(backstop, started).status == "succeeded"


def test_an_old_schema_goes_there_with_its_own_rows(shop: Shop, careful: Backstop, trout: ConvexServer) -> None:
    staging.mark(careful.services)
    old = careful.catalogue.all()[-1].id
    for row in shop.convex.documents("orders"):
        shop.convex.insert("orders", {**row, "paid": True})
    shop.deployed(careful, "Ask who paid", {"convex/schema.ts": schema(USERS, NEW_ORDERS)})
    trout.insert("orders", {"total": 1.0, "user": "x", "paid": True})
    mine = trout.fingerprint("orders")
    view = verified(careful, old)
    assert view.status == "succeeded", view
    assert trout.fingerprint("orders") == mine


def test_spot_checks_say_what_is_there_and_fail_it_where_too_little_is(tmp_path: Path, template: Path, trout: ConvexServer) -> None:
    checks = [
        {"table": "users", "sample": 3},
        {"table": "orders", "where": {"user": "user 1"}, "at_least": 2},
        {"table": "orders", "where": {"user": "nobody"}},
    ]
    shop = shop_with(tmp_path, template, trout, spot_check=checks)
    try:
        with shop.backstop() as backstop:
            staging.mark(backstop.services)
            view = verified(backstop)
            assert view.status == "failed"
            assert "orders with user = nobody: 0, and 1 are wanted" in str(view.error)
            users, orders, nobody = view.result["proof"]["spots"]
            assert (users["found"], len(users["sample"]), orders["found"], nobody["found"]) == (5, 3, 2, 0)
            assert backstop.catalogue.get(view.params["bound"]["backup"]).facts.failed is None
    finally:
        shop.close()


def test_a_spot_check_that_names_no_table_is_said_on_the_card_and_in_the_log_and_blames_no_backup(
    tmp_path: Path, template: Path, trout: ConvexServer
) -> None:
    shop = shop_with(tmp_path, template, trout, spot_check=[{"table": "users"}, {"table": "ordes"}])
    try:
        with shop.backstop() as backstop:
            staging.mark(backstop.services)
            view = verified(backstop)
            assert view.status == "succeeded", view
            assert retaining.doubt(backstop.engine) is None
            said = "[[spot_check]] names the table “ordes”, which this backup does not have: look whether the name is right"
            assert f":warning: {said}" in str(card(view, datetime.now(UTC)))
            assert verification.log_fields(view, backstop.catalogue.get(view.params["bound"]["backup"]))["Issues found"] == said
    finally:
        shop.close()


def test_a_damaged_archive_is_found_marks_the_backup_and_holds_retention(backstop: Backstop) -> None:
    staging.mark(backstop.services)
    made = taken(backstop, "full")
    path = backstop.catalogue.archive(made)
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2] ^= 0xFF
    path.write_bytes(bytes(whole))
    view = verified(backstop, made)
    assert (view.status, names(view)[-1]) == ("failed", "archive")
    assert "could not be restored to staging" in str(backstop.catalogue.get(made).facts.failed)
    held = retaining.apply(backstop.services)["held"]
    assert "the last verification failed" in held
    assert verified(backstop).status == "succeeded"
    assert retaining.apply(backstop.services)["held"] is None


def test_a_verifier_that_misses_a_damage_is_told_and_marks_no_backup(
    backstop: Backstop, trout: ConvexServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    staging.mark(backstop.services)
    mine = trout.fingerprint("users")
    check = archive.check

    def blind(path: Path, **facts: Any) -> archive.Checked:
        found = check(path, **facts)
        return archive.Checked(**{**vars(found), "problems": ()}) if path.name == "damaged.zip" else found

    monkeypatch.setattr(archive, "check", blind)
    view = verified(backstop)
    assert (view.status, names(view)[-1]) == ("failed", "verifier")
    assert view.result["missed"] in damages.DAMAGES
    assert backstop.catalogue.get(view.params["bound"]["backup"]).facts.failed is None
    assert trout.fingerprint("users") == mine


def test_a_damage_that_was_missed_is_done_again_to_the_same_backup_until_it_is_seen(
    backstop: Backstop, monkeypatch: pytest.MonkeyPatch
) -> None:
    staging.mark(backstop.services)
    check, backups = archive.check, {taken(backstop, "full"), taken(backstop, "full")}

    def blind(path: Path, **facts: Any) -> archive.Checked:
        found = check(path, **facts)
        return archive.Checked(**{**vars(found), "problems": ()}) if path.name == "damaged.zip" else found

    def held() -> str:
        return str(retaining.apply(backstop.services)["held"])

    monkeypatch.setattr(archive, "check", blind)
    first = verified(backstop)
    made = first.params["bound"]["backup"]
    second = verified(backstop)
    assert [each.result["missed"] for each in (first, second)] == [first.result["missed"]] * 2
    assert [each.params["shown"]["seed"] for each in (first, second)] == [first.params["shown"]["seed"]] * 2
    assert second.params["bound"]["backup"] == made
    monkeypatch.setattr(archive, "check", check)
    assert verified(backstop, next(iter(backups - {made}))).status == "succeeded"  # a person named another: it says nothing of this one
    assert f"the verifier missed a damage ({first.result['missed']})" in held()
    seen = verified(backstop)
    assert (seen.status, seen.params["bound"]["backup"], seen.result["verifier"]["damage"]) == ("succeeded", made, first.result["missed"])
    assert "which was missed before" in str(views.card(seen, datetime.now(UTC)))
    assert held() == "None"
    assert "repeats" not in verified(backstop).params["shown"]


def test_an_import_that_fails_says_nothing_about_the_backup_and_staging_is_put_back(careful: Backstop, trout: ConvexServer) -> None:
    staging.mark(careful.services)
    mine = trout.fingerprint("users")
    trout.faults["import"] = "fail:the disk over there is full"
    view = verified(careful)
    assert (view.status, careful.catalogue.get(view.params["bound"]["backup"]).facts.failed) == ("failed", None)
    assert trout.fingerprint("users") == mine
    assert careful.journal.holder("staging") is None


def test_where_what_is_saved_of_staging_is_not_sound_nothing_is_changed_there(careful: Backstop, trout: ConvexServer) -> None:
    staging.mark(careful.services)
    mine = trout.fingerprint("users")
    trout.faults["export"] = "forget:users"
    view = verified(careful)
    trout.faults["export"] = None
    assert (view.status, view.steps[-1].name) == ("failed", "staging saved")
    assert "The export of staging's own data is not sound: the table users is listed and not there." in str(view.error)
    assert trout.fingerprint("users") == mine
    assert not list(careful.settings.state.glob("staging-*"))


def test_a_staging_that_has_no_table_yet_is_saved_like_any(tmp_path: Path, template: Path) -> None:
    bare = ConvexServer(STAGING, [STAGING_KEY], tmp_path / "bare", step=0.01).start()
    shop = shop_with(tmp_path, template, bare, put_back=True)
    try:
        with shop.backstop() as backstop:
            staging.mark(backstop.services)
            view = verified(backstop)
            assert (view.status, view.result.get("staging"), view.result["level"]) == ("succeeded", None, 4), view
        assert not any(bare.tables().values())
    finally:
        shop.close()
        bare.stop()


def test_a_verification_that_is_cancelled_while_it_changes_staging_ends_with_that_step_and_staging_is_put_back(
    careful: Backstop, trout: ConvexServer
) -> None:
    staging.mark(careful.services)
    mine = trout.fingerprint("users")
    trout.faults["import"] = "slow:60"
    started = verification.start(careful.journal, careful.services, "", "U0BOB", id="unwanted", now=datetime.now(UTC))
    running = cancelled(careful, trout, started, "data")
    assert "<@U0CAROL> cancelled it:* nothing more begins" in str(card(running, datetime.now(UTC)))
    view = ended(careful, started)
    assert (view.status, {step.name: step.state for step in view.steps}["data"], "proof" in names(view)) == ("cancelled", "done", False)
    assert (trout.fingerprint("users"), trout.paused, careful.journal.holder("staging")) == (mine, False, None)
    assert "Cancelled by <@U0CAROL>" in str(card(view, datetime.now(UTC)))


def test_a_cancel_while_staging_gets_its_own_data_back_comes_too_late_and_the_card_says_so(careful: Backstop, trout: ConvexServer) -> None:
    staging.mark(careful.services)
    mine = trout.fingerprint("users")
    trout.faults["import"] = "slow:60"
    started = verification.start(careful.journal, careful.services, "", "U0BOB", id="too-late", now=datetime.now(UTC))
    wait_for(lambda: (view := careful.journal.get(started)) and "data" in names(view), "the import")
    trout.faults["export"], trout.faults["import"] = "slow:60", None
    wait_for(lambda: (view := careful.journal.get(started)) and "proof" in names(view), "the proof, which waits for its export")
    trout.faults["import"], trout.faults["export"] = "slow:60", None
    cancelled(careful, trout, started, "staging as it was")
    view = ended(careful, started)
    assert (view.status, trout.fingerprint("users")) == ("succeeded", mine)
    assert "<@U0CAROL> cancelled it too late: all of it was done." in str(card(view, datetime.now(UTC)))


# ── a restore to staging ──


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
