"""What is told of a restore once it is done: the report, the watch after it, the evidence, and the time for which data were lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from bot.views import alerts as alert_views
from ops import alerts, evidence, reports, tasks, watch
from ops.backstop import Backstop
from ops.journal.words import StepView
from tests.restoring import NOW, REASON, backstop, kept, restored, shop
from tests.shipping import Shop, ended
from tests.world import wait_for

__all__ = ["backstop", "shop"]  # the fixtures


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


def test_the_loss_window_of_the_report_ends_when_the_data_were_back_not_when_somebody_asked() -> None:
    began, back = NOW, NOW + timedelta(minutes=9)
    step = StepView(name="data", state="done", started_at=began + timedelta(minutes=5), finished_at=back)
    params = {"bound": {"backup": "full-1701450000000"}, "shown": {"snapshot": "2026-11-26T09:00:00.000Z"}}
    view: Any = SimpleNamespace(params=params, steps=(step,), created_at=began)
    assert reports._window(view) == (datetime(2026, 11, 26, 9, tzinfo=UTC), back)
    view.steps = ()
    assert reports._window(view)[1] == began
