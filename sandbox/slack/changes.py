"""A counter of changes, for those who look at the workspace."""

from __future__ import annotations

import asyncio
from contextlib import suppress


class Changes:
    """Counts; whoever waits is woken. In the server's loop only."""

    def __init__(self) -> None:
        self.count = 0
        self.closed = False
        self._waiting: set[asyncio.Future[None]] = set()

    def mark(self) -> None:
        """Something that somebody may see has changed."""
        self.count += 1
        self._wake()

    def close(self) -> None:
        """Nobody waits any longer."""
        self.closed = True
        self._wake()

    async def after(self, count: int, limit: float) -> int:
        """Wait until the counter is past ``count``, or so many seconds; the counter then."""
        if self.count == count and not self.closed:
            waiter = asyncio.get_running_loop().create_future()
            self._waiting.add(waiter)
            try:
                with suppress(TimeoutError):
                    await asyncio.wait_for(waiter, limit)
            finally:
                self._waiting.discard(waiter)
        return self.count

    def _wake(self) -> None:
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)
        self._waiting.clear()
