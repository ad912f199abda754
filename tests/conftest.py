"""What most tests need: a production on loopback, and the real bot beside it. One world a file, unless a test makes its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.slack import Client
from tests.bolt import people, server, trigger, web  # noqa: F401 # fixtures
from tests.databases import database, postgresql  # noqa: F401 # fixtures
from tests.journals import bots  # noqa: F401 # a fixture
from tests.world import World, running, world


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The outside, with the real bot at work in it."""
    with world(tmp_path_factory.mktemp("shop")) as around, running(around):
        yield around


@pytest.fixture
def slack(shop: World) -> Client:
    """What people see and do in Slack."""
    return shop.slack.client


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[World]:
    """A world of a test's own, no bot in it yet."""
    with world(tmp_path) as around:
        yield around
