"""A question that takes a thread, asked once at a time: whoever asks meanwhile waits for the same answer.

While a database is silent each look of a host or of Prometheus would take another thread, until nothing else had one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, ParamSpec, TypeVar

Given = ParamSpec("Given")
Answer = TypeVar("Answer")


class Shared(Generic[Given, Answer]):
    """One question.

    Args:
        name: of its task.
        ask: sync.
        patience: seconds that one waits for the answer; the question goes on.
    """

    def __init__(self, name: str, ask: Callable[Given, Answer], patience: float) -> None:
        self._name, self._ask, self._patience = name, ask, patience
        self._asking: asyncio.Task[Answer] | None = None

    async def __call__(self, *given: Given.args, **named: Given.kwargs) -> Answer:
        """The answer; what is given counts for who asks first.

        Raises:
            TimeoutError: it did not come in time.
        """
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(asyncio.to_thread(self._ask, *given, **named), name=self._name)
            self._asking.add_done_callback(lambda done: done.cancelled() or done.exception())  # nobody may wait for it any more
        async with asyncio.timeout(self._patience):
            return await asyncio.shield(self._asking)
