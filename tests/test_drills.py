"""B15: a disaster is made in staging, people find it and decide, the bot restores and proves, and every phase is timed."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot import gathered
from bot.views import standing as standing_views
from bot.views.drill import begun as begun_view
from bot.views.drill import card, history
from ops import drill, health, holds, pausing, readiness, restore, staging, standing, tasks
from ops.archive import Table
from ops.backstop import Backstop
from ops.drill import Drilled, broken_off
from ops.drill.breaking import markdown
from ops.drill.scenarios import make, struck
from ops.drill.workflow import waits_until
from ops.errors import Refused
from ops.journal import OperationView, Status, StepView
from ops.restoring import left
from ops.spots import Spot, dump
from sandbox.convex import ConvexServer
from tests.shipping import Shop, ended
from tests.test_verification import BOB, NEVER, cancelled, shop_with, trout, verified
from tests.world import wait_for

__all__ = ["trout"]  # the fixture

SEEN = "orders lost half of its rows since noon"
MISNAMED = "[[spot_check]] names the table “ordes”, which this backup does not have: look whether the name is right"


@pytest.fixture
def shop(tmp_path: Path, template: Path, trout: ConvexServer) -> Iterator[Shop]:
    shop = shop_with(tmp_path, template, trout, put_back=True)
    yield shop
    shop.close()


@pytest.fixture
def backstop(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Backstop]:
    monkeypatch.setattr("ops.drill.workflow.LOOK", 0.05)
    with shop.backstop() as backstop:
        staging.mark(backstop.services)
        yield backstop


def begun(backstop: Backstop, letter: str) -> str:
    return drill.begin(backstop.journal, backstop.services, drill.find(letter), "U0ALICE", id=uuid.uuid4().hex[:12])


def of_another(backstop: Backstop, backup_id: str) -> str:
    """The same backup once more, as one of another deployment; its id."""
    digits, folder = f"{int(backup_id[5:]) - 1}", backstop.settings.folder / "full"
    values = json.loads((folder / f"full-backup-{backup_id[5:]}.json").read_text())
    values |= {"id": f"full-{digits}", "deployment": {"label": "trout", "instance": "gentle-trout-7"}}
    values["convexExportPath"] = values["convexExportPath"].replace(backup_id[5:], digits)
    shutil.copy(folder / f"convex-{backup_id[5:]}.zip", folder / f"convex-{digits}.zip")
    (folder / f"full-backup-{digits}.json").write_text(json.dumps(values))
    return f"full-{digits}"


def at(backstop: Backstop, operation_id: str, what: str) -> OperationView:
    """The drill, once it waits for this."""

    def waiting() -> OperationView | None:
        view = backstop.journal.get(operation_id)
        assert view is not None
        assert view.status == "running", view
        return view if drill.waits_for(view) == what else None

    return wait_for(waiting, f"a drill that waits until it is {what}")


def said(backstop: Backstop, view: OperationView, kind: str, text: str, by: str = "U0BOB") -> None:
    drill.say(backstop.services, view, kind, text, by=by, id=uuid.uuid4().hex)


def test_a_corrupted_table_is_found_decided_about_restored_and_reported(shop: Shop, backstop: Backstop, trout: ConvexServer) -> None:
    mine, theirs = trout.fingerprint("users"), shop.rows()
    newest = backstop.catalogue.all()[0].id
    started = begun(backstop, "B")
    view = at(backstop, started, drill.DETECTED)
    rows = trout.tables()
    assert sorted((rows["users"], rows["orders"])) in ([3, 8], [4, 5])
    with pytest.raises(Refused, match="does not wait for that now"):
        said(backstop, view, drill.DECIDED, newest)
    said(backstop, view, drill.BLOCKER, "nobody had the login of the dashboard")
    said(backstop, view, drill.DETECTED, SEEN)
    said(backstop, view, drill.DETECTED, SEEN)  # a second click of the same person
    with pytest.raises(Refused, match=r"Somebody was faster: “orders lost half|does not wait for that now"):
        said(backstop, view, drill.DETECTED, "users lost half", by="U0CAROL")
    view = at(backstop, started, drill.DECIDED)
    with pytest.raises(Refused, match="There is no backup"):
        said(backstop, view, drill.DECIDED, "full-1701450000000")
    with pytest.raises(Refused, match="is of the deployment trout, not of sturgeon"):
        said(backstop, view, drill.DECIDED, of_another(backstop, newest))
    said(backstop, view, drill.DECIDED, newest, by="U0CAROL")
    done = ended(backstop, started)
    assert done.status == "succeeded", done
    assert trout.fingerprint("users") == mine
    assert shop.rows() == theirs
    found = Drilled.load(done.result["drill"])
    assert (found.scenario, found.backup, found.by) == ("B", newest, ("U0BOB", "U0CAROL"))
    assert found.blockers == ("nobody had the login of the dashboard",)
    assert found.total == sum(found.seconds.values()) > 0
    assert found.good
    text = drill.place(backstop.settings.folder, started).read_text()
    for words in (
        "| Scenario tested | B: Corrupted data",
        "| Recovery time |",
        "| Data loss |",
        "| Issues encountered | nobody had",
        "| detect |",
    ):
        assert words in text
    opened = [task.text for task in tasks.open_ones(backstop.engine) if task.kind == "drill recommendation"]
    assert any("nobody had the login" in each and "INCIDENT_RESPONSE_PLAN.md" in each for each in opened)
    assert [each.operation_id for each in drill.history(backstop.journal.recent(10))] == [started]
    back = readiness.of(backstop, datetime.now(UTC)).back
    assert back is not None
    assert 0 < back < found.seconds["restore"] + found.seconds["verify"]


def test_a_drill_goes_on_after_the_bot_was_started_again_and_one_that_is_cancelled_leaves_staging_as_it_was(
    shop: Shop, backstop: Backstop, trout: ConvexServer
) -> None:
    mine = trout.fingerprint("users")
    started = begun(backstop, "A")
    view = at(backstop, started, drill.DETECTED)
    assert (trout.tables()["users"], trout.tables()["orders"]) == (0, 0)
    backstop.close()
    said(backstop, view, drill.DETECTED, "everything is gone")
    with shop.backstop() as again:
        at(again, started, drill.DECIDED)
        again.journal.cancel(started, by="U0ALICE")
        done = ended(again, started)
        assert done.status == "cancelled", done
        assert [step.name for step in done.steps].count("disaster") == 1
        assert again.journal.holder("staging") is None
    assert trout.fingerprint("users") == mine


def test_a_drill_that_is_cancelled_while_staging_is_filled_makes_no_disaster(backstop: Backstop, trout: ConvexServer) -> None:
    mine = trout.fingerprint("users")
    trout.faults["import"] = "slow:60"
    started = begun(backstop, "A")
    running = str(card(cancelled(backstop, trout, started, "prepared data"), datetime.now(UTC)))
    assert "<@U0CAROL> cancelled it:* nothing more begins" in running
    assert "Note a blocker" not in running
    done = ended(backstop, started)
    assert (done.status, "disaster" in {step.name for step in done.steps}) == ("cancelled", False)
    assert trout.fingerprint("users") == mine
    told = str(card(done, datetime.now(UTC)))
    assert "Cancelled by <@U0CAROL>" in told
    assert "Staging has its own data again" in told


def test_what_no_restore_would_take_is_neither_drilled_with_nor_counted_as_the_way_back(shop: Shop) -> None:
    shop.more["convex"] = {**shop.more["convex"], "production": {"name": "salmon", "url": shop.convex.url}}
    with shop.backstop() as backstop:  # its folder has another deployment's backups only
        assert [each.good for each in backstop.catalogue.all() if each.type == "full"] == [True]
        now = datetime.now(UTC)
        assert "all data are lost, since there is no good full backup" in readiness.of(backstop, now).sentence
        assert "There is no good full backup." in health.of(backstop, now).red
        assert gathered.status(backstop).last_full is None
        with pytest.raises(Refused, match="no good full backup of production to drill with"):
            drill.ask(backstop.services, drill.find("B"), 1)


def test_a_drill_is_measured_though_the_disk_takes_no_report(backstop: Backstop) -> None:
    (backstop.settings.folder / "reports").write_text("where the folder should be")
    started = begun(backstop, "A")
    said(backstop, at(backstop, started, drill.DETECTED), drill.DETECTED, "everything is gone")
    said(backstop, at(backstop, started, drill.DECIDED), drill.DECIDED, backstop.catalogue.all()[0].id)
    done = ended(backstop, started)
    assert done.status == "succeeded", done
    assert [each.operation_id for each in drill.history(backstop.journal.recent(10))] == [started]
    assert f"The report is not in the folder: drill-{started}.md could not be written: File exists" in str(card(done, datetime.now(UTC)))


def test_where_both_are_paused_the_button_lets_the_one_run_that_it_names(shop: Shop, backstop: Backstop, trout: ConvexServer) -> None:
    for where in ("production", "staging"):
        pausing.stop_functions(backstop.services, where, reason="a look", by="U0BOB", operation_id="")
    let = ended(backstop, holds.unpause(backstop, BOB, id="let-it-run", named="staging"))
    assert let.status == "succeeded", let
    assert (trout.paused, shop.convex.paused) == (False, True)
    assert [each.environment for each in standing.all_of(backstop.engine)] == ["production"]


def test_a_drill_that_nobody_answers_ends_with_a_report_and_staging_as_it_was(
    backstop: Backstop, trout: ConvexServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ops.drill.workflow.PATIENCE", timedelta(seconds=1))
    monkeypatch.setattr("ops.drill.workflow.AFTER_RESTART", timedelta(seconds=1))
    before = trout.fingerprint("users")
    done = ended(backstop, begun(backstop, "A"))
    assert (done.status, done.error) == ("failed", "Nobody said what had happened within 1 s.")
    assert any(task.kind == "drill recommendation" and task.about == done.id for task in tasks.open_ones(backstop.engine))
    assert "Nobody said what had happened" in drill.place(backstop.settings.folder, done.id).read_text("utf-8")
    assert done.remedy == "That is a result too. The next one: `/drill start A`."
    assert "| Staging | has its own data again |" in drill.place(backstop.settings.folder, done.id).read_text("utf-8")
    assert trout.fingerprint("users") == before


def test_the_card_of_a_drill_names_what_is_to_come_in_its_order(backstop: Backstop) -> None:
    started = begun(backstop, "A")
    told = str(card(at(backstop, started, drill.DETECTED), datetime.now(UTC)))
    assert "▫ decided · ▫ archive · ▫ data · ▫ proof" in told
    backstop.journal.cancel(started, by="U0ALICE")
    ended(backstop, started)


def test_a_staging_that_could_not_be_paused_is_not_said_to_be_paused(backstop: Backstop, trout: ConvexServer) -> None:
    doors = ("/api/v1/pause_deployment", "/api/v1/unpause_deployment")
    trout.faults["http"] = [{"path": path, "status": 500, "times": 99} for path in doors]
    done = ended(backstop, begun(backstop, "A"))
    assert (done.status, next(step.name for step in done.steps if step.state == "failed")) == ("failed", "prepared pause")
    stands = standing.current(backstop.engine, standing.What.PAUSED, "staging")
    assert stands
    assert not stands.sure
    for told in (standing_views.line(stands), str(standing_views.nag(stands, datetime.now(UTC)))):
        assert "Whether Convex is paused (staging) is not known" in told
        assert "Convex is paused (staging)*" not in told
    trout.faults["http"] = None
    let = ended(backstop, holds.unpause(backstop, BOB, id="let-it-run"))
    assert (let.status, standing.all_of(backstop.engine)) == ("succeeded", [])


@pytest.mark.parametrize(("began", "until"), [(0, 120), (30, 120), (105, 120), (110, 125), (300, 315)])
def test_a_drill_waits_two_hours_whatever_restarts_and_a_quarter_of_an_hour_after_each(began: int, until: int) -> None:
    struck_at = datetime(2026, 3, 4, 9, tzinfo=UTC)
    found = waits_until(struck_at, struck_at + timedelta(minutes=began))
    assert found == struck_at + timedelta(minutes=until)


def test_a_drill_whose_restore_fails_is_a_result_too_and_staging_that_is_left_wrong_nags(backstop: Backstop, trout: ConvexServer) -> None:
    started = begun(backstop, "A")
    said(backstop, at(backstop, started, drill.DETECTED), drill.DETECTED, "everything is gone")
    view = at(backstop, started, drill.DECIDED)
    said(backstop, view, drill.BLOCKER, "nobody had the login of the dashboard")
    trout.faults["import"] = "fail:no room"
    said(backstop, view, drill.DECIDED, backstop.catalogue.all()[0].id)
    done = ended(backstop, started)
    trout.faults["import"] = None
    assert done.status == "failed", done
    (found,) = drill.broken(backstop.journal.recent(10))
    assert (found.operation_id, found.phase, found.scenario) == (started, "restore", "A")
    assert "no room" in found.why
    text = drill.place(backstop.settings.folder, started).read_text()
    for words in ("not recovered: stopped at “restore”", "no room", "nobody had the login", found.kept, "ROLLBACK_PLAN.md"):
        assert words
        assert words in text
    opened = sorted((task.kind, task.text) for task in tasks.open_ones(backstop.engine))
    assert [kind for kind, _ in opened] == ["drill recommendation", "drill recommendation", "staging to put back"]
    for (_, words), meant in zip(opened, ("Remove what held the drill up", "The drill stopped at “restore”", found.kept), strict=True):
        assert meant in words
    assert Path(found.kept).exists()
    told = str(card(done, datetime.now(UTC)))
    assert "It stopped at “restore”" in told
    assert f"Staging's own data could not be put back: {done.result['staging']['why']} They are kept in `{found.kept}`" in told
    assert "stopped at “restore”" in str(history([], [found]))


def failing(backstop: Backstop, trout: ConvexServer) -> OperationView:
    """A drill A in which staging takes nothing more once somebody has decided, so that its own data are not put back either."""
    started = begun(backstop, "A")
    said(backstop, at(backstop, started, drill.DETECTED), drill.DETECTED, "everything is gone")
    view = at(backstop, started, drill.DECIDED)
    trout.faults["import"] = "fail:no room"
    said(backstop, view, drill.DECIDED, backstop.catalogue.all()[0].id)
    done = ended(backstop, started)
    trout.faults["import"] = None
    assert done.status == "failed", done
    return done


def waiting(backstop: Backstop) -> list[str]:
    return [task.id for task in tasks.open_ones(backstop.engine) if task.kind == "staging to put back"]


def test_what_a_drill_left_in_staging_is_never_taken_for_its_own_data_which_the_next_ones_put_back(
    shop: Shop, backstop: Backstop, trout: ConvexServer
) -> None:
    mine = trout.fingerprint("users")
    kept = failing(backstop, trout).result["staging"]["kept"]
    named = f"Staging's own data could not be put back before, and wait in `{kept}`. This puts them back in the end"
    again = failing(backstop, trout)
    assert again.result["staging"]["kept"] == kept
    assert waiting(backstop) == [Path(kept).stem]
    assert [str(path) for path in backstop.settings.state.glob("staging-*.zip")] == [kept]
    started = begun(backstop, "A")
    view = at(backstop, started, drill.DETECTED)
    assert named in str(card(view, datetime.now(UTC)))
    assert named in str(begun_view("A", view.params["shown"]["left"], "C0ENGINEERING"))
    backstop.close()
    with shop.backstop() as fresh:
        fresh.journal.cancel(started, by="U0ALICE")
        done = ended(fresh, started)
        assert "Staging has its own data again." in str(card(done, datetime.now(UTC)))
        assert trout.fingerprint("users") == mine
        assert (waiting(fresh), Path(kept).exists()) == ([], False)
        at(fresh, started := begun(fresh, "B"), drill.DETECTED)  # from now on what is there is its own again
        fresh.journal.cancel(started, by="U0ALICE")
        ended(fresh, started)
        assert trout.fingerprint("users") == mine


def test_a_verification_puts_back_what_a_drill_could_not_and_a_restore_to_staging_names_it_before_it_begins(
    backstop: Backstop, trout: ConvexServer
) -> None:
    mine, newest = trout.fingerprint("users"), backstop.catalogue.all()[0].id
    kept = failing(backstop, trout).result["staging"]["kept"]
    found = restore.look(backstop.services, newest, "staging", stop=NEVER)
    plan = restore.plan(backstop.settings, found, "a look at it")
    assert plan.shown["left"] == {"path": kept, "comes_back": False}
    view = verified(backstop, newest)
    assert view.status == "succeeded", view
    assert view.params["shown"]["left"] == {"path": kept, "comes_back": True}
    assert trout.fingerprint("users") == mine
    assert (waiting(backstop), Path(kept).exists()) == ([], False)


def test_what_waits_for_another_staging_or_was_settled_by_a_person_is_not_brought_to_this_one(
    backstop: Backstop, trout: ConvexServer
) -> None:
    kept = Path(failing(backstop, trout).result["staging"]["kept"])
    assert left.waiting(backstop.services, "gentle-trout-7") == kept
    assert left.waiting(backstop.services, "another-trout-8") is None
    tasks.close(backstop.engine, kept.stem, by="U0BOB", how="imported by hand")
    assert left.waiting(backstop.services) is None
    assert kept.exists()


def test_a_spot_check_that_names_no_table_is_an_issue_of_the_drill_and_a_task_says_to_correct_it(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ops.drill.workflow.LOOK", 0.05)
    shop.more["spot_check"] = [{"table": "users"}, {"table": "ordes"}]
    shop.more["verification"] = {"put_back": False}
    with shop.backstop() as backstop:
        staging.mark(backstop.services)
        started = begun(backstop, "A")
        said(backstop, at(backstop, started, drill.DETECTED), drill.DETECTED, "everything is gone")
        said(backstop, at(backstop, started, drill.DECIDED), drill.DECIDED, backstop.catalogue.all()[0].id)
        done = ended(backstop, started)
        assert done.status == "succeeded", done
        found = Drilled.load(done.result["drill"])
        assert (found.misnamed, found.blockers, found.good) == ((MISNAMED,), (), True)
        text = drill.place(backstop.settings.folder, started).read_text()
        assert f"| Issues encountered | {MISNAMED} |" in text
        corrected = f"Correct the settings: {MISNAMED}. Until then that check looks at nothing."
        assert f"- [ ] {corrected}" in text
        assert [task.text for task in tasks.open_ones(backstop.engine) if task.kind == "drill recommendation"] == [corrected]
        assert f"Correct the settings: {MISNAMED}" in str(card(done, datetime.now(UTC)))


@pytest.mark.parametrize(
    ("letter", "said"),
    [("C", "needs the backup of variables"), ("d", "needs the backup of third-party"), ("E", "no scenario")],
)
def test_what_cannot_be_drilled_yet_says_so(letter: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        drill.find(letter)


# ── the decisions ──


@pytest.mark.parametrize(
    ("done", "phase"),
    [([], ""), (["disaster"], "detect"), (["disaster", "detected"], "decide"), (["disaster", "detected", "decided", "data"], "verify")],
)
def test_where_a_drill_stopped_is_the_phase_after_the_last_that_was_done(done: list[str], phase: str) -> None:
    found = broken_off(stopped(done, saved=True), "Nobody came.")
    assert found.phase == phase
    assert found.seconds == max(len(done) * 60.0 - 60, 0)  # what gave staging its own data back is no part of it
    assert ("INCIDENT_RESPONSE_PLAN.md" in found.recommendations[0]) is (phase in {"detect", "decide"})


def test_a_drill_that_somebody_cancelled_is_none_that_stopped() -> None:
    assert drill.broken([replace(stopped([], saved=True), status=Status.CANCELLED)]) == []


def test_a_running_drills_card_calls_nothing_proven_before_it_is() -> None:
    noon = datetime(2026, 11, 2, 12, tzinfo=UTC)

    def told(done: list[str], last: str, state: str) -> str:
        view = stopped(done, saved=True)
        step = StepView(name=last, state=state, started_at=noon, finished_at=None)
        return str(card(replace(view, status=Status.RUNNING, error=None, finished_at=None, steps=(*view.steps[:-1], step)), noon))

    assert "It is restored, and then proven." in told(["disaster", "detected", "decided"], "data", "running")
    assert "*The drill stopped at “restore”" in told(["disaster", "detected", "decided"], "data", "failed")
    assert "It is restored and proven; staging gets its own data back" in told(["disaster", "data", "proof"], "report", "done")
    assert "Staging is made ready." in told([], "prepared data", "running")


def test_the_card_of_a_drill_that_stopped_says_how_staging_is_now() -> None:
    noon = datetime(2026, 11, 2, 12, tzinfo=UTC)
    assert "Staging's data are as before." in str(card(stopped([], saved=False), noon))
    assert "Staging has its own data again." in str(card(stopped(["disaster"], saved=True), noon))
    assert "Staging holds what the drill left there" in str(card(stopped(["disaster"], saved=False), noon))


def test_a_drill_that_stopped_names_a_spot_check_that_looks_at_nothing_too() -> None:
    ordes = Spot(what="ordes", found=0, at_least=1, misnamed="the table “ordes”, which this backup does not have")
    proof = {"spots": dump([ordes, replace(ordes, what="ordes of the last 7 days"), Spot(what="users", found=5, at_least=1)])}
    found = broken_off(replace(stopped(["disaster"], saved=True), result={"proof": proof}), "Nobody came.", ["no login"])
    assert found.misnamed == (MISNAMED,)
    assert f"Nobody came.; no login; {MISNAMED}" in markdown(found)
    assert found.recommendations[-1].startswith(f"Correct the settings: {MISNAMED}")


def stopped(done: list[str], *, saved: bool) -> OperationView:
    """A drill that failed after these steps, a minute each."""
    noon, minute = datetime(2026, 11, 2, 12, tzinfo=UTC), timedelta(minutes=1)
    named = [*(["staging saved"] if saved else []), *done]
    steps = [StepView(name=name, state="done", started_at=noon, finished_at=noon + minute * place) for place, name in enumerate(named, 1)]
    hour = timedelta(hours=1)
    steps.append(StepView(name="staging as it was", state="done", started_at=noon + hour, finished_at=noon + hour))
    return OperationView(
        id="d1",
        kind=drill.KIND,
        environment="staging",
        requested_by="U0ALICE",
        params={"bound": {"scenario": "B", "target": "staging · trout"}, "shown": {}},
        status=Status.FAILED,
        error="Nobody came.",
        remedy=None,
        created_at=noon,
        finished_at=noon + hour,
        steps=tuple(steps),
    )


def measured(**more: Any) -> Drilled:
    facts: dict[str, Any] = {
        "operation_id": "op",
        "scenario": "B",
        "at": datetime(2026, 11, 2, tzinfo=UTC),
        "seconds": {"detect": 40.0, "decide": 75.0, "restore": 211.0, "verify": 60.0},
        "total": 386.0,
        "rto": 1800.0,
        "loss": 3600.0,
        "rpo": 86400.0,
        "backup": "full-1",
        "seen": SEEN,
        "table": "orders",
        "by": ("U0BOB", "U0CAROL"),
        "blockers": (),
    }
    return Drilled(**{**facts, **more})


def test_a_drill_within_its_promises_that_named_the_table_recommends_nothing() -> None:
    assert (measured().good, measured().recommendations) == (True, [])


def test_each_promise_that_was_not_kept_names_the_document_to_update() -> None:
    late, lossy = measured(total=2000.0), measured(loss=90000.0)
    assert "the longest phase was “restore”" in late.recommendations[0]
    assert "ROLLBACK_PLAN.md" in late.recommendations[0]
    assert "BACKUP_STRATEGY.md" in lossy.recommendations[0]
    assert not late.good
    assert not lossy.good


def test_what_was_seen_must_name_the_table_that_was_struck() -> None:
    assert "does not name the table" in measured(seen="something is odd").recommendations[0]
    assert measured(seen="something is odd", table="").recommendations == []
    assert measured(seen="Orders and Users lost half").recommendations == []


def test_a_drill_is_read_back_as_it_was_written() -> None:
    for found in (measured(), measured(misnamed=(MISNAMED,))):
        assert Drilled.load(json.loads(json.dumps(found.dump()))) == found
    kept = measured().dump()
    del kept["misnamed"]  # as it was written before it was looked at
    assert Drilled.load(kept) == measured()


def test_only_a_table_with_rows_is_struck_and_the_seed_repeats_it() -> None:
    tables = {name: Table(rows=rows, bytes=1, fingerprint="") for name, rows in (("a", 5), ("b", 0), ("c", 1), ("_storage", 9), ("d", 2))}
    assert {struck(tables, seed) for seed in range(50)} == {"a", "d"}
    assert struck(tables, 3) == struck(tables, 3)


def test_the_disaster_leaves_every_other_table_alone(tmp_path: Path) -> None:
    from ops import archive
    from tests.archives import export, written

    sound = written(tmp_path / "sound.zip", {name: content for name, content in export().items() if not name.startswith("_storage")})
    before = archive.check(sound).tables
    make("B", sound, tmp_path / "b.zip", "waitlist/users")
    after = archive.check(tmp_path / "b.zip").tables
    assert after["waitlist/users"].rows == 3
    assert {name: table for name, table in after.items() if name != "waitlist/users"} == {
        name: table for name, table in before.items() if name != "waitlist/users"
    }
    make("A", sound, tmp_path / "a.zip", "")
    assert {table.rows for table in archive.check(tmp_path / "a.zip").tables.values()} == {0}


def test_the_loss_of_every_row_leaves_stored_files_where_they_are(tmp_path: Path) -> None:
    from ops import archive
    from tests.archives import export, written

    sound = written(tmp_path / "sound.zip", export())
    make("A", sound, tmp_path / "a.zip", "")
    after = archive.check(tmp_path / "a.zip")
    assert after.problems == ()
    assert {name for name, table in after.tables.items() if table.rows} == {name for name in after.tables if archive.lists_files(name)}
    assert any(map(archive.lists_files, after.tables))
