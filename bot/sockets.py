"""Two Socket Mode connections that are kept alive: Slack's refreshes, drops and outages lose nothing that was acknowledged.

The first address is asked for by hand, because the client asks for ever, also with a token that Slack does not take.
A connection that stays down is replaced by a new client: a used one can end in a loop over its closed session.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from typing import TYPE_CHECKING, Any

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.adapter.socket_mode.internals import build_headers
from slack_bolt.request.async_request import AsyncBoltRequest

if TYPE_CHECKING:
    from slack_bolt.async_app import AsyncApp
    from slack_sdk.socket_mode.aiohttp import SocketModeClient
    from slack_sdk.socket_mode.request import SocketModeRequest

    from bot.slack import Slack

log = logging.getLogger(__name__)

CONNECTIONS = 2  # one takes what comes while Slack refreshes the other
DOWN = 6.0  # seconds of being down after which a connection is made anew: the client tries for ever, with an address that is good once
WATCH = 1.0  # seconds between two looks
PING = 3.0  # seconds between two pings; a cut connection is noticed, and made again, at one of them
CONNECTING = 15.0  # seconds that a connection may take


class Handler(AsyncSocketModeHandler):
    """Hands each envelope to Bolt, and knows what is in flight: the client keeps no reference and waits for nothing."""

    def __init__(self, app: AsyncApp, app_token: str, in_flight: set[asyncio.Task[Any] | None]) -> None:
        super().__init__(app, app_token, ping_interval=PING)
        self.client.proxy = app.client.proxy
        self._in_flight = in_flight

    async def handle(self, client: SocketModeClient, req: SocketModeRequest) -> None:  # type: ignore[override]  # Bolt's own type is looser
        """Answer one envelope; what Bolt did not answer with 200 gets nothing, so that Slack sees it as missed."""
        task = asyncio.current_task()
        self._in_flight.add(task)
        try:
            request = AsyncBoltRequest(mode="socket_mode", body=req.payload, headers=build_headers(req))
            response = await self.app.async_dispatch(request)
            if response.status == 200:
                payload = f', "payload": {response.body}' if response.body else ""  # it is JSON already
                await client.send_message(f'{{"envelope_id": {json.dumps(req.envelope_id)}{payload}}}')
        finally:
            self._in_flight.discard(task)


class Sockets:
    """The connections, and the watch over them."""

    def __init__(self, app: AsyncApp, slack: Slack, app_token: str) -> None:
        self._app = app
        self._slack = slack
        self._token = app_token
        self._handlers: list[Handler] = []
        self._in_flight: set[asyncio.Task[Any] | None] = set()
        self._connecting: list[asyncio.Task[None]] = []
        self._watch: asyncio.Task[None] | None = None
        self._down_since: dict[int, float] = {}

    async def address(self) -> str:
        """Ask for a connection's address.

        Raises:
            SlackSaidNo: the token is refused.
            SlackAway: Slack is not reached.
        """
        return await self._slack.socket_address(self._token)

    async def open(self, address: str) -> None:
        """Connect, the first with this address, and keep watch."""
        self._handlers = [self._handler() for _ in range(CONNECTIONS)]
        self._handlers[0].client.wss_uri = address
        self._watch = asyncio.create_task(self._watching(), name="watch over the sockets")
        self._connecting = [asyncio.create_task(handler.connect_async()) for handler in self._handlers]  # type: ignore[no-untyped-call]  # Bolt ships it without types
        _, late = await asyncio.wait(self._connecting, timeout=CONNECTING)
        if late:
            log.warning("%d connections to Slack are not there yet", len(late))

    async def connected(self) -> int:
        """How many connections are up."""
        return sum([await handler.client.is_connected() for handler in self._handlers])

    def last_ping(self) -> float | None:
        """Seconds since Slack last answered a ping, on the better connection."""
        times = [handler.client.last_ping_pong_time for handler in self._handlers]
        return min((time.time() - at for at in times if at), default=None)

    async def close(self, drain: float) -> None:
        """Answer what is in flight, then hang up."""
        ending = [*self._connecting, *([self._watch] if self._watch else [])]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
        flying = {task for task in self._in_flight if task}
        if flying:
            await asyncio.wait(flying, timeout=drain)
        await asyncio.gather(*(_hang_up(handler) for handler in self._handlers))

    def _handler(self) -> Handler:
        """A new client for one connection."""
        return Handler(self._app, self._token, self._in_flight)

    async def _watching(self) -> None:
        """Replace each connection that stays down."""
        while True:
            await asyncio.sleep(WATCH)
            for place, handler in enumerate(self._handlers):
                if await handler.client.is_connected():
                    self._down_since.pop(place, None)
                elif time.monotonic() - self._down_since.setdefault(place, time.monotonic()) > DOWN:
                    await self._replace(place)

    async def _replace(self, place: int) -> None:
        """Connect a new client before the dead one is hung up."""
        fresh = self._handler()
        try:
            fresh.client.wss_uri = await self.address()
            await asyncio.wait_for(fresh.connect_async(), CONNECTING)  # type: ignore[no-untyped-call]  # Bolt ships it without types
        except Exception as error:  # noqa: BLE001  # whatever it was, the watch goes on and tries again
            log.warning("connection %d to Slack is down, and no new one: %s", place, error or type(error).__name__)
            self._down_since[place] = time.monotonic()
            await _hang_up(fresh)
            return
        log.warning("connection %d to Slack was down for %.0f s and was replaced", place, DOWN)
        dead, self._handlers[place] = self._handlers[place], fresh
        self._down_since.pop(place, None)
        await _hang_up(dead)


async def _hang_up(handler: Handler) -> None:
    """Close one connection, whatever state it is in."""
    try:
        await asyncio.wait_for(handler.close_async(), 3)  # type: ignore[no-untyped-call]  # Bolt ships it without types
    except Exception as error:  # noqa: BLE001  # a socket that cannot be closed is gone all the same
        log.info("closing a connection: %r", error)
