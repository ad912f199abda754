"""Settings by which it is night now."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Australia/Melbourne")  # the team's, in the tests' settings


def by_night() -> str:
    """For the next hours."""
    now = datetime.now(ZONE)
    return f'[alerts]\nnight = "{now - timedelta(hours=2):%H:%M}-{now + timedelta(hours=4):%H:%M}"\n'
