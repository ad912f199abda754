"""An ASGI application served on loopback, in a thread with a loop of its own."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

_HOST = "127.0.0.1"
_T = TypeVar("_T")


class Serving:
    """A server that can be stopped and started again on the same port."""

    def __init__(self, app: ASGIApp, port: int = 0, name: str = "sandbox") -> None:
        self._app, self.port, self._name = app, port, name
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def url(self) -> str:
        """Where it is, once it was started."""
        return f"http://{_HOST}:{self.port}"

    def start(self) -> None:
        """Listen, and return when it does."""
        listener = socket.create_server((_HOST, self.port), backlog=128)
        self.port = listener.getsockname()[1]
        # What goes wrong in a handler is logged by the application; faults that cut a connection are no errors here.
        config = uvicorn.Config(
            self._app,
            log_config=None,
            log_level="critical",
            lifespan="off",
            http=H11Protocol,
            ws=WebSocketsSansIOProtocol,
            timeout_graceful_shutdown=1,
        )
        self._server = server = uvicorn.Server(config)
        self._thread = threading.Thread(target=asyncio.run, args=(self._serve(server, listener),), name=self._name, daemon=True)
        self._thread.start()
        while not server.started:
            time.sleep(0.002)

    def stop(self) -> None:
        """Stop listening, close what is open, and return when that is done."""
        if self._server and self._thread:
            self._server.should_exit = True
            self._thread.join()
        self._server = self._thread = None

    def run(self, work: Coroutine[Any, Any, _T], limit: float) -> _T:
        """Run a coroutine in the server's loop, from another thread; its result."""
        if self._loop is None:
            work.close()
            raise RuntimeError("the sandbox is not started")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(limit)

    def ask(self, question: Callable[[], _T]) -> _T:
        """Call a function where nothing changes meanwhile: in the server's loop, or here while there is none."""
        if self._loop is None or threading.current_thread() is self._thread:
            return question()

        async def asked() -> _T:
            return question()

        return self.run(asked(), 30)

    async def within(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Run a coroutine in the server's loop, from another loop."""
        if self._loop is None:
            work.close()
            raise RuntimeError("the sandbox is not started")
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    def cut(self, peer: tuple[str, int] | None) -> None:
        """Abort the connection with this peer, as a network does that fails. In the server's loop."""
        for connection in list(self._server.server_state.connections) if self._server else ():
            if isinstance(connection, (H11Protocol, WebSocketsSansIOProtocol)) and connection.client == peer:
                connection.transport.abort()

    async def _serve(self, server: uvicorn.Server, listener: socket.socket) -> None:
        self._loop = asyncio.get_running_loop()
        try:
            await server.serve([listener])
        finally:
            self._loop = None
