"""A restore that goes on after it halted: what it needs is there, and it does what was signed, whatever the settings say by then."""

from __future__ import annotations

import zipfile
from pathlib import Path

from ops import asking, deciding, reports
from ops.backstop import Backstop
from tests.restoring import CAROL, asked, backstop, kept, names, restored, shop
from tests.shipping import ORDERS, USERS, Shop, ended, schema, taken

__all__ = ["backstop", "shop"]  # the fixtures


def test_a_safety_backup_that_was_not_sound_is_exported_again_by_a_retry(shop: Shop, backstop: Backstop) -> None:
    made, wanted = taken(backstop, "full"), shop.rows()
    kept = shop.convex.insert("orders", {"total": 99.0, "user": "user 1"})
    begun = asked(backstop, made)
    shop.convex.faults["download"] = "corrupt"
    asking.approve(backstop, CAROL, begun.approval.id)
    view = ended(backstop, begun.operation_id)
    assert (view.status, names(view)[-1], view.remedy) == ("halted", "pause", "It was thrown away; a retry exports again.")
    assert view.steps[-1].name == "safety check"
    shop.convex.faults["download"] = None
    deciding.go_on(backstop, view, done=False, by="U0BOB")
    view = ended(backstop, view.id)
    assert (view.status, shop.rows()) == ("succeeded", wanted)
    safety = backstop.catalogue.get(view.result["safety"])
    assert (safety.good, safety.rows) == (True, 14)
    assert safety.snapshot_timestamp is not None
    assert kept in zipfile.ZipFile(backstop.catalogue.archive(safety.id)).read("orders/documents.jsonl").decode()


def test_a_safety_backup_whose_tag_the_remote_refused_keeps_its_archive_for_the_retry(shop: Shop, backstop: Backstop) -> None:
    made, wanted = taken(backstop, "full"), shop.rows()
    shop.convex.insert("orders", {"total": 99.0, "user": "user 1"})
    begun = asked(backstop, made)
    hook = shop.remote.path / "hooks" / "update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\ncase $1 in refs/tags/*) exit 1;; esac\n")
    hook.chmod(0o755)
    asking.approve(backstop, CAROL, begun.approval.id)
    view = ended(backstop, begun.operation_id)
    assert (view.status, view.steps[-1].name) == ("halted", "safety anchor")
    hook.unlink()
    deciding.go_on(backstop, view, done=False, by="U0BOB")
    view = ended(backstop, view.id)
    assert (view.status, shop.rows()) == ("succeeded", wanted)
    assert backstop.catalogue.get(view.result["safety"]).good


def test_a_table_that_was_signed_to_stay_stays_though_the_settings_are_others_when_the_restore_goes_on(
    tmp_path: Path, template: Path
) -> None:
    shop = Shop(tmp_path / "changed", template=template, convex={"import_mode": "replace"})
    try:
        with shop.backstop() as backstop:
            made = kept(backstop)
            late = shop.convex.insert("late", {"total": 1.0})
            shop.convex.faults["import"] = "fail:the disk over there is full"
            view = restored(backstop, made)
            assert (view.status, names(view)[-1]) == ("halted", "data")
        shop.convex.faults["import"] = None
        shop.more["convex"]["import_mode"] = "replace-all"
        with shop.backstop() as backstop:
            deciding.go_on(backstop, view, done=False, by="U0BOB")
            view = ended(backstop, view.id)
        assert view.status == "succeeded", view
        assert [row["_id"] for row in shop.convex.documents("late")] == [late]
        assert "Tables that the backup does not have stay as they are: late" in reports.place(shop.settings.folder, view.id).read_text()
    finally:
        shop.close()


def test_functions_that_were_opened_for_the_rows_are_closed_again_though_the_settings_are_others_by_then(
    tmp_path: Path, template: Path
) -> None:
    shop = Shop(tmp_path / "opened", template=template)
    try:
        with shop.backstop() as backstop:
            made = taken(backstop, "full")
            noted = ORDERS.replace(" })", ", note: v.optional(v.string()) })")
            shop.deployed(backstop, "Ask for a note", {"convex/schema.ts": schema(USERS, noted)})
            shop.convex.faults["import"] = "fail:the disk over there is full"
            view = restored(backstop, made)
            assert (view.status, "functions without validation" in names(view)) == ("halted", True)
        shop.convex.faults["import"] = None
        shop.more["app"] = {"functions": "vercel"}
        with shop.backstop() as backstop:
            deciding.go_on(backstop, view, done=False, by="U0BOB")
            view = ended(backstop, view.id)
        assert (view.status, view.result["validated"]) == ("succeeded", True), view
    finally:
        shop.close()
