"""What other threads ask of the one that may do it, and wait for."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import CancelledError, Future

LIMIT = 60.0  # seconds that whoever asks waits


class Chores:
    """Asked for from any thread, done by one, in order."""

    def __init__(self) -> None:
        self._lock, self._closed = threading.Lock(), False
        self._waiting: deque[tuple[Callable[[], str], Future[str]]] = deque()

    def ask(self, chore: Callable[[], str]) -> str:
        """Have it done, and return what comes of it.

        Raises:
            RuntimeError: nobody does it any more, or not yet.
        """
        done: Future[str] = Future()
        with self._lock:
            if self._closed:
                raise RuntimeError("The sandbox is ending.")
            self._waiting.append((chore, done))
        try:
            return done.result(LIMIT)
        except TimeoutError:
            done.cancel()
            raise RuntimeError("The sandbox is busy; try again.") from None
        except CancelledError:
            raise RuntimeError("The sandbox is ending.") from None

    def do(self) -> None:
        """Do what waits; what goes wrong is told to whoever asked."""
        while self._waiting:
            chore, done = self._waiting.popleft()
            if not done.set_running_or_notify_cancel():
                continue
            try:
                done.set_result(chore())
            except Exception as error:  # noqa: BLE001 # it is raised again where it was asked for
                done.set_exception(error)

    def close(self) -> None:
        """Let nobody wait any longer."""
        with self._lock:
            self._closed = True
            while self._waiting:
                self._waiting.popleft()[1].cancel()
