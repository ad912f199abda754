"""B15: a disaster is made in staging, people find it and decide, the bot restores and proves, and every phase is timed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot import gathered
from bot.views import standing as standing_views
from bot.views.drill import card
from ops import drill, health, holds, pausing, readiness, staging, standing, tasks
from ops.backstop import Backstop
from ops.drill import Drilled
from ops.drill.workflow import waits_until
from ops.errors import Refused
from sandbox.convex import ConvexServer
from tests.drilling import MISNAMED, SEEN, at, backstop, begun, of_another, said, shop
from tests.shipping import Shop, ended
from tests.staging import BOB, cancelled, trout

__all__ = ["backstop", "shop", "trout"]  # the fixtures


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
