"""What ``npx convex logs`` reads: which functions ran, held back until there is something new."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.convex.deployment import Deployment

_HOLD = 10.0  # seconds


class LogDoor:
    """The stream of calls."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    def routes(self) -> list[Route]:
        """Its address."""
        return [Route("/api/stream_function_logs", self.stream, methods=["GET"])]

    async def stream(self, request: Request) -> Response:
        """The calls after a cursor, in milliseconds."""
        self._deployment.keys.admit(request, "deployment:logs:view")
        cursor = float(request.query_params.get("cursor", 0))
        with self._deployment.feed.listening() as changed, suppress(TimeoutError):
            async with asyncio.timeout(_HOLD):
                while not self._since(cursor):
                    changed.clear()
                    await changed.wait()
        found = self._since(cursor)
        last = found[-1]["timestamp"] * 1000 if found else cursor
        return JSONResponse({"entries": found, "newCursor": last})

    def _since(self, cursor: float) -> list[dict[str, Any]]:
        return [each for each in self._deployment.calls if each["timestamp"] * 1000 > cursor]
