"""Where listeners do their work: a few threads for deeds, a few for reads, and each person's deeds one after the other."""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections import deque
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

Result = TypeVar("Result")

log = logging.getLogger(__name__)

DEEDS = 8  # threads; a deed starts an operation, it does not do it
READS = 4
ANSWERS = 8  # on their way to Slack at once: acknowledgements come first, and a burst of answers would delay them

Deed = Callable[[], Coroutine[Any, Any, None]]


class Workers:
    """Threads, and the order of what one person asked for."""

    def __init__(self) -> None:
        self._deeds = ThreadPoolExecutor(DEEDS, thread_name_prefix="deed")
        self._reads = ThreadPoolExecutor(READS, thread_name_prefix="read")
        self._waiting: dict[str, deque[Deed]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.answers = asyncio.Semaphore(ANSWERS)

    async def read(self, work: Callable[[], Result]) -> Result:
        """Look something up, beside whatever else runs."""
        return await self._in(self._reads, work)

    async def do(self, work: Callable[[], Result]) -> Result:
        """Do something."""
        return await self._in(self._deeds, work)

    def after_the_others(self, person: str, deed: Deed) -> None:
        """Run a deed when everything that this person asked for before is done."""
        if person in self._waiting:
            self._waiting[person].append(deed)
            return
        self._waiting[person] = deque([deed])
        self.beside(self._one_by_one(person))

    def beside(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run something beside the rest, and remember it until it ends."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def close(self, limit: float) -> None:
        """Let what runs end within so many seconds; what does not is in the inbox still."""
        if self._tasks:
            _, left = await asyncio.wait(set(self._tasks), timeout=limit)
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
        for pool in (self._deeds, self._reads):
            pool.shutdown(wait=False, cancel_futures=True)

    async def _one_by_one(self, person: str) -> None:
        """Empty one person's queue."""
        queue = self._waiting[person]
        try:
            while queue:
                await self._logged(queue[0])
                queue.popleft()
        finally:
            del self._waiting[person]

    async def _logged(self, deed: Deed) -> None:
        """One deed; whatever it raises must not keep the next from its turn."""
        try:
            await deed()
        except Exception:  # the person was told by the deed itself, this is the last net
            log.exception("a deed ended badly")

    async def _in(self, pool: ThreadPoolExecutor, work: Callable[[], Result]) -> Result:
        """Run in a thread that knows whose work it does."""
        context = contextvars.copy_context()
        return await asyncio.get_running_loop().run_in_executor(pool, context.run, work)
