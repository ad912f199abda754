"""B14 and X1: a backup is restored to a staging that proves what it is, compared, looked at, and staging is put back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.views import verification as views
from bot.views.verification import card
from ops import activity, archive, damages, retaining, staging, standing, tasks, verification
from ops.backstop import Backstop
from sandbox.convex import ConvexServer
from tests.shipping import NEW_ORDERS, USERS, Shop, ended, schema, taken
from tests.staging import STAGING, STAGING_KEY, backstop, cancelled, careful, names, shop, shop_with, trout, verified
from tests.world import wait_for

__all__ = ["backstop", "careful", "shop", "trout"]  # the fixtures


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
