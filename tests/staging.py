"""Staging, for the tests of what is done there: a second deployment, verifications, and their ends."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ops import verification
from ops.backstop import Backstop
from ops.journal import OperationView
from ops.people import Person, Role
from sandbox.convex import ConvexServer
from tests.shipping import Shop, ended
from tests.world import wait_for

STAGING = "gentle-trout-7"

STAGING_KEY = f"{STAGING}|02f00d"

BOB = Person(id="U0BOB", roles=frozenset({Role.ENG_LEAD}))

NEVER = threading.Event()


@pytest.fixture
def trout(tmp_path: Path) -> Iterator[ConvexServer]:
    """Staging, with rows of its own and its mark."""
    server = ConvexServer(STAGING, [STAGING_KEY], tmp_path / "trout", step=0.01).start()
    server.insert("users", {"name": "somebody on staging"})
    yield server
    server.stop()


def shop_with(tmp_path: Path, template: Path, trout: ConvexServer, *, put_back: bool = False, **more: Any) -> Shop:
    """A production with a staging beside it."""
    shop = Shop(tmp_path / "shop", template=template, verification={"put_back": put_back}, **more)
    values = shop.values
    shop.more = {
        **shop.more,
        "convex": {"staging": {"name": "trout", "url": trout.url}},
        "secrets": {**values["secrets"], "convex_staging_key": STAGING_KEY},
    }
    return shop


def verified(backstop: Backstop, backup_id: str = "") -> OperationView:
    started = verification.start(backstop.journal, backstop.services, backup_id, "U0BOB", id=uuid.uuid4().hex[:12], now=datetime.now(UTC))
    return ended(backstop, started)


def cancelled(backstop: Backstop, trout: ConvexServer, operation_id: str, step: str) -> OperationView:
    """What somebody cancelled while this step's import ran, as it was then."""
    trout.faults["import"] = "slow:60"  # until it is switched off
    wait_for(lambda: (view := backstop.journal.get(operation_id)) and names(view)[-1:] == [step], step)
    backstop.journal.cancel(operation_id, by="U0CAROL")
    found = backstop.journal.get(operation_id)
    trout.faults["import"] = None
    assert found is not None
    return found


def names(view: OperationView) -> list[str]:
    return [step.name for step in view.steps]


@pytest.fixture
def shop(tmp_path: Path, template: Path, trout: ConvexServer) -> Iterator[Shop]:
    shop = shop_with(tmp_path, template, trout)
    yield shop
    shop.close()


@pytest.fixture
def backstop(shop: Shop) -> Iterator[Backstop]:
    """Staging keeps what was restored there: to put its own back takes as long again."""
    with shop.backstop() as backstop:
        yield backstop


@pytest.fixture
def careful(shop: Shop) -> Iterator[Backstop]:
    """Staging's own data come back."""
    shop.more["verification"] = {"put_back": True}
    with shop.backstop() as backstop:
        yield backstop
