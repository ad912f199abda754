"""Production's database: seeded once, looked at, and changed from the page as its customers would."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sandbox.convex import ConvexServer
from sandbox.now import Now
from sandbox.world import seeds

NAME = "bright-sturgeon-101"
KEY = f"{NAME}|01c1d5a4e7b94c0f9f4ad2d2f1f0a5b4c3"
"""A self-hosted deployment's admin key; it opens nothing but this sandbox."""
PACE = 1.5
"""Seconds between two states of an export, so that it can be watched."""

_SHOWN = 4
_MOST_PURGED = 400


class Production:
    """The deployment with its rows.

    Args:
        folder: where everything survives a restart.
        pace: seconds between two states of an export.
        now: its clock.
    """

    def __init__(self, folder: Path, pace: float = PACE, now: Now | None = None) -> None:
        self.convex = ConvexServer(NAME, [KEY], folder, step=pace, now=now)
        self._chance = random.Random()
        self.changes: dict[str, Callable[[], str]] = {"order": self.order, "delete": self.delete, "purge": self.purge}

    def seed(self) -> None:
        """Fill an empty deployment."""
        if not self.convex.tables():
            for table, row in seeds.rows():
                self.convex.insert(table, row)

    def tables(self) -> list[dict[str, Any]]:
        """Every table with its count and its newest rows."""
        return [self._table(name, rows) for name, rows in sorted(self.convex.tables().items())]

    def order(self) -> str:
        """A customer orders something; what happened, in words."""
        number = max((int(found["number"]) for found in self.convex.documents("orders")), default=10_000) + 1
        customers = self.convex.documents("users")
        customer = str(self._chance.choice(customers)["name"]) if customers else "Somebody new"
        placed = seeds.order(self._chance, number, customer)
        self.convex.insert("orders", placed)
        return f"{customer} ordered {placed['quantity']:.0f} × {placed['item']} (order {number})."

    def delete(self) -> str:
        """The newest order is deleted."""
        orders = sorted(self.convex.documents("orders"), key=_created)
        if not orders:
            return "There is no order left to delete."
        self.convex.remove("orders", orders[-1]["_id"])
        return f"Order {orders[-1]['number']:.0f} is deleted."

    def purge(self) -> str:
        """Old sessions are deleted, some hundred at a time."""
        now = self.convex.now.seconds() * 1000
        over = sorted((each for each in self.convex.documents("sessions") if each["expires"] < now), key=_created)[:_MOST_PURGED]
        for session in over:
            self.convex.remove("sessions", session["_id"])
        return f"{len(over)} old sessions are purged." if over else "There is no old session left."

    def _table(self, name: str, rows: int) -> dict[str, Any]:
        newest = sorted(self.convex.documents(name), key=_created, reverse=True)[:_SHOWN]
        return {"name": name, "rows": rows, "sample": newest}


def _created(document: dict[str, Any]) -> float:
    return float(document["_creationTime"])
