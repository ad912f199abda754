"""A line of the table, and how several figures become one."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Line:
    """One figure, what it is held against, and what it should be."""

    what: str
    ours: str
    beside: str = "–"
    aim: str = "–"

    @property
    def row(self) -> str:
        """As it is printed."""
        return f"{self.what:<58} {self.ours:>22} {self.beside:>30}   {self.aim}"


def middle(figures: Sequence[float]) -> float:
    """The median."""
    return statistics.median(figures)


def tail(figures: Sequence[float]) -> float:
    """The 99th percentile."""
    return sorted(figures)[min(len(figures) - 1, int(len(figures) * 0.99))]
