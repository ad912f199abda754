"""An ASGI application served on loopback from a thread."""

from __future__ import annotations

import socket
import threading
import time

import uvicorn
from starlette.types import ASGIApp

_HOST = "127.0.0.1"


class Serving:
    """A server that can be stopped and started again on the same port."""

    def __init__(self, app: ASGIApp, port: int = 0) -> None:
        self._app, self.port = app, port
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

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
            self._app, log_config=None, log_level="critical", lifespan="off", ws="websockets-sansio", timeout_graceful_shutdown=1
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([listener],), name="sandbox-convex", daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.005)

    def stop(self) -> None:
        """Stop listening, close what is open, and return when that is done."""
        if self._server and self._thread:
            self._server.should_exit = True
            self._thread.join()
        self._server = self._thread = None
