"""Something that is looked at again and again, in a thread, in a task of its own: a look that fails does not end it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

log = logging.getLogger(__name__)


class Repeating:
    """One look, so many seconds after the other.

    Args:
        name: of the task, and of what failed, in the log.
        look: sync; the next one comes only when it is over.
        every: seconds between two.
        is_due: whether one is to be taken at all; asked in the event loop, so it answers at once.
    """

    def __init__(self, name: str, look: Callable[[], object], every: float, is_due: Callable[[], bool] = lambda: True) -> None:
        self._name, self._look, self._every, self._is_due = name, look, every, is_due
        self._running: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Begin; what a stop missed is looked at at once."""
        self._running = asyncio.create_task(self._run(), name=self._name)

    async def close(self) -> None:
        """End; a look that is under way is not waited for."""
        if self._running:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    async def _run(self) -> None:
        """Look again and again; whatever goes wrong, the next look may succeed."""
        while True:
            try:
                if self._is_due():
                    await asyncio.to_thread(self._look)
            except Exception:
                log.exception("%s: the look failed; trying again", self._name)
            await asyncio.sleep(self._every)
