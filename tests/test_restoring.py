"""B11, X1, X2: production's data come back from a backup, proven row by row, and what went can be brought back too."""

from __future__ import annotations

import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from bot.views import approval
from bot.views import restored as restored_views
from bot.views import standing as standing_views
from ops import activity, asking, deltas, maintenance, reports, restore, standing, watch
from ops.backstop import Backstop
from ops.errors import Refused
from ops.loss import Loss
from ops.people import Role
from ops.restore import workflow as restoring
from ops.restoring import looking
from tests import archives
from tests.restoring import ALICE, BOB, CAROL, NEVER, NOW, REASON, asked, backstop, kept, names, restored, shop
from tests.shipping import NEW_ORDERS, USERS, Shop, ended, schema, taken

__all__ = ["backstop", "shop"]  # the fixtures


def test_every_row_comes_back_proven_while_the_code_stays_as_it_is(shop: Shop, backstop: Backstop) -> None:
    made, wanted, live = taken(backstop, "full"), shop.rows(), shop.live
    shop.convex.insert("orders", {"total": 99.0, "user": "user 1"})
    shop.convex.remove("orders", shop.convex.documents("orders")[0]["_id"])
    view = restored(backstop, made)
    assert view.status == "succeeded", view
    assert names(view) == [
        "nothing moved",
        "target",
        "archive",
        "no other import",
        "maintenance on",
        "pause",
        "safety manifest",
        "imports before",
        "data",
        "delta",
        "proof",
        "unpause",
        "smoke tests",
        "maintenance off",
        "report",
    ]
    assert (shop.rows(), shop.live) == (wanted, live)
    assert view.result["proof"] == {"of": 2, "equal": 2, "different": [], "spots": []}
    assert not shop.convex.paused
    assert standing.all_of(backstop.engine) == []
    assert backstop.catalogue.get(made).facts.restored_at
    assert any(line.text.startswith("Restored production · sturgeon to full-") for line in activity.lines(backstop.engine, 20))


def test_it_needs_the_signature_of_the_cto_whoever_asks(backstop: Backstop) -> None:
    found = restore.look(backstop.services, kept(backstop), "production", stop=NEVER)
    plan = restore.plan(backstop.settings, found, REASON)
    for person in (ALICE, BOB, CAROL):
        assert asking.ask(backstop, person, plan, id=person.id).approval.role is Role.CTO


def test_a_maintenance_page_that_somebody_had_put_up_before_stays_and_is_told(shop: Shop, backstop: Backstop) -> None:
    page = maintenance.ask(backstop.services, "certificate renewal")
    ended(backstop, backstop.journal.start(maintenance.ON, page, by="U0DAVE", environment="production"))
    found = restore.look(backstop.services, kept(backstop), "production", stop=NEVER)
    theirs = {"by": "U0DAVE", "reason": "certificate renewal"}
    assert restore.plan(backstop.settings, found, REASON).shown["maintenance_stays"] == found.maintenance_stays == theirs
    view = restored(backstop, kept(backstop))
    assert view.status == "succeeded", view
    assert shop.vercel
    assert shop.vercel.maintenance
    stands = standing.current(backstop.engine, standing.What.MAINTENANCE, "production")
    assert stands
    assert (stands.by, stands.reason) == ("U0DAVE", "certificate renewal")
    for said in (restored_views.card(view, datetime.now(UTC)), standing_views.incident_over(view)):
        assert "The site stays in maintenance, as it was before: <@U0DAVE>, “certificate renewal”" in str(said)
    assert "the site stays in maintenance, which a person had switched on before" in reports.text(backstop.services, view.id)
    assert "The site stays in maintenance" in str(restoring.sentence(view))


def test_a_schema_that_the_old_rows_do_not_fit_is_pushed_without_validation_and_told(shop: Shop, backstop: Backstop) -> None:
    made, wanted = taken(backstop, "full"), shop.rows()
    for row in shop.convex.documents("orders"):
        shop.convex.insert("orders", {**row, "paid": True})
    shop.deployed(backstop, "Ask who paid", {"convex/schema.ts": schema(USERS, NEW_ORDERS)})
    asking_for = str(approval.card(asked(backstop, made).approval, (), datetime.now(UTC), glass=False, allow_self=False))
    assert "whether its rows fit is *not rehearsed*. The functions run without validation until the rows are there, and after" in asking_for
    view = restored(backstop, made)
    assert view.status == "succeeded", view
    assert "functions without validation" in names(view)
    assert view.result["validated"] is False
    assert "does not match the schema" in view.result["clash"] or "do not fit" in view.result["clash"]
    assert shop.rows() == wanted
    said = "do not fit the schema of the functions that run there, so these run *without schema validation*"
    assert said in str(restored_views.card(view, datetime.now(UTC)))
    again = asked(backstop, view.result["safety"])
    card = str(approval.card(again.approval, (), datetime.now(UTC), glass=False, allow_self=False))
    assert "The functions validate nothing now, since rows of a former restore did not fit" in card
    back = restored(backstop, view.result["safety"])  # the same schema as the functions that run, and they validate nothing
    assert back.status == "succeeded", back
    assert back.result["validated"] is True
    assert "functions" in names(back)


def test_a_pause_that_a_person_began_is_said_to_end_before_the_restore_is_signed_and_after_it(shop: Shop, backstop: Backstop) -> None:
    made = kept(backstop)
    with Session(backstop.engine) as session, session.begin():
        standing.begin(session, standing.What.PAUSED, "production", reason="a leak is looked at", by="U0DAVE", operation_id=None)
    backstop.services.convex.pause("production")
    begun = asked(backstop, made)
    whose = "by <@U0DAVE>: “a leak is looked at”"
    card = approval.card(begun.approval, (), NOW, glass=False, allow_self=False)
    assert f"Convex is paused already, {whose}: its functions *run again* after this." in str(card)
    asking.approve(backstop, CAROL, begun.approval.id)
    view = ended(backstop, begun.operation_id)
    assert (view.status, shop.convex.paused) == ("succeeded", False)
    assert f"Convex was paused before this, {whose}, and runs now." in str(restored_views.card(view, NOW))
    assert "Convex was paused by hand before, and runs now" in watch.report(backstop.services, view.id)


def test_the_card_to_sign_says_when_the_loss_was_counted(backstop: Backstop) -> None:
    begun = asked(backstop, kept(backstop))
    card = approval.card(begun.approval, (), datetime.now(UTC), glass=False, allow_self=False)
    assert "; what was written since is lost too." in str(card)


def test_an_archive_of_another_deployment_is_not_restored_and_one_that_is_damaged_changes_nothing(shop: Shop, backstop: Backstop) -> None:
    made = kept(backstop)
    begun = asked(backstop, made)
    path = backstop.catalogue.archive(made)
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2] ^= 0xFF
    path.write_bytes(bytes(whole))
    rows = shop.rows()
    with pytest.raises(Refused, match="the backup's archive is no longer what was taken"):
        asking.approve(backstop, CAROL, begun.approval.id)
    with pytest.raises(Refused, match=r"is damaged: it is no longer what was taken \(its SHA-256 differs\)") as refused:
        asked(backstop, made)
    assert refused.value.remedy == "Choose another backup: `/backup list` shows them."
    assert (shop.rows(), shop.convex.paused) == (rows, False)
    assert "sha256 differs" in str(backstop.catalogue.get(made).facts.failed)


def test_a_backup_that_no_import_would_take_is_refused_before_production_is_touched(shop: Shop, backstop: Backstop) -> None:
    made = kept(backstop)
    path, record = backstop.catalogue.archive(made), backstop.settings.folder / "full" / f"full-backup-{made[5:]}.json"
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    content["orders/documents.jsonl"] += content["orders/documents.jsonl"].splitlines(keepends=True)[0]
    archives.written(path, content)
    ours = {"schemaVersion", "sha256", "tables"}  # as one that was not taken by Backstop
    values = {key: value for key, value in json.loads(record.read_text()).items() if key not in ours}
    record.unlink()
    record.write_text(json.dumps(values | {"exportSizeBytes": path.stat().st_size}))
    rows = shop.rows()
    begun = asked(backstop, made)
    assert "an _id stands twice in orders of the backup" in str(begun.approval.plan.shown["loss_unknown"])
    asking.approve(backstop, CAROL, begun.approval.id)
    view = ended(backstop, begun.operation_id)
    assert (view.status, view.steps[-1].name, shop.rows(), shop.convex.paused) == ("failed", "archive", rows, False)
    assert "is damaged: an _id stands twice in orders" in str(view.error)
    assert "an _id stands twice in orders" in str(backstop.catalogue.get(made).facts.failed)


def test_the_loss_is_in_the_plan_that_is_signed(shop: Shop, backstop: Backstop) -> None:
    made = kept(backstop)
    shop.convex.insert("orders", {"total": 99.0, "user": "user 1"})
    shown = asked(backstop, made).approval.plan.shown
    assert Loss.load(shown["loss"]).lost == 1
    assert (shown["tables"], shown["rows"], shown["began"]) == (2, 13, "this morning")


def test_where_the_import_leaves_other_tables_alone_the_card_the_report_and_production_say_so(tmp_path: Path, template: Path) -> None:
    shop = Shop(tmp_path / "replacing", template=template, convex={"import_mode": "replace", "pause": False})
    try:
        with shop.backstop() as backstop:
            made = kept(backstop)
            shop.convex.insert("orders", {"total": 99.0, "user": "user 1"})
            late = shop.convex.insert("late", {"total": 1.0})
            begun = asked(backstop, made)
            card = str(approval.card(begun.approval, (), NOW, glass=False, allow_self=False))
            asking.approve(backstop, CAROL, begun.approval.id)
            view = ended(backstop, begun.operation_id)
            assert view.status == "succeeded", view
            assert [row["_id"] for row in shop.convex.documents("late")] == [late]
            report = reports.place(backstop.settings.folder, view.id).read_text()
            for told in (card, report):
                assert "orders: 1 created since" in told
                assert "late: 1 created" not in told
                assert "Tables that the backup does not have stay as they are: late" in told
            assert "The deployment was not paused" in report
            assert [table.name for table in deltas.all_of(backstop.settings.folder)[0].tables] == ["orders"]
    finally:
        shop.close()


@pytest.mark.parametrize(("mode", "said"), [("replace", "stay as they are."), ("replace-all", "go.")])
def test_what_becomes_of_other_tables_is_said_where_nothing_could_be_counted(shop: Shop, mode: str, said: str) -> None:
    settings = shop.settings.model_copy(update={"convex": shop.settings.convex.model_copy(update={"import_mode": mode})})
    assert looking.others(settings) == f"Tables that the backup does not have {said}"
