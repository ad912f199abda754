"""App Homes that people have open: drawn anew when an operation begins or ends, so that none shows what is over.

Slack does not say when a Home is closed, so those that were opened within the last hour are kept up to date. Nobody's is
stored: after a restart it is drawn when it is next opened.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from bot import gathered
from bot.registry import REGISTRY
from bot.requests import Kind
from bot.slack import Slack, SlackAway, SlackSaidNo
from bot.views.blocks import context
from bot.views.home import app_home
from ops import alerts, approvals, standing, tasks
from ops.approvals import Approval, may_sign
from ops.backstop import Backstop
from ops.journal import OperationView
from ops.people import Person, Right, Role
from ops.settings import Settings

log = logging.getLogger(__name__)

OPEN_FOR = 3600.0  # seconds after it was opened that a Home is kept up to date
MOST = 50  # people, those who opened theirs last
NO_CHARTS = {"invalid_blocks", "invalid_arguments"}  # what a Slack says that does not know a block
BETWEEN = 0.3  # seconds between two rounds
LOOK = 5.0  # seconds between two looks at what other processes do


class Homes:
    """Who has looked at their Home, and what runs as they see it."""

    def __init__(self, backstop: Backstop, slack: Slack, roles: Callable[[str], frozenset[Role]]) -> None:
        self._backstop = backstop
        self._slack = slack
        self._roles = roles
        self._charts = True  # until Slack says that it draws none
        self._loop = asyncio.get_running_loop()
        self._woken = asyncio.Event()
        self._opened: dict[str, float] = {}
        self._due: set[str] = set()
        self._shown: frozenset[tuple[str, str]] = frozenset()
        self._drawing: asyncio.Task[None] | None = None

    def show(self, person: str) -> None:
        """Draw somebody's Home as it is now, and keep it up to date from then on. From any thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._opened_by, person)

    def _opened_by(self, person: str) -> None:
        """Remember who looks, the last of them last."""
        self._opened.pop(person, None)
        self._opened[person] = time.monotonic()
        while len(self._opened) > MOST:
            del self._opened[next(iter(self._opened))]
        self._due.add(person)
        self._woken.set()

    def changed(self, _operation_id: str) -> None:
        """An operation changed. From any thread."""
        if self._opened and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._woken.set)

    def open(self) -> None:
        """Keep them up to date from now on."""
        self._drawing = asyncio.create_task(self._run(), name="homes")

    async def close(self) -> None:
        """Leave them as they are."""
        if self._drawing:
            self._drawing.cancel()
            await asyncio.gather(self._drawing, return_exceptions=True)

    async def _run(self) -> None:
        """Draw when what runs is no longer what was shown."""
        while True:
            await self._until_woken()
            try:
                await self._round()
            except Exception:
                log.exception("the Homes could not be drawn; trying again")
            await asyncio.sleep(BETWEEN)

    async def _until_woken(self) -> None:
        """Until something changed here, or it is time to look."""
        try:
            async with asyncio.timeout(LOOK):  # wait_for loses a cancel that comes with the waking (Python 3.11)
                await self._woken.wait()
        except TimeoutError:
            return

    async def _round(self) -> None:
        """One look, and a drawing for whoever does not see it yet. There is one drawer, so no older Home follows a newer one."""
        self._woken.clear()
        people = self._looking()
        if not people:
            return
        due, self._due = self._due, set()
        try:
            self._due |= await self._draw(people, due)
        except BaseException:
            self._due |= due
            raise

    async def _draw(self, people: Sequence[str], due: Collection[str]) -> set[str]:
        """Draw for all when what runs is another than they see, else for those who asked; who did not get theirs."""
        running = await asyncio.to_thread(self._backstop.journal.running)
        state = await asyncio.to_thread(self._state, running)
        waiting = people if state != self._shown else [person for person in people if person in due]
        if not waiting:
            return set()
        views = await asyncio.to_thread(_drawn, self._backstop, [Person(id=each, roles=self._roles(each)) for each in waiting])
        got = await asyncio.gather(*(self._publish(person, views[person]) for person in waiting))
        self._shown = state
        return {person for person, there in zip(waiting, got, strict=True) if not there}

    def _state(self, running: Sequence[OperationView]) -> frozenset[tuple[str, str]]:
        """What a Home hangs on: what runs, what waits for a signature, what stands, what is ticked, which backups there are."""
        engine, listed = self._backstop.engine, gathered.lists(self._backstop, datetime.now(UTC))
        return frozenset(
            [
                *((view.id, view.status.value) for view in running),
                *((each.id, each.status.value) for each in approvals.pending(engine)),
                *((str(each.id), each.what.value) for each in standing.all_of(engine)),
                *((each.id, each.kind) for each in tasks.open_ones(engine)),
                *((each.id, str(each.changed_at)) for each in alerts.open_ones(engine)),
                *((each.id, f"{tick.item} {tick.at}") for each in listed for tick in each.ticks.values()),
                *((each.id, each.kind) for each in listed),
                *((each.id, each.type) for each in self._backstop.catalogue.all()),
            ]
        )

    def _looking(self) -> list[str]:
        """Those who opened theirs lately."""
        return [person for person, at in list(self._opened.items()) if time.monotonic() - at < OPEN_FOR]

    async def _publish(self, person: str, view: Mapping[str, Any]) -> bool:
        """One person's; False when Slack is away and it is to be tried again."""
        shown = view if self._charts else without_charts(view)
        try:
            await self._slack.write("views.publish", {"user_id": person, "view": shown})
        except SlackAway as away:
            log.info("the Home of %s waits for Slack: %s", person, away)
            return False
        except SlackSaidNo as no:
            if no.code not in NO_CHARTS or not self._charts or shown == without_charts(view):
                log.info("the Home of %s was not drawn: %s", person, no)
                return True
            log.info("this Slack draws no charts: %s", no)
            self._charts = False
            return await self._publish(person, view)
        return True


def without_charts(view: Mapping[str, Any]) -> dict[str, Any]:
    """The same for a Slack that draws none; the picture of the metrics shows it all the same. Pure."""
    return {**view, "blocks": [block for block in view["blocks"] if block["type"] != "data_visualization"]}


def _drawn(backstop: Backstop, people: Collection[Person]) -> dict[str, dict[str, Any]]:
    """Each person's Home as it is now. In a thread: it asks the remote."""
    state, now, settings = gathered.home(backstop), datetime.now(UTC), backstop.settings
    return {each.id: _allowed(app_home(state, now, partial(_is_theirs, each, settings)), each, settings) for each in people}


def _allowed(view: dict[str, Any], person: Person, settings: Settings) -> dict[str, Any]:
    """A Home with the buttons that this person may click; the click itself is judged again."""
    may = {right for right, roles in settings.approvals.policy.items() if person.roles & roles} | {Right.LOOK}
    blocks = [found for block in view["blocks"] if (found := _with_buttons(block, may))]
    note = [] if person.roles else [context("You are in no role: you may look. Roles are in `[roles]` of the settings.")]
    return {**view, "blocks": [*note, *blocks]}


def _with_buttons(block: dict[str, Any], may: Collection[Right]) -> dict[str, Any]:
    """A block without what may not be clicked; nothing where nothing is left."""
    if block["type"] == "actions":
        left = [each for each in block["elements"] if _needs(each) in may]
        return {**block, "elements": left} if left else {}
    if "accessory" in block and _needs(block["accessory"]) not in may:
        return {key: value for key, value in block.items() if key != "accessory"}
    return block


def _needs(element: Mapping[str, Any]) -> Right:
    """The right that a click needs, as its listener says."""
    listener = REGISTRY.listeners.get((Kind.ACTION, str(element.get("action_id", "")).partition(":")[0], ""))
    return listener.needs if listener else Right.LOOK


def _is_theirs(person: Person, settings: Settings, approval: Approval) -> bool:
    """Whether somebody may sign it, as far as their own id tells; the click decides."""
    return not may_sign(approval, person, datetime.now(UTC), settings)
