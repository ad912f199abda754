"""What a host, or a person, may ask over HTTP: whether Backstop is well. It listens only where PORT is set."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

log = logging.getLogger(__name__)

Health = Callable[[], Awaitable[tuple[bool, dict[str, Any]]]]


class Server(uvicorn.Server):
    """Leaves the signals to us."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing: ``bot.__main__`` ends the process in its own order."""
        yield


class Web:
    """The server and its task."""

    def __init__(self, health: Health, host: str, port: int) -> None:
        self._health = health
        self._started = time.monotonic()
        app = Starlette(routes=[Route("/healthz", self._healthz)])
        self._address = (host, port)
        self._server = Server(uvicorn.Config(app, log_config=None, lifespan="off", access_log=False, timeout_graceful_shutdown=2))
        self._serving: asyncio.Task[None] | None = None

    async def open(self) -> int:
        """Listen; which port it became.

        Raises:
            OSError: the port is taken, or may not be used.
        """
        listening = socket.create_server(self._address)
        self._serving = asyncio.create_task(self._server.serve([listening]), name="web")
        port: int = listening.getsockname()[1]
        log.info("health on port %d", port)
        return port

    async def close(self) -> None:
        """Stop listening."""
        self._server.should_exit = True
        if self._serving:
            await asyncio.gather(self._serving, return_exceptions=True)

    async def _healthz(self, _request: Request) -> JSONResponse:
        """200 when well, 503 when not; the parts either way."""
        well, parts = await self._health()
        body = {"status": "ok" if well else "unhealthy", "uptime_seconds": round(time.monotonic() - self._started), **parts}
        return JSONResponse(body, status_code=200 if well else 503)
