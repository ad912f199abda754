"""The heart: keeps the leases of what runs here, sees what other processes want of it, takes up what others left."""

from __future__ import annotations

import logging
import threading
import time

from sqlalchemy.exc import DBAPIError

from ops.journal.ledger import Ledger
from ops.journal.running import Running

log = logging.getLogger(__name__)

_LOOK = 1.0  # seconds after which a cancel by another process is seen


class Keeper:
    """A thread that beats until the process goes down."""

    def __init__(self, ledger: Ledger, running: Running, *, adopts: bool) -> None:
        self._ledger, self._running, self._adopts = ledger, running, adopts
        self._woken = threading.Event()
        self._renewed = 0.0
        self._thread = threading.Thread(target=self._keep, name="journal", daemon=True)

    def open(self) -> None:
        """Take up what a dead process left, and begin to beat."""
        if self._adopts:
            self._running.adopt()
        self._thread.start()

    def wake(self) -> None:
        """Beat now."""
        self._woken.set()

    def close(self, patience: float) -> None:
        """Wait for the last beat; the process must be going down."""
        self.wake()
        if self._thread.is_alive():
            self._thread.join(patience)

    def _keep(self) -> None:
        """Beat, whatever the database says."""
        while not self._ledger.stopping.is_set():
            self._woken.wait(self._pause())
            self._woken.clear()
            try:
                self._beat()
            except DBAPIError as error:
                log.warning("the operations' heartbeat failed, trying again: %s", error.orig)
            except Exception:  # a heart that stops would lose every lease
                log.exception("the operations' heartbeat failed, trying again")

    def _pause(self) -> float:
        """Seconds to the next beat."""
        longest = self._ledger.lease / 3
        return min(_LOOK, longest) if self._running.operations else longest

    def _beat(self) -> None:
        """One heartbeat."""
        if operations := self._running.operations:
            self._running.look(operations)
            self._renew()
        if self._adopts and not self._ledger.stopping.is_set():
            self._running.adopt()

    def _renew(self) -> None:
        """Renew the leases thrice in their time."""
        if time.monotonic() - self._renewed >= self._ledger.lease / 3 - 0.01:
            self._ledger.renew(self._running.operations.keys())
            self._renewed = time.monotonic()
