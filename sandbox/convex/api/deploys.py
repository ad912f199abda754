"""Pushes of code over HTTP. The key comes in the body; large bodies come compressed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import brotli
import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.convex import answers
from sandbox.convex.deployment import Deployment
from sandbox.convex.pushes import Pushes

Wire = dict[str, Any]


class DeployDoor:
    """What the CLI calls to deploy."""

    def __init__(self, deployment: Deployment, pushes: Pushes) -> None:
        self._deployment, self._pushes = deployment, pushes

    def routes(self) -> list[Route]:
        """Its addresses."""
        steps: dict[str, Callable[[Wire], Any]] = {
            "/api/get_config_hashes": lambda _: self._pushes.hashes(),
            "/api/deploy2/evaluate_schema": self._pushes.evaluate,
            "/api/deploy2/evaluate_push": self._pushes.evaluate_push,
            "/api/deploy2/start_push": self._pushes.start,
            "/api/deploy2/wait_for_schema": self._wait,
            "/api/deploy2/finish_push": self._finish,
            "/api/deploy2/report_push_completed": lambda _: None,
        }
        return [Route(path, self._step(step), methods=["POST"]) for path, step in steps.items()]

    def _step(self, step: Callable[[Wire], Any]) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            asked = await _body(request)
            self._deployment.keys.check(asked["adminKey"], "deployment:deploy")
            return JSONResponse(await run_in_threadpool(step, asked))

        return answer

    def _wait(self, asked: Wire) -> Wire:
        state = self._pushes.check(answers.token(asked["schemaChange"]))
        if state["type"] == "inProgress":
            time.sleep(0.2)  # the CLI asks again at once
        return state

    def _finish(self, asked: Wire) -> Wire:
        return self._pushes.finish(answers.token(asked["startPush"]["schemaChange"]), asked.get("message"))


async def _body(request: Request) -> Wire:
    content = await request.body()
    if request.headers.get("Content-Encoding") == "br":
        content = brotli.decompress(content)
    body: Wire = orjson.loads(content)
    return body
