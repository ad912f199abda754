"""The system queries that the CLI subscribes to, and which right each needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from sandbox.convex.refusals import Refusal

Arguments = dict[str, Any]


class Query(NamedTuple):
    """What answers a query."""

    action: str | None
    """The right that the key needs for it."""
    answer: Callable[[Arguments], Any]


class Queries(dict[str, Query]):
    """All of them by path, such as ``_system/cli/exports:getLatest``."""

    def find(self, path: str) -> Query:
        """The query with this path; ``:default`` and a ``.js`` in it may be left out."""
        found = self.get(path.replace(".js:", ":").removesuffix(":default"))
        if found is None:
            raise Refusal("FunctionNotFound", f"Could not find public function for '{path}'. Was it deployed?")
        return found
