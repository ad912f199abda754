"""The whole HTTP side of a deployment as one Starlette application."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.convex.deployment import Deployment
from sandbox.convex.refusals import Refusal, answer

_log = logging.getLogger(__name__)


def application(deployment: Deployment, routes: Iterable[BaseRoute]) -> Starlette:
    """All routes, with every request recorded and the HTTP faults in front."""
    return Starlette(
        routes=list(routes),
        middleware=[Middleware(_Recording, deployment=deployment), Middleware(_Failing, deployment=deployment)],
        exception_handlers={Refusal: answer, 404: _unknown, Exception: _defect},
    )


class _Recording:
    """Writes down every request with the status of its answer; keys and bodies are left out."""

    def __init__(self, app: ASGIApp, deployment: Deployment) -> None:
        self._app, self._deployment = app, deployment

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/__sandbox/"):
            await self._app(scope, receive, send)
            return
        entry = _entry(scope)
        self._deployment.requests.append(entry)

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                entry["status"] = message["status"]
            await send(message)

        await self._app(scope, receive, noting)


class _Failing:
    """Answers what the fault ``http`` says, before anything else is looked at."""

    def __init__(self, app: ASGIApp, deployment: Deployment) -> None:
        self._app, self._deployment = app, deployment

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = self._fault(scope)
        if fault is None:
            await self._app(scope, receive, send)
            return
        await asyncio.sleep(fault.get("delay", 0))
        if "status" not in fault:
            await self._app(scope, receive, send)
            return
        body = {"code": fault.get("code", "Fault"), "message": fault.get("message", "switched on in the sandbox")}
        await JSONResponse(body, fault["status"])(scope, receive, send)

    def _fault(self, scope: Scope) -> dict[str, Any] | None:
        if scope["type"] != "http" or scope["path"].startswith("/__sandbox/"):
            return None
        for fault in self._deployment.faults.get("http", []):
            if scope["path"].startswith(fault["path"]) and fault.get("times", 1) > 0:
                fault["times"] = fault.get("times", 1) - 1
                return dict(fault)
        return None


def _entry(scope: Scope) -> dict[str, Any]:
    headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
    return {
        "at": time.time(),
        "kind": "http",
        "method": scope["method"],
        "path": scope["path"],
        "query": dict(parse_qsl(scope["query_string"].decode())),
        "client": headers.get("convex-client"),
        "status": None,
    }


async def _unknown(request: Request, _: Exception) -> Response:
    return JSONResponse({"code": "NotFound", "message": f"the sandbox has no {request.method} {request.url.path}"}, 404)


async def _defect(request: Request, error: Exception) -> Response:
    if not isinstance(error, ConnectionAbortedError):  # that is a fault which cuts an answer
        _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return JSONResponse({"code": "InternalServerError", "message": repr(error)}, 500)
