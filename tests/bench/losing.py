"""Loss by table of archives of several sizes: its speed on one core and on two, whether it is linear, what it holds in memory."""

from __future__ import annotations

import os
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from ops import loss
from sandbox.convex import ConvexServer
from tests.bench.figures import Figure, timed
from tests.bench.machine import cores, watched
from tests.convex_cli import KEY, Cli

ROW = 440  # bytes on average
_CHANGED = 1000  # rows that are new on one side
_AIM, _MOST = 150, 60  # MB/s of both sides together on one core; MB


def measured(folder: Path, sizes: Sequence[int], n: int = 2) -> Iterator[Figure]:
    """Each size in MB of JSON lines a side, beside the smallest of them."""
    smallest = 0.0
    for megabytes in sizes:
        place = folder / str(megabytes)
        place.mkdir()
        old, new = _sides(place, megabytes)
        speeds = {number: 2 * megabytes / statistics.median(_times(place, old, new, number, n)) for number in (1, 2)}
        smallest = smallest or speeds[1]
        what = f"loss by table, two sides of {megabytes} MB"
        facts = {"beside": smallest, "beside_what": f"of {sizes[0]} MB"} if megabytes != sizes[0] else {}
        yield Figure(what=f"{what}, one core", ours=speeds[1], unit="MB/s", aim=f"≥ {_AIM} MB/s", least=_AIM, n=n, **facts)  # type: ignore[arg-type] # as named
        yield Figure(what=f"{what}, two cores", ours=speeds[2], unit="MB/s", n=n)
    peaks: list[float] = []
    with watched("ops.loss", peaks):
        _times(place, old, new, 2, 1)
    yield Figure(what="  memory of its processes, peak", ours=max(peaks), unit="MB", aim=f"≤ {_MOST} MB", most=_MOST, n=1)


def _sides(folder: Path, megabytes: int) -> tuple[Path, Path]:
    """A backup, and an export in which some rows are new."""
    server = ConvexServer("bright-sturgeon-101", [KEY], folder / "convex").start()
    try:
        server.fill("messages", megabytes * 1000**2 // ROW, bytes_each=ROW)
        server.compression = 1
        old = Cli(folder / "cli", server).export("old.zip")
        server.fill("messages", _CHANGED, bytes_each=ROW, seed=1)
        return old, Cli(folder / "cli", server).export("new.zip")
    finally:
        server.stop()


def _times(folder: Path, old: Path, new: Path, number: int, n: int) -> list[float]:
    """Seconds of each comparison on so many cores."""
    spent: list[float] = []
    for _ in range(n):
        with tempfile.TemporaryDirectory(dir=folder) as scratch, cores(set(sorted(os.sched_getaffinity(0))[:number])), timed(spent):
            assert loss.compare(old, new, scratch=Path(scratch), deadline=600, cores=number).lost == _CHANGED
    return spent
