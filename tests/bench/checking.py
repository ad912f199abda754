"""Looking at an archive: beside stock zipfile and unzip, on one core and on all."""

from __future__ import annotations

import hashlib
import os
import shutil
import statistics
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

from ops import archive
from ops.archive import Expected
from sandbox.convex import ConvexServer
from tests.bench.figures import Figure, timed
from tests.bench.machine import cores, watched
from tests.convex_cli import KEY, Cli

ROW = 440  # bytes on average


def measured(folder: Path, megabytes: int, n: int) -> Iterator[Figure]:
    """The figures for an archive with so many MB of JSON lines."""
    path = _archive(folder, megabytes)
    with zipfile.ZipFile(path) as opened:
        size = sum(member.file_size for member in opened.infolist()) / 1000**2
    every = os.sched_getaffinity(0)
    looks: dict[str, list[float]] = {name: [] for name in ("stock", "unzip", "hashed", "counted", "one", "all")}
    peaks: list[float] = []
    for _ in range(n):
        _take_turns(path, every, looks)
    with watched("ops.archive", peaks):  # in a look of its own: to watch costs time
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
    with cores({min(every)}):
        with timed(looks["stock"]), zipfile.ZipFile(path) as opened:
            assert opened.testzip() is None
        if shutil.which("unzip"):
            with timed(looks["unzip"]):
                subprocess.run(["unzip", "-tq", str(path)], check=True, stdout=subprocess.DEVNULL)
        with timed(looks["hashed"]):
            _hash(path)
        _look(path, Expected(), looks["counted"])
        _look(path, None, looks["one"])
    with cores(every):
        _look(path, None, looks["all"])


def _hash(path: Path) -> None:
    """What a fingerprint cannot do without, by the standard library alone: inflate, and a SHA-256 for each row."""
    with zipfile.ZipFile(path) as opened:
        for name in opened.namelist():
            with opened.open(name) as rows:
                for row in rows:
                    hashlib.sha256(row).digest()


def _look(path: Path, expected: Expected | None, into: list[float]) -> None:
    """Our look, timed."""
    with timed(into):
        assert archive.check(path, expected=expected).problems == ()


def _figures(what: str, speeds: dict[str, float], n: int) -> Iterator[Figure]:
    """MB of JSON lines a second, each way."""
    stock = speeds["stock"]
    if "unzip" in speeds:
        yield Figure(what=f"{what}, `unzip -t`", ours=speeds["unzip"], unit="MB/s", beside=stock, beside_what="stock zipfile", n=n)
    yield Figure(
        what=f"{what}, L1 + L2, one core", ours=speeds["counted"], unit="MB/s", beside=stock, beside_what="stock zipfile",
        aim="≥ 1.8× stock", least=1.8 * stock, n=n,
    )  # fmt: skip
    yield Figure(
        what="  with fingerprints, one core", ours=speeds["one"], unit="MB/s",
        beside=speeds["hashed"], beside_what="zipfile and hashlib, row by row", aim="≥ 250 MB/s", least=250, n=n,
    )  # fmt: skip
    number = len(os.sched_getaffinity(0))
    yield Figure(what=f"  with fingerprints, {number} cores", ours=speeds["all"], unit="MB/s", aim="≥ 400 MB/s on two", least=400, n=n)
