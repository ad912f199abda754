"""The Web API's one address: ``/api/{method}``, with the faults in front."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.slack.api.arguments import Arguments, read
from sandbox.slack.api.tokens import admit, allow
from sandbox.slack.faults import Faults
from sandbox.slack.refusals import Refusal, ratelimited
from sandbox.slack.sockets import Cut

_log = logging.getLogger(__name__)

Method = Callable[[Arguments], dict[str, Any]]


class WebApi:
    """Looks a method up and answers as Slack does."""

    def __init__(self, methods: Mapping[str, Method], faults: Faults, scopes: frozenset[str], cut: Cut) -> None:
        self._methods, self._faults, self._scopes, self._cut = methods, faults, scopes, cut
        self.requests: list[dict[str, Any]] = []

    async def answer(self, request: Request) -> Response:
        """One call."""
        method = request.path_params["method"]
        if self._faults.get("down"):
            return JSONResponse({"ok": False, "error": "service_unavailable"}, 503)
        try:
            values = await read(request)
            arguments = self._recorded(method, values)
            if limit := self._faults.take("ratelimit", method):
                return ratelimited(limit["seconds"])
            self._admitted(method, _token(request, values), arguments)
            if slow := self._faults.take("slow", method):
                await asyncio.sleep(slow["seconds"])
            answer = self._methods[method](arguments)
        except Refusal as refusal:
            return refusal.response()
        except Exception:  # noqa: BLE001  # a defect of the sandbox's must not look like one of the bot's network
            _log.exception("the sandbox's %s failed", method)
            return JSONResponse({"ok": False, "error": "internal_error"}, 500)
        if self._faults.take("lost_answer", method):
            self._cut((request.client.host, request.client.port) if request.client else None)
        return JSONResponse({"ok": True, **answer})

    def _recorded(self, method: str, values: Mapping[str, Any]) -> Arguments:
        """The arguments, written down without the token."""
        payload = {name: value for name, value in values.items() if name != "token"}
        entry: dict[str, Any] = {"at": time.time(), "method": method, "payload": payload}
        self.requests.append(entry)
        arguments = Arguments(payload)
        entry["payload"] = arguments.values
        return arguments

    def _admitted(self, method: str, token: str, arguments: Arguments) -> None:
        if error := self._faults.take("error", method):
            raise Refusal(error["code"])
        if self._faults.get("refuse_token") and method != "api.test":
            raise Refusal("invalid_auth")
        if method not in self._methods:
            raise Refusal("unknown_method")
        if method != "api.test":
            admit(method, token)
        allow(method, arguments, self._scopes)


def _token(request: Request, values: Mapping[str, Any]) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" and token else str(values.get("token", ""))
