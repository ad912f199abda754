"""B11, X1, X2: production's data come back from a backup, proven row by row, and what went can be brought back too."""

from __future__ import annotations

import json
import threading
import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.orm import Session

from bot.views import alerts as alert_views
from bot.views import approval, changing
from bot.views import restored as restored_views
from bot.views import standing as standing_views
from ops import activity, alerts, asking, deciding, deltas, evidence, maintenance, reports, restore, spots, standing, tasks, watch
from ops.asking import Asked
from ops.backstop import Backstop
from ops.errors import Refused
from ops.journal import OperationView
from ops.journal.words import StepView
from ops.loss import Loss
from ops.people import Person, Role
from ops.restore import workflow as restoring
from ops.restoring import looking
from tests import archives
from tests.shipping import NEW_ORDERS, ORDERS, USERS, Shop, ended, schema, taken
from tests.world import wait_for

ALICE = Person(id="U0ALICE", roles=frozenset({Role.DEVELOPER}))
BOB = Person(id="U0BOB", roles=frozenset({Role.ENG_LEAD}))
CAROL = Person(id="U0CAROL", roles=frozenset({Role.CTO}))
NEVER = threading.Event()
REASON = "a script emptied orders"


@pytest.fixture
def shop(tmp_path: Path, template: Path) -> Iterator[Shop]:
    """Its second commit is live; a full backup of the first is there."""
    shop = Shop(tmp_path / "shop", template=template)
    yield shop
    shop.close()


@pytest.fixture
def backstop(shop: Shop) -> Iterator[Backstop]:
    with shop.backstop() as backstop:
        yield backstop


def asked(backstop: Backstop, backup_id: str, person: Person = BOB) -> Asked:
    found = restore.look(backstop.services, backup_id, "production", stop=NEVER)
    plan = restore.plan(backstop.settings, found, REASON, "nobody can order", "this morning")
    return asking.ask(backstop, person, plan, id=uuid.uuid4().hex[:12])


def progress(backstop: Backstop, operation_id: str) -> Any:
    view = backstop.journal.get(operation_id)
    assert view is not None
    return view.progress


def restored(backstop: Backstop, backup_id: str) -> OperationView:
    """Restored, signed by the CTO."""
    begun = asked(backstop, backup_id)
    assert not begun.started
    asking.approve(backstop, CAROL, begun.approval.id)
    return ended(backstop, begun.operation_id)


def kept(backstop: Backstop) -> str:
    """The full backup that was taken before the second commit was deployed; nothing was written since."""
    return backstop.catalogue.all()[0].id


def names(view: OperationView) -> list[str]:
    return [step.name for step in view.steps if not step.name.startswith("safety ") or step.name == "safety manifest"]


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


def test_the_report_has_the_documents_fields_and_the_evidence_and_says_when_nobody_watched(shop: Shop, backstop: Backstop) -> None:
    made = kept(backstop)
    shop.convex.insert("orders", {"total": 99.0, "user": "user 1"})
    view = restored(backstop, made)
    text = reports.place(backstop.settings.folder, view.id).read_text()
    for words in (
        "# Incident report: restore of production · sturgeon",
        f"| Issue | {REASON} |",
        "| It began | this morning |",
        "| Business impact | nobody can order |",
        f"| Backup | {made}, taken 20",
        "| Data loss window |",
        "| Duration |",
        "| Signed by | U0CAROL |",
        "- orders: 1 created since",
        "2 of 2 tables equal, row by row",
        f"Safety backup `{view.result['safety']}`",
        "the watch has not ended",
    ):
        assert words in text
    assert [task.kind for task in tasks.open_ones(backstop.engine)] == ["follow-up"]
    assert [each.id for each in watch.due(backstop.journal)] == [view.id]
    assert view.finished_at
    long_ago = view.finished_at - timedelta(hours=2)  # as if nothing had run since
    seen = ended(backstop, watch.begin(backstop.journal, replace(view, finished_at=long_ago)))
    assert (seen.status, seen.result["looks"]) == ("succeeded", 1)
    said = f"1 of 1 look during the watch was good; nobody watched from {long_ago:%Y-%m-%d %H:%M:%S} UTC to "
    assert said in reports.place(backstop.settings.folder, view.id).read_text()
    assert watch.report(backstop.services, view.id).count("nobody watched") == 2


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


def test_the_evidence_has_the_restore_with_its_backup_and_the_safety_backup_as_a_record_of_its_own(backstop: Backstop) -> None:
    made = kept(backstop)
    view = restored(backstop, made)
    records = evidence.collect(backstop, view.created_at - timedelta(minutes=1), datetime.now(UTC))
    (back,) = [each for each in records if each["record"] == "restore"]
    assert (back["details"]["backup"], back["details"]["safety"]) == (made, view.result["safety"])
    (safety,) = [each for each in records if each["record"] == "backup" and each["id"] == view.id]
    assert (safety["what"], safety["outcome"], safety["details"]["id"]) == ("full backup", "succeeded", view.result["safety"])
    assert (safety["details"]["purpose"], len(safety["details"]["sha256"])) == ("safety", 64)


def test_the_watch_looks_until_its_time_is_over_and_the_report_says_what_it_saw(
    shop: Shop, backstop: Backstop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "LASTS", timedelta(seconds=6))
    monkeypatch.setattr(watch, "EVERY", 0.3)
    shop.convex.called("orders:list", "Uncaught Error: long before the restore")
    view = restored(backstop, kept(backstop))
    shop.convex.called("orders:create", "Uncaught TypeError: x is undefined\n    at handler (../convex/orders.ts:3:1)")
    shop.convex.called("orders:create", "Uncaught TypeError: Bob's card is 4111-2222\n    at handler (../convex/orders.ts:3:1)")
    shop.convex.called("users:list")
    assert [each.id for each in watch.due(backstop.journal)] == [view.id]
    watch.report_problem(backstop, view.id, "U0ALICE", "two customers cannot log in", id="p1")
    seen = ended(backstop, watch.begin(backstop.journal, view))
    assert seen.status == "succeeded", seen
    assert seen.result["looks"] >= 2
    assert (seen.result["bad"], seen.result["unwatched"]) == ([], [])
    assert watch.due(backstop.journal) == []
    text = reports.place(backstop.settings.folder, view.id).read_text()
    assert "looks during the watch were good; 2 calls of functions failed: orders:create (TypeError) 2; 1 problem was reported" in text
    assert "4111-2222" not in text + str(seen.result)
    assert "U0ALICE: two customers cannot log in" in text


def test_a_site_that_is_not_well_after_a_restore_is_an_alert_while_it_is_watched(
    shop: Shop, backstop: Backstop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("LASTS", timedelta(seconds=20)), ("EVERY", 0.2), ("PATIENCE", 0.2)):
        monkeypatch.setattr(watch, name, value)
    view = restored(backstop, kept(backstop))
    assert shop.vercel is not None
    shop.vercel.site.broken = True

    def told() -> list[str]:
        now = datetime.now(UTC)
        alerts.look(backstop, alerts.gather(backstop, now, late=None, log=None, slack=None), now)
        return [each.title for each in alerts.open_ones(backstop.engine)]

    started = watch.begin(backstop.journal, view)
    wait_for(lambda: "After the restore the site does not answer as it should" in told(), "the alert")
    (alert,) = alerts.open_ones(backstop.engine)
    assert "Undo" in str(alert_views.card(alert, view, {}, "production"))
    shop.vercel.site.broken = False
    wait_for(lambda: not told(), "its end")
    backstop.journal.cancel(started, by="U0CAROL")
    ended(backstop, started)


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


NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("09:40", "2026-11-26 09:40"), ("21:30", "2026-11-26 21:30"), ("23:30", "2026-11-25 23:30"), ("2026-11-20 08:00", "2026-11-20 08:00")],
)
def test_a_time_is_read_by_the_teams_clock_and_never_lies_ahead(typed: str, meant: str) -> None:
    zone = ZoneInfo("Australia/Melbourne")  # where it is 23:00
    assert f"{restore.moment(typed, zone, NOW):%Y-%m-%d %H:%M}" == meant


def test_what_is_no_time_is_told() -> None:
    with pytest.raises(Refused, match="is no time"):
        restore.moment("this morning", ZoneInfo("UTC"), NOW)


def test_the_newest_sound_backup_from_before_it_began_is_proposed(backstop: Backstop) -> None:
    old, new = kept(backstop), taken(backstop, "full")
    backups = {each.id: each for each in backstop.catalogue.all()}
    label, between = "sturgeon", backups[new].snapshot_timestamp
    assert next(each.id for each in restore.offered(backups.values(), None, label)) == new
    assert next(each.id for each in restore.offered(backups.values(), between, label)) == old
    assert restore.offered(backups.values(), None, "trout") == []


def test_a_backup_without_the_rows_that_the_settings_want_is_warned_about_before_anybody_signs(tmp_path: Path, template: Path) -> None:
    shop = Shop(tmp_path / "wanting", template=template, spot_check=[{"table": "orders", "where": {"user": "nobody"}}])
    try:
        with shop.backstop() as backstop:
            begun = asked(backstop, backstop.catalogue.all()[0].id)
            assert [each["found"] for each in begun.approval.plan.shown["spots"]] == [0]
    finally:
        shop.close()


def test_a_spot_check_that_nobody_could_look_at_is_named_with_why_to_those_who_sign_on_the_card_and_in_the_report(
    tmp_path: Path, template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Shop(tmp_path / "unseen", template=template, spot_check=[{"table": "orders", "within_days": 7}, {"table": "users"}])
    monkeypatch.setattr(spots, "DEADLINE", 0.01)  # seconds
    try:
        with shop.backstop() as backstop:
            begun = asked(backstop, kept(backstop))
            card = str(approval.card(begun.approval, (), NOW, glass=False, allow_self=False))
            asking.approve(backstop, CAROL, begun.approval.id)
            view = ended(backstop, begun.operation_id)
            assert view.status == "succeeded", view
            report = reports.place(backstop.settings.folder, view.id).read_text()
            for told, times in ((card, 2), ("\n".join(changing.proof(view.result)), 2), (report, 4)):  # its status, its evidence
                assert "orders of the last 7 days could not be looked at: The spot checks took longer than 0.01 seconds." in told
                assert told.count("could not be looked at") == times
    finally:
        shop.close()


def test_rows_that_are_not_as_the_settings_want_halt_production_until_a_person_accepts_them_and_the_report_says_so(
    tmp_path: Path, template: Path
) -> None:
    checks = [{"table": "orders", "where": {"user": "nobody"}}, {"table": "users"}]
    shop = Shop(tmp_path / "wanting", template=template, spot_check=checks)
    try:
        with shop.backstop() as backstop:
            view = restored(backstop, kept(backstop))
            assert (view.status, names(view)[-1]) == ("halted", "spot checks")
            assert "orders with user = nobody: 0, and 1 are wanted" in str(view.error)
            assert {each.what for each in standing.all_of(backstop.engine)} == {standing.What.MAINTENANCE, standing.What.PAUSED}
            assert shop.convex.paused
            assert backstop.catalogue.get(view.params["bound"]["backup"]).facts.failed is None
            deciding.go_on(backstop, view, done=True, by="U0CAROL")
            done = ended(backstop, view.id)
            assert (done.status, names(done)[-3:]) == ("succeeded", ["smoke tests", "maintenance off", "report"])
            assert standing.all_of(backstop.engine) == []
            assert "1 of 2 spot checks as wanted · <@U0CAROL> accepted that" in "\n".join(changing.proof(done.result))
            status = next(line for line in reports.text(backstop.services, view.id).splitlines() if line.startswith("| Status"))
            said = "1 of 2 spot checks as wanted; orders with user = nobody: 0, and 1 are wanted (U0CAROL accepted it)"
            assert f"2 of 2 tables equal to the backup, row by row; {said}; the watch has not ended" in status
    finally:
        shop.close()


def test_a_table_that_no_backup_has_is_a_fault_of_the_settings_and_keeps_no_restore_from_its_end(tmp_path: Path, template: Path) -> None:
    shop = Shop(tmp_path / "misnamed", template=template, spot_check=[{"table": "ordes"}, {"table": "users", "at_least": 5}])
    try:
        with shop.backstop() as backstop:
            begun = asked(backstop, kept(backstop))
            card = str(approval.card(begun.approval, (), NOW, glass=False, allow_self=False))
            asking.approve(backstop, CAROL, begun.approval.id)
            view = ended(backstop, begun.operation_id)
            assert view.status == "succeeded", view
            status = next(line for line in reports.text(backstop.services, view.id).splitlines() if line.startswith("| Status"))
            for told in (card, "\n".join(changing.proof(view.result)), status):
                assert "[[spot_check]] names the table “ordes”, which this backup does not have: look whether the name is right" in told
                assert "are wanted" not in told
    finally:
        shop.close()


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


@pytest.mark.parametrize(("mode", "said"), [("replace", "stay as they are."), ("replace-all", "go.")])
def test_what_becomes_of_other_tables_is_said_where_nothing_could_be_counted(shop: Shop, mode: str, said: str) -> None:
    settings = shop.settings.model_copy(update={"convex": shop.settings.convex.model_copy(update={"import_mode": mode})})
    assert looking.others(settings) == f"Tables that the backup does not have {said}"


def test_the_loss_window_of_the_report_ends_when_the_data_were_back_not_when_somebody_asked() -> None:
    began, back = NOW, NOW + timedelta(minutes=9)
    step = StepView(name="data", state="done", started_at=began + timedelta(minutes=5), finished_at=back)
    params = {"bound": {"backup": "full-1701450000000"}, "shown": {"snapshot": "2026-11-26T09:00:00.000Z"}}
    view: Any = SimpleNamespace(params=params, steps=(step,), created_at=began)
    assert reports._window(view) == (datetime(2026, 11, 26, 9, tzinfo=UTC), back)
    view.steps = ()
    assert reports._window(view)[1] == began
