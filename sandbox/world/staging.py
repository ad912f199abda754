"""Staging's database, where somebody asks for one: a deployment of its own, with few rows, marked as what it is."""

from __future__ import annotations

import secrets
from pathlib import Path

from ops.staging import MARK
from sandbox.convex import ConvexServer
from sandbox.now import Now
from sandbox.world import seeds
from sandbox.world.production import PACE

NAME = "calm-trout-202"
KEY = f"{NAME}|02b7e9c1f46d4a0c8e15a2d3c4b5f60718"
"""Its admin key; it opens nothing but this sandbox."""
_ROWS = 40


class Staging:
    """The deployment with rows of its own, few enough to be told from production's.

    Args:
        folder: where everything survives a restart.
        now: its clock.
    """

    def __init__(self, folder: Path, now: Now | None = None) -> None:
        self.convex = ConvexServer(NAME, [KEY], folder, step=PACE, now=now)

    def seed(self) -> None:
        """Fill an empty deployment, and mark it."""
        if not self.convex.tables():
            for table, row in list(seeds.rows())[:_ROWS]:
                self.convex.insert(table, row)
        if MARK not in self.convex.variables:
            self.convex.set_variable(MARK, secrets.token_hex(16))
