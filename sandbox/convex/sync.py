"""The sync protocol over a websocket, as much of it as the CLI's client needs to subscribe with an admin key."""

from __future__ import annotations

import asyncio
import base64
import struct
import time
from contextlib import suppress
from typing import Any

from starlette.responses import JSONResponse
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketDisconnected

from sandbox.convex.deployment import Deployment
from sandbox.convex.keys import not_permitted
from sandbox.convex.queries import Queries
from sandbox.convex.refusals import Refusal
from sandbox.convex.values import from_wire, to_wire

_QUIET = 15.0
"""Seconds after which a ping shows that the connection lives."""

Message = dict[str, Any]


class Sync:
    """The endpoint: one session for each websocket."""

    def __init__(self, deployment: Deployment, queries: Queries) -> None:
        self._deployment, self._queries = deployment, queries

    async def connect(self, websocket: WebSocket) -> None:
        """Serve one websocket until it closes."""
        fault = self._deployment.faults.word("ws")
        if fault == "refuse":
            await websocket.send_denial_response(JSONResponse({"code": "ServiceUnavailable", "message": "switched off"}, 503))
            return
        await websocket.accept()
        if fault == "drop":
            await websocket.close(1011)
            return
        with suppress(WebSocketDisconnect):
            await _Session(websocket, self._deployment, self._queries).run()


class _Session:
    """What one client subscribed to, and what it was told last."""

    def __init__(self, websocket: WebSocket, deployment: Deployment, queries: Queries) -> None:
        self._websocket, self._deployment, self._queries = websocket, deployment, queries
        self._key: str | None = None
        self._version = {"querySet": 0, "identity": 0, "ts": 0}
        self._next = {"querySet": 0, "identity": 0}
        self._subscribed: dict[int, Message] = {}
        self._told: dict[int, Message] = {}

    async def run(self) -> None:
        with self._deployment.feed.listening() as changed:
            pushing = asyncio.create_task(self._push(changed))
            try:
                while True:
                    await self._receive(await self._websocket.receive_json())
            finally:
                pushing.cancel()

    async def _push(self, changed: asyncio.Event) -> None:
        while True:
            try:
                await asyncio.wait_for(changed.wait(), _QUIET)
                changed.clear()
                await self._transition()
            except TimeoutError:
                await self._say({"type": "Ping"})

    async def _receive(self, message: Message) -> None:
        self._record("received", message)
        if message["type"] == "Authenticate":
            await self._authenticate(message)
        elif message["type"] == "ModifyQuerySet":
            self._subscribe(message)
            await self._transition(always=True)

    async def _authenticate(self, message: Message) -> None:
        try:
            self._deployment.keys.check(message.get("value"))
        except Refusal as refusal:
            about = {"baseVersion": message["baseVersion"], "authUpdateAttempted": True}
            await self._say({"type": "AuthError", "error": refusal.message, **about})
            await self._websocket.close()
            raise WebSocketDisconnect from refusal
        self._key = message["value"]
        self._next["identity"] = message["baseVersion"] + 1
        await self._transition(always=True)

    def _subscribe(self, message: Message) -> None:
        for change in message["modifications"]:
            if change["type"] == "Add":
                self._subscribed[change["queryId"]] = change
            else:
                self._subscribed.pop(change["queryId"], None)
                self._told.pop(change["queryId"], None)
        self._next["querySet"] = message["newVersion"]

    async def _transition(self, *, always: bool = False) -> None:
        """Tell the client what is new; without ``always`` only if something is."""
        results = {identifier: self._result(query) for identifier, query in self._subscribed.items()}
        news = [result for identifier, result in results.items() if self._told.get(identifier) != result]
        if not news and not always:
            return
        self._told.update(results)
        start, self._version = self._version, {**self._next, "ts": self._deployment.now.nanoseconds()}
        versions = {"startVersion": _on_the_wire(start), "endVersion": _on_the_wire(self._version)}
        await self._say({"type": "Transition", **versions, "modifications": news})

    def _result(self, query: Message) -> Message:
        result: Message = {"queryId": query["queryId"], "logLines": [], "journal": None}
        try:
            value = self._answer(query)
        except Refusal as refusal:
            return {"type": "QueryFailed", "errorMessage": refusal.message, "errorData": None, **result}
        return {"type": "QueryUpdated", "value": to_wire(value), **result}

    def _answer(self, query: Message) -> Any:
        found = self._queries.find(query["udfPath"])
        if self._key is None:
            raise not_permitted(found.action or "any")
        self._deployment.keys.check(self._key, found.action)
        arguments = from_wire(query["args"][0]) if query["args"] else {}
        return found.answer({**arguments, "component": query.get("componentPath") or ""})

    async def _say(self, message: Message) -> None:
        self._record("sent", message)
        with suppress(WebSocketDisconnected):  # it left in this moment; whoever receives from it ends the session
            await self._websocket.send_json(message)

    def _record(self, direction: str, message: Message) -> None:
        shown = {key: value for key, value in message.items() if key != "value"}  # an Authenticate's is the key
        self._deployment.requests.append({"at": time.time(), "kind": "websocket", "direction": direction, "message": shown})


def _on_the_wire(version: dict[str, int]) -> Message:
    return {**version, "ts": base64.b64encode(struct.pack("<Q", version["ts"])).decode()}
