"""Socket Mode: tickets, connections, envelopes, acknowledgements.

Each envelope goes to exactly one connection, at random; an acknowledgement counts from whichever it comes.
"""

from __future__ import annotations

import asyncio
import random
import secrets
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect

from sandbox.slack.faults import Faults
from sandbox.slack.people import APP

PATIENCE = 3.0  # seconds that Slack waits for an acknowledgement
MOST = 10  # connections of one app
REFRESHING = 2.0  # seconds that an envelope waits for a new connection after a refresh
_PAUSE = 0.002  # seconds; an event would belong to one loop, and the server can be started again with another
GRACE = 5.0  # seconds from refresh_requested until the old connection is closed

TIMEOUT = "operation_timeout"
NOBODY = "dispatch_failed"

Cut = Callable[[tuple[str, int] | None], None]


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """What is sent to the app."""

    type: str  # slash_commands, interactive, events_api
    payload: Mapping[str, Any]
    attempt: int = 0
    reason: str = ""

    def text(self, envelope_id: str) -> str:
        """On the wire."""
        retry = {"retry_attempt": self.attempt, "retry_reason": self.reason} if self.type == "events_api" else {}
        body = {
            "envelope_id": envelope_id,
            "type": self.type,
            "accepts_response_payload": self.type != "events_api",
            "payload": self.payload,
            **retry,
        }
        return orjson.dumps(body).decode()


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """What came of an envelope."""

    error: str = ""
    payload: Mapping[str, Any] = field(default_factory=dict)
    milliseconds: float = 0.0


@dataclass(eq=False)
class Connection:
    """One websocket of the app's."""

    websocket: WebSocket
    leaving: bool = False  # it was asked to go: used only if no other comes

    async def tell(self, message: Mapping[str, Any]) -> None:
        """Send anything but an envelope."""
        await self.websocket.send_text(orjson.dumps(message).decode())


class Sockets:
    """All connections, and what waits for an acknowledgement."""

    def __init__(self, faults: Faults, cut: Cut) -> None:
        self._faults, self._cut = faults, cut
        self._tickets: set[str] = set()
        self._waiting: dict[str, asyncio.Future[tuple[Mapping[str, Any], float]]] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._refreshing = 0.0  # until when new connections are expected, by the monotonic clock
        self.connections: list[Connection] = []
        self.changed: Callable[[], None] = lambda: None

    def ticket(self) -> str:
        """The right to connect once."""
        ticket = secrets.token_hex(16)
        self._tickets.add(ticket)
        return ticket

    async def connect(self, websocket: WebSocket) -> None:
        """Serve one connection until it ends."""
        ticket = websocket.query_params.get("ticket", "")
        if ticket not in self._tickets or self._faults.get("down"):
            await websocket.close()
            return
        self._tickets.discard(ticket)
        await websocket.accept()
        connection = Connection(websocket)
        if len(self.connections) >= MOST:
            await self._dismiss(connection, "too_many_websockets")
            return
        await connection.tell(self._hello())
        self.connections.append(connection)
        self.changed()
        try:
            while True:
                self._heard(await websocket.receive_text())
        except WebSocketDisconnect:
            return
        finally:
            self.connections.remove(connection)
            self.changed()

    async def deliver(self, envelope: Envelope) -> Delivery:
        """Send an envelope and wait for its acknowledgement."""
        identifier = str(uuid.uuid4())
        waiter = self._waiting[identifier] = asyncio.get_running_loop().create_future()
        began = time.perf_counter()
        try:
            if not await self._sent(envelope.text(identifier)):
                return Delivery(error=NOBODY)
            async with asyncio.timeout(PATIENCE):
                payload, heard = await waiter
        except TimeoutError:
            return Delivery(error=TIMEOUT, milliseconds=(time.perf_counter() - began) * 1000)
        finally:
            self._waiting.pop(identifier, None)
        return Delivery(payload=payload, milliseconds=(heard - began) * 1000)

    async def refresh(self, reason: str = "refresh_requested") -> None:
        """Ask every connection to be opened anew; ``warning`` says that this will happen soon."""
        if reason == "refresh_requested":
            self._refreshing = time.monotonic() + REFRESHING
        for connection in list(self.connections):
            if reason == "warning":
                await connection.tell(_disconnect(reason))
                continue
            connection.leaving = True
            task = asyncio.create_task(self._dismiss(connection, reason, GRACE))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    def drop(self, number: int | None = None) -> None:
        """Cut connections without a word: so many, or all."""
        for connection in self.connections[:number]:
            connection.leaving = True
            client = connection.websocket.client
            self._cut((client.host, client.port) if client else None)

    def _heard(self, text: str) -> None:
        answer = orjson.loads(text)
        waiter = self._waiting.get(answer.get("envelope_id"))
        if waiter and not waiter.done() and not self._faults.get("no_ack_route"):
            waiter.set_result((answer.get("payload") or {}, time.perf_counter()))

    async def _sent(self, text: str) -> bool:
        """Whether some connection took it."""
        tried: set[Connection] = set()
        await self._while_refreshing()
        while connection := self._any(tried):
            tried.add(connection)
            try:
                await connection.websocket.send_text(text)
            except (WebSocketDisconnect, RuntimeError):  # it was closed a moment ago
                continue
            return True
        return False

    async def _while_refreshing(self) -> None:
        """After a refresh a new connection is a moment away: the app hangs up the old one before it comes again."""
        while time.monotonic() < self._refreshing and all(each.leaving for each in self.connections):  # noqa: ASYNC110  # see _PAUSE
            await asyncio.sleep(_PAUSE)

    def _any(self, tried: set[Connection]) -> Connection | None:
        here = [connection for connection in self.connections if connection not in tried]
        return random.choice([each for each in here if not each.leaving] or here or [None])

    def _hello(self) -> dict[str, Any]:
        return {
            "type": "hello",
            "num_connections": len(self.connections) + 1,
            "debug_info": {"host": "applink-sandbox", "build_number": 1, "approximate_connection_time": 18060},
            "connection_info": {"app_id": APP},
        }

    async def _dismiss(self, connection: Connection, reason: str, grace: float = 0.0) -> None:
        try:
            await connection.tell(_disconnect(reason))
            await asyncio.sleep(grace)
            await connection.websocket.close()
        except (WebSocketDisconnect, RuntimeError):
            return  # it went by itself


def _disconnect(reason: str) -> dict[str, Any]:
    return {"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-sandbox"}}
