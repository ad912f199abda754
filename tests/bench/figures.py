"""Figures, and the table they are printed in."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

HEADS = ("what", "ours", "beside", "ratio", "aim", "n", "")


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One row of the table."""

    what: str
    ours: float
    unit: str
    beside: float | None = None  # the same without us, in the same unit
    beside_what: str = ""
    aim: str = ""
    most: float | None = None  # ours may be no more
    least: float | None = None  # ours may be no less
    n: int

    @property
    def missed(self) -> bool:
        """Whether the aim is missed."""
        return (self.most is not None and self.ours > self.most) or (self.least is not None and self.ours < self.least)

    def cells(self) -> tuple[str, ...]:
        """As the table shows it."""
        beside = "" if self.beside is None else f"{short(self.beside)} {self.unit} {self.beside_what}".rstrip()
        ratio = f"{self.ours / self.beside:.2f}×" if self.beside else ""
        judged = self.most is not None or self.least is not None
        verdict = ("MISSED" if self.missed else "met") if judged else ""
        return self.what, f"{short(self.ours)} {self.unit}", beside, ratio, self.aim, str(self.n), verdict


def short(value: float) -> str:
    """Three digits that say something."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def table(figures: Sequence[Figure]) -> str:
    """The figures under their heads, each column as wide as it must be."""
    rows = [HEADS, *(figure.cells() for figure in figures)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(HEADS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:]])


def percentile(values: Sequence[float], share: float) -> float:
    """The value under which so large a share lies."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def median(take: Callable[[], float], n: int) -> float:
    """The median of so many."""
    return statistics.median(take() for _ in range(n))


@contextmanager
def timed(into: list[float]) -> Iterator[None]:
    """Add the seconds of the block to a list."""
    began = time.perf_counter()
    yield
    into.append(time.perf_counter() - began)
