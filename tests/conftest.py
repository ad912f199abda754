"""What most tests need: a production on loopback, and the real bot beside it. One world a file, unless a test makes its own."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.slack import Client
from tests.bolt import people, server, trigger, web  # noqa: F401 # fixtures
from tests.databases import database, postgresql  # noqa: F401 # fixtures
from tests.journals import bots  # noqa: F401 # a fixture
from tests.shipping import second
from tests.world import World, running, world


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The outside, with the real bot at work in it."""
    with world(tmp_path_factory.mktemp("shop")) as around, running(around):
        yield around


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop whose second commit was deployed after a full backup, to be copied: made once, whoever of the workers comes first."""
    base = tmp_path_factory.getbasetemp()
    home = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with (home / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "template.made").exists():
            shutil.rmtree(home / "template", ignore_errors=True)
            (home / "template").mkdir()
            second(home / "template")
            (home / "template.made").touch()
    return home / "template"


@pytest.fixture
def slack(shop: World) -> Client:
    """What people see and do in Slack."""
    return shop.slack.client


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[World]:
    """A world of a test's own, no bot in it yet."""
    with world(tmp_path) as around:
        yield around
