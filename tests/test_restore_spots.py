"""Spot checks around a restore: warned of before anybody signs, looked at before anybody is let in."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.views import approval, changing
from ops import asking, deciding, reports, spots, standing
from tests.restoring import CAROL, NOW, asked, kept, names, restored
from tests.shipping import Shop, ended


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
