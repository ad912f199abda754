"""Response addresses: what a command or a click may be answered through, five times within half an hour."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from sandbox.slack.faults import Faults
from sandbox.slack.limits import judge_message
from sandbox.slack.messages import Message
from sandbox.slack.recording import record
from sandbox.slack.refusals import Refusal, ratelimited
from sandbox.slack.workspace import Workspace

USES = 5
LIFE = 1800.0  # seconds


@dataclass
class _Address:
    channel: str
    user: str
    source: Message | None  # the message that was clicked in; None for a command
    uses: int = 0
    made: float = field(default_factory=time.monotonic)


class Responses:
    """The addresses that were given out."""

    def __init__(self, workspace: Workspace, faults: Faults) -> None:
        self._workspace, self._faults = workspace, faults
        self._given: dict[str, _Address] = {}

    def new(self, channel: str, user: str, source: Message | None = None) -> str:
        """An address for what was just done."""
        token = secrets.token_urlsafe(18)
        self._given[token] = _Address(channel, user, source)
        return f"{self._workspace.url}/response/{token}"

    async def use(self, request: Request) -> Response:
        """``POST /response/{token}``."""
        if self._faults.get("down"):
            return PlainTextResponse("service_unavailable", 503)
        if limit := self._faults.take("ratelimit", "response_url"):
            return ratelimited(limit["seconds"])
        address = self._given.get(request.path_params["token"])
        if address is None or time.monotonic() - address.made > LIFE:
            return PlainTextResponse("expired_url", 404)
        if address.uses >= USES:
            return PlainTextResponse("used_url", 404)
        address.uses += 1
        try:
            self.respond(address.channel, address.user, orjson.loads(await request.body()), address.source)
        except Refusal as refusal:
            return PlainTextResponse(refusal.code, 400)
        return PlainTextResponse("ok")

    def respond(self, channel: str, user: str, payload: Mapping[str, Any], source: Message | None = None) -> Message | None:
        """Show an answer where it belongs; what then is shown."""
        there = source if source and self._workspace.seen(source.channel, source.ts) is source else None
        if payload.get("delete_original") and there:
            self._workspace.remove(there)
            return None
        judge_message(payload)
        record("message", payload)
        if payload.get("replace_original") and there:
            self._workspace.edit(there, payload)
            return there
        if payload.get("response_type") == "in_channel":
            return self._workspace.post(channel, payload)
        return self._workspace.whisper(channel, user, payload)
