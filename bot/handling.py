"""What happens after the acknowledgement: the work of a listener, once, in order, and the way back to the person."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from bot.delivery import Delivery
from bot.desk import Desk
from bot.inbox import Inbox
from bot.logs import operation
from bot.registry import Ack, Answer, Listener, NoListener, Open, Registry, Reply, Show
from bot.requests import Kind, Request
from bot.slack import SlackAway, SlackSaidNo
from bot.workers import Workers
from ops.errors import Failed

log = logging.getLogger(__name__)

TRIES = (1.0, 3.0, 10.0, 30.0, 60.0)  # seconds between two tries to tell somebody something while Slack is away


class NoWindow(Failed):
    """Slack did not open the window in time."""


@dataclass(frozen=True, kw_only=True)
class Handling:
    """Runs listeners in worker threads and delivers what they return."""

    inbox: Inbox
    workers: Workers
    delivery: Delivery
    desk: Desk

    async def store(self, request: Request) -> bool:
        """Keep it; False if it was here before."""
        return await self.inbox.store(request)

    def hand_over(self, request: Request, listener: Listener, answer: Answer | None) -> asyncio.Task[Request]:
        """Start the work, in the person's order if it is a deed. Returns the task that opens the window."""
        opening = asyncio.get_running_loop().create_task(self._window(request, answer))
        work = partial(self._work, request, listener, opening)
        if listener.stored:
            self.workers.after_the_others(request.person.id, work)
        else:
            self.workers.beside(work())
        return opening

    def reading(self, request: Request, listener: Listener) -> asyncio.Task[Reply | None]:
        """Start a look."""
        return asyncio.get_running_loop().create_task(self.workers.read(partial(listener.work, request, self.desk)))

    def later(self, request: Request, reading: asyncio.Task[Reply | None]) -> None:
        """Deliver a look that took too long to be the acknowledgement."""
        self.workers.beside(self._delivered(request, reading))

    def tell(self, request: Request, reply: Reply) -> None:
        """Deliver, beside everything else."""
        self.workers.beside(self._told(request, reply))

    def draw(self, request: Request, reply: Reply) -> None:
        """Deliver a reply's picture only, beside everything else: the rest is there."""
        self.workers.beside(self._drawn(request, reply))

    def tell_error(self, request: Request, error: Exception) -> None:
        """Deliver an error, beside everything else."""
        self.workers.beside(self._stubbornly(partial(self.delivery.error, request, error)))

    async def replay(self, registry: Registry) -> int:
        """Hand over what a crash left in the inbox; how much it was."""
        left = await asyncio.to_thread(self.inbox.left)
        for request in left:
            try:
                listener = registry.find(request)
            except NoListener as error:
                self.inbox.done(request, "no listener")
                self.tell_error(request, error)
                continue
            self.hand_over(request, listener, None)
        return len(left)

    async def _window(self, request: Request, answer: Answer | None) -> Request:
        """The request, with the window that its answer opened or left open."""
        match answer:
            case Open():
                return await self.delivery.open(request, answer)
            case Show():
                return replace(request, opened=True)
            case Ack() if request.kind is Kind.SUBMISSION:
                return replace(request, view_id="", view_type="")
        return request

    async def _work(self, request: Request, listener: Listener, opening: asyncio.Task[Request]) -> None:
        """Do it, write down that it is done, deliver."""
        operation.set(request.operation_id)
        try:
            request = await self._opened(request, listener, opening)
            await self.inbox.quiet()
            run = self.workers.do if listener.stored else self.workers.read
            reply = await run(partial(listener.work, request, self.desk))
        except Exception as error:  # noqa: BLE001  # whatever it was, the person hears of it, with a reference if it is a defect
            self.tell_error(request, error)
            await self._done(request, listener, type(error).__name__)
            return
        await self._done(request, listener, "done")
        if reply is not None:
            self.tell(request, reply)

    async def _opened(self, request: Request, listener: Listener, opening: asyncio.Task[Request]) -> Request:
        """Wait for the window; a deed goes on without it, a look is pointless then."""
        try:
            return await opening
        except (SlackSaidNo, SlackAway) as error:
            log.warning("no window for %s: %s", request.name, error)
            if listener.stored:
                return request
            raise NoWindow("Slack did not open the window.", "Ask again.") from None

    async def _done(self, request: Request, listener: Listener, outcome: str) -> None:
        """Mark a deed's row."""
        if listener.stored:
            self.inbox.done(request, outcome)

    async def _delivered(self, request: Request, reading: asyncio.Task[Reply | None]) -> None:
        """Wait for a slow look, then deliver it or its error."""
        try:
            reply = await reading
        except Exception as error:  # noqa: BLE001  # as in _work
            self.tell_error(request, error)
            return
        if reply is not None:
            self.tell(request, reply)

    async def _told(self, request: Request, reply: Reply) -> None:
        """The words, then the picture."""
        await self._stubbornly(partial(self.delivery.reply, request, reply))
        await self._drawn(request, reply)

    async def _drawn(self, request: Request, reply: Reply) -> None:
        """Draw in a worker's thread, and upload; a defect costs the picture and nothing else."""
        if reply.picture is None:
            return
        try:
            made = await self.workers.read(reply.picture)
        except Exception:
            log.exception("a picture could not be drawn")
            return
        for each in made if isinstance(made, list) else [made]:
            await self._stubbornly(partial(self.delivery.picture, request, each, directly=reply.directly))

    async def _stubbornly(self, deliver: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Deliver, and try again for a while when Slack is away."""
        for wait in (*TRIES, None):
            try:
                async with self.workers.answers:
                    await self.inbox.quiet()
                    return await deliver()
            except SlackAway as away:
                if wait is None:
                    log.warning("an answer could not be delivered: %s", away)
                    return None
                await asyncio.sleep(max(wait, away.after))
            except Exception as error:
                log.exception("an answer could not be delivered", exc_info=error)
                return None
        return None
