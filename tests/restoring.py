"""Restores of production, for the tests of what comes of them: asked for, signed by the CTO, and at their end."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ops import asking, restore
from ops.asking import Asked
from ops.backstop import Backstop
from ops.journal import OperationView
from ops.people import Person, Role
from tests.shipping import Shop, ended

ALICE = Person(id="U0ALICE", roles=frozenset({Role.DEVELOPER}))

BOB = Person(id="U0BOB", roles=frozenset({Role.ENG_LEAD}))

CAROL = Person(id="U0CAROL", roles=frozenset({Role.CTO}))

NEVER = threading.Event()
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)

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
