"""The schema that is in force, and the one that a push has brought and that is not yet.

A later push takes the place of one that waits: then the earlier one has lost the race. A document that breaks the
schema in force is refused; one that breaks only the waiting schema is taken, and fails that push.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from sandbox.convex.deployment import Deployment
from sandbox.convex.schema import Export, Schema


@dataclass
class Waiting:
    """A schema that a push brought."""

    token: str
    export: Export | None
    failure: str | None = None  # what a document did to it meanwhile


class Schemas:
    """Both of them."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._lock = threading.Lock()
        self._waiting: Waiting | None = None

    @property
    def active(self) -> Schema:
        """The one in force."""
        return Schema.of(self.export)

    @property
    def export(self) -> Export | None:
        """The one in force, as it was exported."""
        export: Export | None = self._deployment.read("schema", None)
        return export

    def waiting(self) -> Waiting | None:
        """The one that is not in force yet, unless it failed."""
        with self._lock:
            return self._waiting if self._waiting and self._waiting.failure is None else None

    def submit(self, token: str, export: Export | None) -> None:
        """Let a schema wait, in place of any other that does."""
        with self._lock:
            self._waiting = Waiting(token, export)

    def find(self, token: str) -> Waiting | None:
        """The schema of this push, unless another push came."""
        with self._lock:
            return self._waiting if self._waiting and self._waiting.token == token else None

    def fail(self, waiting: Waiting, problem: str) -> None:
        """A document breaks the waiting schema."""
        with self._lock:
            waiting.failure = waiting.failure or problem

    def enforce(self, waiting: Waiting) -> None:
        """Put the waiting schema in force."""
        self._deployment.write("schema", waiting.export)
        with self._lock:
            if self._waiting is waiting:
                self._waiting = None

    def state(self) -> tuple[Export | None, Export | None]:
        """What an import compares to see whether a deploy came between."""
        export, waiting = self.export, self.waiting()
        return export, None if waiting is None or waiting.export == export else waiting.export
