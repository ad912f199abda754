"""B11: stored files are kept where an import would replace them, and left alone where a backup was taken without them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.views import approval, verification
from bot.views import restored as restored_views
from ops import asking, drill, reports, restore, rollback, staging
from ops.backstop import Backstop
from ops.journal import OperationView
from ops.loss import Loss
from sandbox.convex import ConvexServer
from tests.drilling import at, begun, said
from tests.restoring import BOB, CAROL, NEVER, REASON, asked, kept, restored
from tests.shipping import Shop, ended, taken
from tests.staging import shop_with, verified
from tests.staging import trout as trout  # noqa: PLC0414 # a fixture

STAY = "Stored files are not in this backup and stay as they are."
BEFORE, SINCE, THEIRS = b"the terms of May", b"an invoice of June", b"a picture on staging"


@pytest.fixture
def shop(tmp_path: Path, template: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path / "shop", template=template)
    yield shop
    shop.close()


@pytest.fixture
def with_staging(tmp_path: Path, template: Path, trout: ConvexServer) -> Iterator[Shop]:
    """A production with a staging that has a stored file of its own, which is to be there again afterwards."""
    trout.store(THEIRS, "image/png")
    shop = shop_with(tmp_path, template, trout, put_back=True)
    yield shop
    shop.close()


@contextmanager
def opened(shop: Shop, *, file_storage: bool) -> Iterator[Backstop]:
    """Backstop, once somebody has set whether stored files belong in a backup."""
    shop.more["convex"] = {**shop.more.get("convex", {}), "file_storage": file_storage}
    with shop.backstop() as backstop:
        yield backstop


def stored(server: ConvexServer) -> set[bytes]:
    return set(server.files().values())


def taken_with_files(shop: Shop) -> str:
    """A full backup with one stored file."""
    shop.convex.store(BEFORE, "application/pdf")
    with opened(shop, file_storage=True) as backstop:
        return taken(backstop, "full")


def warnings(backstop: Backstop, backup_id: str) -> tuple[str, ...]:
    return backstop.catalogue.get(backup_id).facts.warnings


# ── the archive decides, not the setting ──


def test_files_stored_since_the_setting_was_switched_off_are_counted_kept_in_the_safety_backup_and_undone(shop: Shop) -> None:
    made = taken_with_files(shop)
    with opened(shop, file_storage=False) as backstop:
        shop.convex.store(SINCE, "text/plain")
        found = restore.look(backstop.services, made, "production", stop=NEVER)
        assert found.loss
        assert found.loss.sentences() == ["_storage: 1 created since"]
        view = restored(backstop, made)
        assert view.status == "succeeded", view
        assert (stored(shop.convex), view.result["proof"]["equal"]) == ({BEFORE}, 3)
        assert Loss.load(view.result["lost"]["loss"]).files.startswith("The file that was stored since is in the safety backup only")
        undone = restored(backstop, view.result["safety"])
        assert undone.status == "succeeded", undone
        assert (stored(shop.convex), undone.result["proof"]["equal"]) == ({BEFORE, SINCE}, 3)
        assert warnings(backstop, taken(backstop, "full")) == ()  # none of files: this one was not to have them


def test_a_rollback_of_data_keeps_files_stored_since_the_setting_was_switched_off(shop: Shop) -> None:
    made = taken_with_files(shop)
    with opened(shop, file_storage=False) as backstop:
        shop.convex.store(SINCE, "text/plain")
        found = rollback.look(backstop.services, made, data=True, stop=NEVER)
        wanted = asking.ask(backstop, BOB, rollback.plan(backstop.settings, found, REASON), id=uuid.uuid4().hex[:12])
        asking.approve(backstop, CAROL, wanted.approval.id)
        view = ended(backstop, wanted.operation_id)
        assert view.status == "succeeded", view
        assert stored(shop.convex) == {BEFORE}
        assert backstop.catalogue.get(view.result["safety"]).files


def test_without_the_stored_files_in_the_safety_backup_nothing_is_imported(shop: Shop) -> None:
    made = taken_with_files(shop)
    with opened(shop, file_storage=False) as backstop:
        shop.convex.store(SINCE, "text/plain")
        begun = asked(backstop, made)
        shop.convex.faults["export"] = "forget:_storage"
        asking.approve(backstop, CAROL, begun.approval.id)
        view = ended(backstop, begun.operation_id)
        assert (view.status, stored(shop.convex)) == ("halted", {BEFORE, SINCE}), view
        assert "stored files were asked for, and it has no list of them" in str(view.error)
        shop.convex.faults["export"] = None


def test_stagings_own_files_come_back_after_a_verification_and_a_drill_though_the_setting_was_switched_off(
    with_staging: Shop, trout: ConvexServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ops.drill.workflow.LOOK", 0.05)
    made = taken_with_files(with_staging)
    with opened(with_staging, file_storage=False) as backstop:
        staging.mark(backstop.services)
        view = verified(backstop, made)
        assert (view.status, view.result["level"], stored(trout)) == ("succeeded", 4, {THEIRS}), view
        without = taken(backstop, "full")  # it is what the drill fills staging from; what is decided for has files
        view = drilled(backstop, made)
        assert (view.status, view.params["bound"]["backup"], stored(trout)) == ("succeeded", without, {THEIRS}), view


def drilled(backstop: Backstop, decided: str) -> OperationView:
    """A drill of a complete loss, ended; what was decided for."""
    started = begun(backstop, "A")
    said(backstop, at(backstop, started, drill.DETECTED), drill.DETECTED, "everything is gone")
    said(backstop, at(backstop, started, drill.DECIDED), drill.DECIDED, decided)
    return ended(backstop, started)


# ── a backup without stored files leaves them alone ──


def test_a_backup_from_before_the_setting_was_switched_on_leaves_stored_files_alone_and_says_so(shop: Shop) -> None:
    shop.convex.store(BEFORE, "application/pdf")
    with opened(shop, file_storage=True) as backstop:
        made = kept(backstop)
        shop.convex.store(SINCE, "text/plain")
        shop.convex.insert("orders", {"total": 99.0, "user": "user 1"})
        begun = asked(backstop, made)
        told = str(approval.card(begun.approval, (), datetime.now(UTC), glass=False, allow_self=False))
        assert "_storage" not in told
        asking.approve(backstop, CAROL, begun.approval.id)
        view = ended(backstop, begun.operation_id)
        assert view.status == "succeeded", view
        assert STAY in told
        assert STAY in str(restored_views.card(view, datetime.now(UTC)))
        assert stored(shop.convex) == {BEFORE, SINCE}
        assert view.result["proof"] == {"of": 2, "equal": 2, "different": [], "spots": []}
        assert [table.name for table in Loss.load(view.result["lost"]["loss"]).affected] == ["orders"]
        assert "everything that was there before" in reports.text(backstop.services, view.id)


def test_a_backup_from_before_the_setting_was_switched_on_is_sound_and_stagings_files_stay(with_staging: Shop, trout: ConvexServer) -> None:
    with opened(with_staging, file_storage=True) as backstop:
        staging.mark(backstop.services)
        view = verified(backstop, kept(backstop))
        assert (view.status, view.result["level"], stored(trout)) == ("succeeded", 4, {THEIRS}), view
        assert STAY in str(verification.card(view, datetime.now(UTC)))


def test_without_stored_files_nobody_is_told_that_the_safety_backup_has_everything(shop: Shop) -> None:
    shop.convex.store(BEFORE, "application/pdf")
    with opened(shop, file_storage=False) as backstop:
        view = restored(backstop, kept(backstop))
        report = reports.text(backstop.services, view.id)
        assert f"Safety backup `{view.result['safety']}`: every row that was there before; stored files stayed as they were" in report
        assert STAY in str(restored_views.card(view, datetime.now(UTC)))
