"""One message an operation, from its start to its end, edited in place.

``changed`` may be called from any thread, as often as it likes. Operations of other processes are found in the journal
every two seconds. What a restart missed is drawn at the next start, so a card always ends in its operation's end.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta

from bot.posts import Posts
from bot.registry import Message
from ops.database import Looks, Writes
from ops.journal import Journal, OperationView, Status

log = logging.getLogger(__name__)

POLL = 2.0  # seconds between two looks into the journal
LONGEST = 10.0  # the same where nobody writes anything
DEBOUNCE = 0.2  # seconds in which changes of one operation become one drawing
REDRAWN = 10.0  # seconds after which what runs is drawn anew, for the time it has taken
OVERLAP = timedelta(seconds=5)  # two machines' clocks may differ by this much
MISSED = timedelta(days=1)  # what ended longer ago without a card gets none
LOOKED_BACK = 100  # operations

Renderer = Callable[[OperationView, datetime], Message]
"""Draws an operation as it stands: rows in, a message out."""


class Cards:
    """The cards of all operations whose kind is in the table, in one channel."""

    def __init__(self, journal: Journal, posts: Posts, writes: Writes, table: Mapping[str, Renderer], channel: str) -> None:  # its parts
        self._journal = journal
        self._posts = posts
        self._looks = Looks(writes, LONGEST)
        self._table = table
        self._channel = channel
        self._loop = asyncio.get_running_loop()
        self._woken = asyncio.Event()
        self._dirty: set[str] = set()
        self._live: set[str] = set()  # ids of what ran when it was last drawn
        self._looked = datetime.now(UTC)
        self._redrawn = time.monotonic()
        self._drawing: asyncio.Task[None] | None = None

    def changed(self, operation_id: str) -> None:
        """An operation's card is out of date. From any thread."""
        try:
            self._loop.call_soon_threadsafe(self._mark, operation_id)
        except RuntimeError:
            log.info("operation %s changed while the bot was ending; the next start draws it", operation_id)

    async def open(self) -> None:
        """Draw what was missed, then keep drawing."""
        self._dirty |= await asyncio.to_thread(self._missed)
        self._drawing = asyncio.create_task(self._run(), name="cards")

    async def close(self) -> None:
        """Draw once more what has changed."""
        if self._drawing:
            self._drawing.cancel()
            await asyncio.gather(self._drawing, return_exceptions=True)
        await asyncio.to_thread(self._draw_all, self._dirty | self._live)

    def _mark(self, operation_id: str) -> None:
        """Remember to draw it."""
        self._dirty.add(operation_id)
        self._woken.set()

    async def _run(self) -> None:
        """Draw whatever changed, again and again."""
        while True:
            await self._until_woken()
            try:
                await self._look()
                await self._draw_changed()
            except Exception:
                log.exception("the cards could not be drawn; trying again")
                await asyncio.sleep(POLL)
            await asyncio.sleep(DEBOUNCE)

    async def _until_woken(self) -> None:
        """Wait for a change here, or until it is time to look at what others do."""
        try:
            async with asyncio.timeout(POLL):  # wait_for loses a cancel that comes with the waking (Python 3.11)
                await self._woken.wait()
        except TimeoutError:
            return

    async def _look(self) -> None:
        """Find what changed elsewhere, and what only grew older."""
        now = datetime.now(UTC)
        if now - self._looked >= timedelta(seconds=POLL) and self._looks.is_due():
            since, self._looked = self._looked - OVERLAP, now
            self._dirty |= set(await asyncio.to_thread(self._journal.changed_since, since))
        if time.monotonic() - self._redrawn > REDRAWN:
            self._redrawn = time.monotonic()
            self._dirty |= self._live

    async def _draw_changed(self) -> None:
        """Draw all that is dirty; after an error it still is."""
        self._woken.clear()
        batch, self._dirty = self._dirty, set()
        try:
            await asyncio.to_thread(self._draw_all, batch)
        except BaseException:
            self._dirty |= batch
            raise

    def _missed(self) -> set[str]:
        """What runs, and what ended after its card was last wanted."""
        recent = [view for view in self._journal.recent(LOOKED_BACK) if view.finished_at]
        return {view.id for view in self._journal.running()} | {view.id for view in recent if self._is_behind(view)}

    def _is_behind(self, view: OperationView) -> bool:
        """Whether an ended operation's card does not know of the end yet."""
        ended = view.finished_at or view.created_at
        wanted = self._posts.wanted_at(view.id)
        return ended > datetime.now(UTC) - MISSED if wanted is None else wanted < ended

    def _draw_all(self, ids: Collection[str]) -> None:
        """Draw these, in a thread."""
        for operation_id in sorted(ids):
            view = self._journal.get(operation_id)
            if view is not None and view.kind in self._table:
                self._draw(view)

    def _draw(self, view: OperationView) -> None:
        """Write down what the card should say; a defect in one drawing must not keep the others away."""
        (self._live.add if view.status is Status.RUNNING else self._live.discard)(view.id)
        try:
            message = self._table[view.kind](view, datetime.now(UTC))
        except Exception:
            log.exception("defect: the card of operation %s could not be drawn", view.id)
            return
        self._posts.say(view.id, self._channel, message)
