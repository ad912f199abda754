"""Bots with a schedule: moments that are due or not, production in use since long ago, posts by their title."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sandbox.slack import Client, Shown
from tests import earlier
from tests.world import ENGINEERING, World

LEAD = timedelta(hours=1)


def ago(span: timedelta) -> str:
    """A schedule whose last moment was so long ago."""
    return f"{datetime.now(UTC) - span:%H:%M} UTC"


def scheduled(backup: timedelta, post: timedelta = timedelta(hours=12)) -> str:
    return f'[schedule]\nbackup = "{ago(backup)}"\nhealth = "{ago(post)}"\n'


def in_use_since_yesterday(around: World) -> None:
    """Somebody did something here before what is due today."""
    in_use_for(around, 23)


def in_use_for(around: World, hours: int) -> None:
    """Somebody did something here so many hours ago."""
    earlier.terminal(around, hours, "backup", "quick")


def titled(slack: Client, words: str, channel: str = ENGINEERING) -> list[Shown]:
    return [each for each in slack.messages(channel) if words in each.all_text]


UTC_ZONE = ZoneInfo("UTC")
