"""Rollbacks, for the tests of what comes of them: previewed, asked for, signed by the CTO, and at their end."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ops import asking, deploy, rollback
from ops.asking import Asked
from ops.backstop import Backstop
from ops.deploy import Choice
from ops.journal import OperationView
from ops.people import Person, Role
from ops.rollback import Preview
from tests.shipping import Shop, ended

ALICE = Person(id="U0ALICE", roles=frozenset({Role.DEVELOPER}))

BOB = Person(id="U0BOB", roles=frozenset({Role.ENG_LEAD}))

CAROL = Person(id="U0CAROL", roles=frozenset({Role.CTO}))

NEVER = threading.Event()


@pytest.fixture
def shop(tmp_path: Path, template: Path) -> Iterator[Shop]:
    """Its second commit was deployed after a full backup of the first."""
    shop = Shop(tmp_path / "shop", template=template)
    yield shop
    shop.close()


@pytest.fixture
def backstop(shop: Shop) -> Iterator[Backstop]:
    with shop.backstop() as backstop:
        yield backstop


def deployed(shop: Shop, backstop: Backstop, message: str = "Second", backup: Any = "quick", files: dict[str, str] | None = None) -> str:
    """A commit that was deployed after a backup of what was there; the commit."""
    commit = shop.commit(message, files)
    plan = deploy.plan(backstop.settings, deploy.look(backstop.services), Choice(backup=backup), ALICE)
    view = ended(backstop, asking.ask(backstop, ALICE, plan, id=uuid.uuid4().hex[:12]).operation_id)
    assert view.status == "succeeded", view
    return commit


def previewed(backstop: Backstop, backup_id: str, *, data: bool) -> Preview:
    return rollback.look(backstop.services, backup_id, data=data, stop=NEVER)


def asked(backstop: Backstop, backup_id: str, person: Person = BOB, *, data: bool = False, replaces: str | None = None) -> Asked:
    plan = rollback.plan(backstop.settings, previewed(backstop, backup_id, data=data), "checkout double-charges", "no orders")
    return asking.ask(backstop, person, plan, id=uuid.uuid4().hex[:12], replaces=replaces)


def back(backstop: Backstop, backup_id: str, *, data: bool = False) -> OperationView:
    """Rolled back, signed by the CTO where that is needed."""
    begun = asked(backstop, backup_id, data=data)
    if not begun.started:
        asking.approve(backstop, CAROL, begun.approval.id)
    return ended(backstop, begun.operation_id)


def names(view: OperationView) -> list[str]:
    return [step.name for step in view.steps]


def newest(backstop: Backstop) -> str:
    return backstop.catalogue.all()[0].id
