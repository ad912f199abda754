"""Drills, for the tests of what comes of them: begun, at a phase, answered, and one that staging is left wrong by."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops import drill, staging, tasks
from ops.backstop import Backstop
from ops.journal import OperationView
from sandbox.convex import ConvexServer
from tests.shipping import Shop, ended
from tests.staging import shop_with
from tests.world import wait_for

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
