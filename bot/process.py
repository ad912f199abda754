"""The bot's parts, put together: what begins later may use what began before, and everything ends in the opposite order.

So at the end first the sockets are drained and closed, then what was handed over, the web, the journal (what runs is left
for the next start), the cards, the posts, the inbox, the database and last the HTTP session.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

from aiohttp import ClientSession, ClientTimeout

import bot.listeners  # noqa: F401  # fills the registry
from bot.alerting import Outgoing
from bot.app import Front, build
from bot.cards import Cards
from bot.channels import Channels
from bot.complaints import Complaints
from bot.delivery import Delivery
from bot.desk import Desk
from bot.directory import Directory
from bot.handling import Handling
from bot.health import Health
from bot.homes import Homes
from bot.inbox import Inbox
from bot.link import Found, find
from bot.poster import Poster
from bot.posts import Posts
from bot.registry import REGISTRY, View
from bot.requests import Request
from bot.schedule import Schedule
from bot.settings import BotSettings
from bot.shared import Shared
from bot.slack import Slack, web_client
from bot.sockets import Sockets
from bot.timer import Timer
from bot.views import changing, restored, standing
from bot.views import drill as drilling
from bot.views import verification as verifying
from bot.views.backup import card
from bot.web import Web
from bot.witness import Witness
from bot.workers import Workers
from ops import alerts, approvals, deploy, drill, maintenance, pausing, restore, rollback, salvage, verification, watch
from ops.backstop import Backstop
from ops.database import Writes
from ops.journal.runners import Runner
from ops.metrics.scraped import Scraped

log = logging.getLogger(__name__)

CARDS = {
    **dict.fromkeys(("quick backup", "full backup", "verify"), card),
    **dict.fromkeys((deploy.KIND, *rollback.KINDS), changing.card),
    **dict.fromkeys(restore.KINDS, restored.card),
    salvage.KIND: restored.salvaged,
    watch.KIND: restored.watched,
    verification.KIND: verifying.card,
    drill.KIND: drilling.card,
    **dict.fromkeys(maintenance.KINDS, standing.switched),
    pausing.KIND: standing.unpaused,
}
"""Which operations have a card, and who draws it."""

CALL = 15.0  # seconds that one call of Slack's Web API may take
DRAIN = 3.0  # seconds that what is being answered, or shown, may still take at the end
DRAWING = 2.0  # seconds that showing how far something is may hold it up
ASKING = 5.0  # seconds that Slack may take to say who is in the user groups
SCRAPED = 9.0  # seconds that the figures for Prometheus may take, which gives up after ten
HOUSEKEEPING = 15.0  # seconds between two looks for what another bot left in the inbox


class Changes:
    """Passes on which operation changed, to whoever wants to know by then."""

    def __init__(self) -> None:
        self.listeners: list[Callable[[str], None]] = []

    def __call__(self, operation_id: str) -> None:
        """From any thread."""
        for listener in self.listeners:
            listener(operation_id)


@dataclass(kw_only=True)
class Parts:
    """What is there whether Slack is or not."""

    settings: BotSettings
    slack: Slack
    backstop: Backstop
    directory: Directory
    handling: Handling
    homes: Homes
    health: Health


async def serve(settings: BotSettings, stop: asyncio.Event, ready: Callable[[], None] = lambda: None) -> None:
    """Run until ``stop`` is set; ``ready`` is called once Slack is connected.

    Raises:
        WrongSetting: Slack refuses a token, or the database cannot be opened.
    """
    async with AsyncExitStack() as ending:
        session = await ending.enter_async_context(ClientSession(timeout=ClientTimeout(total=CALL)))
        slack = Slack(web_client(settings.slack_bot_token.get_secret_value(), settings.slack_api_url, session), session, settings.hidden)
        finding = asyncio.create_task(_find(slack, settings), name="find Slack")
        ending.push_async_callback(_over, finding)
        parts = await _open(ending, settings, slack)
        if finding.done():
            finding.result()  # a refused token ends the start before any operation is taken up
        await _begin(ending, parts)
        connecting = asyncio.create_task(_connect(ending, parts, finding, ready), name="connect to Slack")
        await _until(stop, connecting)


async def _find(slack: Slack, settings: BotSettings) -> Found:
    """Who we are at Slack, and where to connect."""
    return await find(slack, settings.slack_bot_token.get_secret_value(), settings.slack_app_token.get_secret_value())


async def _over(task: asyncio.Task[Any]) -> None:
    """See to it that a task is over."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _until(stop: asyncio.Event, connecting: asyncio.Task[None]) -> None:
    """Wait for the end; a connection that can never come is one."""
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({stopping, connecting}, return_when=asyncio.FIRST_COMPLETED)
        if connecting.done():
            connecting.result()
        await stopping
    finally:
        for task in (stopping, connecting):
            task.cancel()
        await asyncio.gather(stopping, connecting, return_exceptions=True)


async def _open(ending: AsyncExitStack, settings: BotSettings, slack: Slack) -> Parts:
    """Open the database and everything that is kept in it."""
    loop = asyncio.get_running_loop()
    for warning in (*approvals.warnings(settings), *alerts.warnings(settings)):
        log.warning(warning)
    changes = Changes()
    backstop = await asyncio.to_thread(partial(Backstop.open, settings, adopts=True, changed=changes))
    ending.callback(backstop.engine.dispose)
    writes = Writes(backstop.engine)
    ending.callback(writes.close)
    runner = Runner(settings.state / "runners" if backstop.engine.dialect.name == "sqlite" else None)
    ending.callback(runner.close)
    inbox = Inbox(backstop.engine, runner)
    await asyncio.to_thread(inbox.open)
    ending.callback(inbox.close)
    delivery = Delivery(slack)
    places = {"engineering": settings.slack.engineering, "incidents": settings.slack.incidents}
    posts = Posts(backstop.engine, runner, woken=lambda: _soon(loop, poster.wake), places=places)
    directory = Directory(slack, settings.roles, settings.approvals.policy)
    complaints = Complaints(backstop.journal, posts, settings.roles, directory.members)
    poster = Poster(posts, writes, slack, Channels(slack), complaints)
    ending.push_async_callback(poster.close, DRAIN)
    await asyncio.to_thread(posts.take_from_the_dead)
    if moved := await asyncio.to_thread(posts.move):
        log.info("%d posts for channels that the settings no longer name go to those that they do", moved)
    cards = Cards(backstop.journal, posts, writes, CARDS, settings.slack.engineering)
    ending.push_async_callback(cards.close)
    homes = Homes(backstop, slack, directory.roles_of)
    ending.push_async_callback(homes.close)
    changes.listeners += [cards.changed, homes.changed]
    workers = Workers()
    drawing, members = partial(_drawn, loop, delivery), partial(_members, loop, directory)
    witness = Witness(slack, settings.slack.engineering)
    desk = Desk(
        backstop=backstop, settings=settings, writes=writes, posts=posts, homes=homes, members=members, witness=witness, draw=drawing
    )
    timer = Timer(desk)
    ending.push_async_callback(timer.close)
    outgoing = Outgoing(desk)
    ending.push_async_callback(outgoing.close)
    schedule = Schedule(desk, outgoing)
    ending.push_async_callback(schedule.close)
    changes.listeners.append(schedule.changed)
    handling = Handling(inbox=inbox, workers=workers, delivery=delivery, desk=desk)
    await cards.open()
    poster.open()
    homes.open()
    timer.open()
    outgoing.open()
    schedule.open()
    health = Health(journal=backstop.journal, posts=posts, outgoing=outgoing)
    return Parts(settings=settings, slack=slack, backstop=backstop, directory=directory, handling=handling, homes=homes, health=health)


def _soon(loop: asyncio.AbstractEventLoop, wake: Callable[[], None]) -> None:
    """Call in the loop's thread; at the very end there is none any more, and nobody to wake."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(wake)


def _members(loop: asyncio.AbstractEventLoop, directory: Directory) -> dict[str, frozenset[str] | None]:
    """Who is in each user group, asked from a worker's thread."""
    asking = asyncio.run_coroutine_threadsafe(directory.members(), loop)
    try:
        return asking.result(ASKING)
    except TimeoutError:
        asking.cancel()
        return dict.fromkeys(directory.groups)


def _drawn(loop: asyncio.AbstractEventLoop, delivery: Delivery, request: Request, view: View) -> None:
    """Draw from a worker's thread, and wait for it: what is drawn later must not be overtaken."""
    drawing = asyncio.run_coroutine_threadsafe(delivery.meanwhile(request, view), loop)
    try:
        drawing.result(DRAWING)
    except Exception as error:  # noqa: BLE001  # it only shows how far something is; the answer follows all the same
        drawing.cancel()
        log.info("how far it is could not be shown: %s", type(error).__name__)


async def _begin(ending: AsyncExitStack, parts: Parts) -> None:
    """Go on with what a former process left, and answer who asks over HTTP."""
    backstop, handling = parts.backstop, parts.handling
    await asyncio.to_thread(backstop.journal.open)
    ending.push_async_callback(asyncio.to_thread, backstop.journal.close)
    if parts.settings.port is not None:
        scraped = Shared("figures", Scraped(backstop).text, SCRAPED)
        web = Web(parts.health, partial(_scraped, scraped, parts.health), parts.settings.host, parts.settings.port)
        await web.open()
        ending.push_async_callback(web.close)
    ending.push_async_callback(handling.workers.close, DRAIN)
    keeping_house = asyncio.create_task(_keep_house(parts), name="housekeeping")
    ending.push_async_callback(_over, keeping_house)


async def _scraped(scraped: Shared[[Mapping[str, float]], bytes], health: Health) -> bytes:
    """The figures for Prometheus."""
    return await scraped(await health.gauges())


async def _keep_house(parts: Parts) -> None:
    """At start tidy the folder; then take up what any dead process left in the inbox, again and again."""
    tidying = True
    while True:
        try:
            if left := await parts.handling.replay(REGISTRY):
                log.info("%d things that a crash left in the inbox were taken up", left)
            if tidying:
                swept = await asyncio.to_thread(parts.backstop.tidy)
                log.info("tidied: %d leftovers removed, %d left for a person %s", len(swept.removed), len(swept.left), list(swept.left))
                tidying = False
        except Exception:  # the next look may succeed, and nothing else hangs on this one
            log.exception("housekeeping failed; trying again")
        await asyncio.sleep(HOUSEKEEPING)


async def _connect(ending: AsyncExitStack, parts: Parts, finding: asyncio.Task[Found], ready: Callable[[], None]) -> None:
    """Connect once Slack is found."""
    found = await asyncio.shield(finding)
    parts.directory.team = found.team
    front = Front(
        registry=REGISTRY,
        directory=parts.directory,
        policy=parts.settings.approvals.policy,
        slack=parts.slack,
        handling=parts.handling,
    )
    secret = parts.settings.slack_signing_secret
    app = build(front, found.identity, secret.get_secret_value() if secret else "")
    parts.health.sockets = sockets = Sockets(app, parts.slack, parts.settings.slack_app_token.get_secret_value())
    ending.push_async_callback(sockets.close, DRAIN)
    await sockets.open(found.address)
    parts.handling.workers.beside(parts.directory.warm())
    ready()
