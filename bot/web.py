"""What a host, a person or Prometheus may ask over HTTP: whether Backstop is well, and its figures. It listens only where PORT is set."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

log = logging.getLogger(__name__)

Health = Callable[[], Awaitable[tuple[bool, dict[str, Any]]]]
Metrics = Callable[[], Awaitable[bytes]]


class Server(uvicorn.Server):
    """Leaves the signals to us."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing: ``bot.__main__`` ends the process in its own order."""
        yield


class Web:
    """The server and its task."""

    def __init__(self, health: Health, metrics: Metrics, host: str, port: int) -> None:
        self._health, self._metrics = health, metrics
        self._started = time.monotonic()
        app = Starlette(routes=[Route("/healthz", self._healthz), Route("/readyz", self._readyz), Route("/metrics", self._metricsz)])
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

    async def _readyz(self, _request: Request) -> JSONResponse:
        """200 once what people ask for would be done: as above, in a word."""
        well, _ = await self._health()
        return JSONResponse({"status": "ready" if well else "not ready"}, status_code=200 if well else 503)

    async def _metricsz(self, _request: Request) -> Response:
        """For Prometheus: the figures, or that the database does not give them."""
        try:
            return Response(await self._metrics(), media_type=CONTENT_TYPE_LATEST)
        except (SQLAlchemyError, TimeoutError) as error:
            log.warning("no figures for Prometheus: %s", type(error).__name__)
            return Response("the database does not answer\n", status_code=503, media_type="text/plain")
