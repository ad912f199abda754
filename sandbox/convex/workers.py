"""Work that goes on after the request is answered: exports and imports. It ends when the server stops."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Stopping(Exception):
    """The server stops: leave the work as it is."""


class Workers:
    """Threads that can be told to stop, and are waited for."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self, work: Callable[[], None]) -> None:
        """Do it in a thread of its own."""
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        thread = threading.Thread(target=_until_stopped, args=(work,), daemon=True)
        self._threads.append(thread)
        thread.start()

    def pause(self, seconds: float = 0.0) -> None:
        """Wait inside some work. Raise Stopping if the server stops meanwhile."""
        if self._stopping.wait(seconds):
            raise Stopping

    def stop(self) -> None:
        """Ask all of them to stop, and wait until they did."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        self._threads.clear()
        self._stopping.clear()


def _until_stopped(work: Callable[[], None]) -> None:
    try:
        work()
    except Stopping:
        return
