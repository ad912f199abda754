"""Whether Backstop is well: sockets, database, schedule, operations, posts that wait."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from bot.alerting import Outgoing
from bot.posts import Posts
from bot.shared import Shared
from bot.sockets import Sockets
from ops.database import file_in_place
from ops.journal import Journal

MOVED = "its file was moved or replaced: stop the bot, put the right file in place, start it"
"""Writing goes on into the file that was opened, which the next start does not find."""
PATIENCE = 3.0  # seconds for the database's answer: a host's own look gives up after five or ten
LATE = 90.0  # seconds without a look after which the schedule counts as stuck


@dataclass
class Health:
    """Looks at the parts; the sockets are there once Slack was found."""

    journal: Journal
    posts: Posts
    outgoing: Outgoing
    sockets: Sockets | None = None
    opened: tuple[int, int] | None = field(init=False)  # the database's file
    counts: Shared[[], tuple[int, int]] = field(init=False)  # operations that run, and posts that wait

    def __post_init__(self) -> None:
        self.opened = file_in_place(self.journal.engine)
        self.counts = Shared("health", lambda: (len(self.journal.running()), self.posts.backlog()), PATIENCE)

    async def __call__(self) -> tuple[bool, dict[str, Any]]:
        """Well or not, and each part."""
        connected = await self.sockets.connected() if self.sockets else 0
        ping = self.sockets.last_ping() if self.sockets else None
        looked = self.looked
        schedule = {"last_look_seconds": None if looked is None else round(looked, 1)}
        if file_in_place(self.journal.engine) != self.opened:
            return False, {"database": MOVED, "slack": {"connections": connected}, "schedule": schedule}
        try:
            running, waiting = await self.counts()
        except (SQLAlchemyError, TimeoutError) as error:
            why = f"no answer within {PATIENCE:.0f} s" if isinstance(error, TimeoutError) else type(error).__name__
            return False, {"database": why, "slack": {"connections": connected}, "schedule": schedule}
        slack = {"connections": connected, "last_ping_seconds": None if ping is None else round(ping, 1)}
        well = connected > 0 and looked is not None and looked < LATE
        return well, {"database": "ok", "slack": slack, "schedule": schedule, "operations": running, "posts_waiting": waiting}

    @property
    def looked(self) -> float | None:
        """Seconds since the schedule looked; None before it first did."""
        at = self.outgoing.looked
        return None if at is None else time.monotonic() - at

    async def gauges(self) -> dict[str, float]:
        """What only this process knows, for Prometheus."""
        connected = await self.sockets.connected() if self.sockets else 0
        _, waiting = await self.counts()
        found = {"slack_connections": float(connected), "posts_waiting": float(waiting)}
        return found | ({"schedule_last_look_seconds": self.looked} if self.looked is not None else {})
