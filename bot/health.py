"""Whether Backstop is well: sockets, database, operations, posts that wait."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from bot.posts import Posts
from bot.sockets import Sockets
from ops.journal import Journal


@dataclass
class Health:
    """Looks at the parts; the sockets are there once Slack was found."""

    journal: Journal
    posts: Posts
    sockets: Sockets | None = None

    async def __call__(self) -> tuple[bool, dict[str, Any]]:
        """Well or not, and each part."""
        connected = await self.sockets.connected() if self.sockets else 0
        ping = self.sockets.last_ping() if self.sockets else None
        try:
            running, waiting = await asyncio.to_thread(lambda: (len(self.journal.running()), self.posts.backlog()))
        except SQLAlchemyError as error:
            return False, {"database": type(error).__name__, "slack": {"connections": connected}}
        slack = {"connections": connected, "last_ping_seconds": None if ping is None else round(ping, 1)}
        return connected > 0, {"database": "ok", "slack": slack, "operations": running, "posts_waiting": waiting}
