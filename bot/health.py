"""Whether Backstop is well: sockets, database, schedule, operations, posts that wait."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from bot.alerting import Outgoing
from bot.posts import Posts
from bot.sockets import Sockets
from ops.database import file_in_place
from ops.journal import Journal

MOVED = "its file was moved or replaced: stop the bot, put the right file in place, start it"
"""Writing goes on into the file that was opened, which the next start does not find."""
LATE = 90.0  # seconds without a look after which the schedule counts as stuck


@dataclass
class Health:
    """Looks at the parts; the sockets are there once Slack was found."""

    journal: Journal
    posts: Posts
    outgoing: Outgoing
    sockets: Sockets | None = None
    opened: tuple[int, int] | None = field(init=False)  # the database's file

    def __post_init__(self) -> None:
        self.opened = file_in_place(self.journal.engine)

    async def __call__(self) -> tuple[bool, dict[str, Any]]:
        """Well or not, and each part."""
        connected = await self.sockets.connected() if self.sockets else 0
        ping = self.sockets.last_ping() if self.sockets else None
        looked = self.looked
        schedule = {"last_look_seconds": None if looked is None else round(looked, 1)}
        if file_in_place(self.journal.engine) != self.opened:
            return False, {"database": MOVED, "slack": {"connections": connected}, "schedule": schedule}
        try:
            running, waiting = await asyncio.to_thread(lambda: (len(self.journal.running()), self.posts.backlog()))
        except SQLAlchemyError as error:
            return False, {"database": type(error).__name__, "slack": {"connections": connected}, "schedule": schedule}
        slack = {"connections": connected, "last_ping_seconds": None if ping is None else round(ping, 1)}
        well = connected > 0 and looked is not None and looked < LATE
        return well, {"database": "ok", "slack": slack, "schedule": schedule, "operations": running, "posts_waiting": waiting}

    @property
    def looked(self) -> float | None:
        """Seconds since the schedule looked; None before it first did."""
        at = self.outgoing.looked
        return None if at is None else (datetime.now(UTC) - at).total_seconds()

    async def gauges(self) -> dict[str, float]:
        """What only this process knows, for Prometheus."""
        connected = await self.sockets.connected() if self.sockets else 0
        waiting = await asyncio.to_thread(self.posts.backlog)
        found = {"slack_connections": float(connected), "posts_waiting": float(waiting)}
        return found | ({"schedule_last_look_seconds": self.looked} if self.looked is not None else {})
