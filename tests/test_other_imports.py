"""X2: what somebody else imports while production is brought back is in the safety backup, or production is not overwritten."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from bot.views import changing
from ops import asking, deciding, restore, standing
from ops.asking import Asked
from ops.backstop import Backstop
from ops.journal import OperationView
from ops.loss import Loss
from ops.services.convex.imports import Seen, uncovered
from tests import rolling_back
from tests.restoring import BOB, CAROL, NEVER, REASON, asked, backstop, kept, progress, shop
from tests.shipping import Shop, ended
from tests.world import wait_for

__all__ = ["backstop", "shop"]  # the fixtures


def rolled_back(backstop: Backstop, backup_id: str) -> Asked:
    return rolling_back.asked(backstop, backup_id, data=True)


def begun(backstop: Backstop, wanted: Asked) -> str:
    """Signed by the CTO; its id."""
    asking.approve(backstop, CAROL, wanted.approval.id)
    return wanted.operation_id


def at(backstop: Backstop, operation_id: str, step: str) -> OperationView:
    """The operation, once it is at this step."""

    def there() -> OperationView | None:
        view = backstop.journal.get(operation_id)
        return view if view and view.steps and view.steps[-1].name == step else None

    return wait_for(there, step)


def theirs(backstop: Backstop, backup_id: str) -> None:
    """Somebody else imports into production, with the CLI."""
    path = backstop.catalogue.archive(backup_id)
    backstop.services.convex.bring("production", path, mode="replace-all", stop=NEVER, said=lambda _: None)


@pytest.mark.parametrize("plan", [asked, rolled_back])
def test_what_an_import_that_is_under_way_still_writes_is_in_the_safety_backup_and_counted(
    shop: Shop, backstop: Backstop, plan: Callable[[Backstop, str], Asked]
) -> None:
    made, wanted = kept(backstop), shop.rows()
    shop.convex.faults["import_busy"] = "true"
    started = begun(backstop, plan(backstop, made))
    wait_for(lambda: "Another import is under way there" in str(progress(backstop, started)), "the wait for their import")
    assert (shop.convex.paused, standing.all_of(backstop.engine)) == (False, [])  # nobody is kept away meanwhile
    shop.convex.insert("orders", {"total": 99.0, "user": "user 1"})
    shop.convex.faults["import_busy"] = None
    view = ended(backstop, started)
    assert view.status == "succeeded", view
    names = [step.name for step in view.steps]
    assert names.index("no other import") < names.index("maintenance on") < names.index("safety export")
    assert shop.rows() == wanted
    assert (backstop.catalogue.get(view.result["safety"]).rows, Loss.load(view.result["lost"]["loss"]).lost) == (14, 1)


def test_a_restore_is_cancelled_while_it_waits_for_their_import_and_nothing_was_changed(shop: Shop, backstop: Backstop) -> None:
    shop.convex.faults["import_busy"] = "true"
    started = begun(backstop, asked(backstop, kept(backstop)))
    at(backstop, started, "no other import")
    backstop.journal.cancel(started, by="U0CAROL")
    assert ended(backstop, started).status == "cancelled"
    assert (shop.convex.paused, standing.all_of(backstop.engine)) == (False, [])


@pytest.mark.parametrize("plan", [asked, rolled_back])
def test_what_was_imported_after_the_safety_backup_began_is_not_overwritten_until_it_is_in_one(
    shop: Shop, backstop: Backstop, plan: Callable[[Backstop, str], Asked]
) -> None:
    made, wanted = kept(backstop), shop.rows()
    shop.convex.insert("orders", {"total": 99.0, "user": "user 1"})
    planned = plan(backstop, made)
    shop.convex.faults["export"] = "slow:90"
    started = begun(backstop, planned)
    at(backstop, started, "safety export")
    theirs(backstop, made)
    shop.convex.insert("orders", {"total": 1000.0, "user": "user 2"})  # as their import would have it
    there = shop.rows()
    shop.convex.faults["export"] = None
    view = ended(backstop, started)
    assert (view.status, view.steps[-1].name, shop.rows()) == ("halted", "imports before", there)
    assert "Somebody else imported into" in str(view.error)
    assert "that takes a new safety backup first" in str(view.remedy)
    deciding.go_on(backstop, view, done=False, by="U0BOB")
    again = ended(backstop, started)
    assert (again.status, shop.rows()) == ("halted", there)
    assert "Start it over" in str(changing.card(again, datetime.now(UTC)))
    found = restore.look(backstop.services, made, "production", stop=NEVER)
    over = restore.plan(backstop.settings, found, REASON)
    fresh = asking.ask(backstop, BOB, over, id=uuid.uuid4().hex[:12], replaces=started)
    done = ended(backstop, begun(backstop, fresh))
    assert (done.status, shop.rows()) == ("succeeded", wanted), done
    assert Loss.load(done.result["lost"]["loss"]).lost == 1


@pytest.mark.parametrize(
    ("state", "covered"), [("in_progress", False), ("completed", False), ("failed", True), ("canceled", True), ("uploaded", True)]
)
def test_only_an_import_that_writes_or_wrote_since_is_in_no_safety_backup(state: str, covered: bool) -> None:
    before = Seen(id="before", state="completed")
    assert (uncovered([Seen(id="theirs", state=state), before], ["before"]) == []) is covered
