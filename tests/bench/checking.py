"""Looking at an archive: beside stock zipfile and unzip, on one core and on all."""

from __future__ import annotations

import contextlib
import os
import shutil
import statistics
import subprocess
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from ops import archive
from ops.archive import Expected
from sandbox.convex import ConvexServer
from tests.bench.figures import Figure, timed
from tests.convex_cli import KEY, Cli

ROW = 440  # bytes on average


def measured(folder: Path, megabytes: int, n: int) -> Iterator[Figure]:
    """The figures for an archive with so many MB of JSON lines."""
    path = _archive(folder, megabytes)
    with zipfile.ZipFile(path) as opened:
        size = sum(member.file_size for member in opened.infolist()) / 1000**2
    every = os.sched_getaffinity(0)
    looks: dict[str, list[float]] = {name: [] for name in ("stock", "unzip", "counted", "one", "all")}
    peaks: list[float] = []
    for _ in range(n):
        _take_turns(path, every, looks)
    with _watched(peaks):  # in a look of its own: to watch costs time
        _look(path, None, [])
    yield from _figures(f"{megabytes} MB archive", {name: size / statistics.median(spent) for name, spent in looks.items() if spent}, n)
    yield Figure(what="  memory of the child, peak", ours=max(peaks), unit="MB", aim="≤ 60 MB", most=60, n=1)


def _archive(folder: Path, megabytes: int) -> Path:
    """An export of made-up rows."""
    server = ConvexServer("bright-sturgeon-101", [KEY], folder / "convex").start()
    try:
        server.fill("messages", megabytes * 1000**2 // ROW, bytes_each=ROW)
        server.compression = 1
        return Cli(folder / "cli", server).export("archive.zip")
    finally:
        server.stop()


def _take_turns(path: Path, every: set[int], looks: dict[str, list[float]]) -> None:
    """Each way once; one core but for the last."""
    with _cores({min(every)}):
        with timed(looks["stock"]), zipfile.ZipFile(path) as opened:
            assert opened.testzip() is None
        if shutil.which("unzip"):
            with timed(looks["unzip"]):
                subprocess.run(["unzip", "-tq", str(path)], check=True, stdout=subprocess.DEVNULL)
        _look(path, Expected(), looks["counted"])
        _look(path, None, looks["one"])
    with _cores(every):
        _look(path, None, looks["all"])


def _look(path: Path, expected: Expected | None, into: list[float]) -> None:
    """Our look, timed."""
    with timed(into):
        assert archive.check(path, expected=expected).problems == ()


@contextlib.contextmanager
def _cores(wanted: set[int]) -> Iterator[None]:
    """Have this thread, and what it starts, run on these only."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, wanted)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextlib.contextmanager
def _watched(peaks: list[float]) -> Iterator[None]:
    """Watch what the looking processes hold in memory."""
    over = threading.Event()
    watching = threading.Thread(target=_watch, args=(over.wait, peaks))
    watching.start()
    try:
        yield
    finally:
        over.set()
        watching.join()


def _watch(pause: Callable[[float], bool], peaks: list[float]) -> None:
    """Keep the largest sum, in MB."""
    largest = 0
    while not pause(0.05):
        largest = max(largest, sum(map(_held, psutil.Process().children(recursive=True))))
    peaks.append(largest / 1000**2)


def _held(child: psutil.Process) -> int:
    """A looking process's own bytes; 0 for any other, or one that has just ended."""
    with contextlib.suppress(psutil.NoSuchProcess):
        if "ops.archive" in child.cmdline():
            return int(child.memory_info().rss)
    return 0


def _figures(what: str, speeds: dict[str, float], n: int) -> Iterator[Figure]:
    """MB of JSON lines a second, each way."""
    stock = speeds["stock"]
    if "unzip" in speeds:
        yield Figure(what=f"{what}, `unzip -t`", ours=speeds["unzip"], unit="MB/s", beside=stock, beside_what="stock zipfile", n=n)
    yield Figure(
        what=f"{what}, L1 + L2, one core", ours=speeds["counted"], unit="MB/s", beside=stock, beside_what="stock zipfile",
        aim="≥ 1.8× stock", least=1.8 * stock, n=n,
    )  # fmt: skip
    yield Figure(what="  with fingerprints, one core", ours=speeds["one"], unit="MB/s", aim="≥ 250 MB/s", least=250, n=n)
    cores = len(os.sched_getaffinity(0))
    yield Figure(what=f"  with fingerprints, {cores} cores", ours=speeds["all"], unit="MB/s", aim="≥ 400 MB/s on two", least=400, n=n)
