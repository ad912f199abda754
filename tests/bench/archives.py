"""Checking an archive, beside the programs that everybody has: MB/s of uncompressed rows, and the memory of the process."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from ops import archive
from ops.archive import Expected
from sandbox.convex import ConvexServer
from tests.bench.backups import bare_export
from tests.bench.lines import Line, middle
from tests.world import world


def figures(megabytes: int, times: int) -> Iterator[Line]:
    """Counting, fingerprinting, one core and two."""
    with tempfile.TemporaryDirectory() as folder, world(Path(folder)) as around:
        around.production.compression = 1
        _fill(around.production, megabytes)
        bare_export(around, Path(folder))
        path = Path(folder, "scratch/bare.zip")
        size = sum(each.file_size for each in zipfile.ZipFile(path).infolist()) / 1e6
        counted = Expected(sha256=None, size=path.stat().st_size, tables=None)
        on_one = _on_one_core
        stock = on_one(lambda: _speed(size, times, lambda: zipfile.ZipFile(path).testzip()))
        unzip = on_one(lambda: _speed(size, times, lambda: _unzip(path))) if shutil.which("unzip") else 0.0
        ours = on_one(lambda: _speed(size, times, lambda: archive.check(path, expected=counted)))
        printed = on_one(lambda: _speed(size, times, lambda: archive.check(path)))
        both = _speed(size, times, lambda: archive.check(path))
        grown = _memory(lambda: archive.check(path))
    name = f"archive of {size:.0f} MB"
    beside = f"zipfile {stock:.0f}, unzip -t {unzip:.0f} MB/s"
    yield Line(what=f"{name}: L1+L2 on one core", ours=f"{ours:.0f} MB/s", beside=beside, aim=f"≥ 1.8× zipfile (is {ours / stock:.1f}×)")
    yield Line(what=f"{name}: with fingerprints on one core", ours=f"{printed:.0f} MB/s", aim="≥ 250 MB/s")
    yield Line(what=f"{name}: with fingerprints on two cores", ours=f"{both:.0f} MB/s", aim="≥ 400 MB/s")
    yield Line(what=f"{name}: memory of the largest process that looks", ours=f"{grown / 1e6:.0f} MB", aim="≤ 60 MB")


def _fill(production: ConvexServer, megabytes: int) -> None:
    production.fill("events", megabytes * 1_000_000 // 440)


def _speed(size: float, times: int, work: Callable[[], object]) -> float:
    """MB/s in the middle of so many runs."""
    spans = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        spans.append(time.perf_counter() - began)
    return size / middle(spans)


def _on_one_core(work: Callable[[], float]) -> float:
    """The same with one core to run on, our children too."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        return work()
    finally:
        os.sched_setaffinity(0, cores)


def _unzip(path: Path) -> None:
    subprocess.run(["unzip", "-tq", str(path)], check=True, capture_output=True)


def _memory(work: Callable[[], object]) -> int:
    """The most that any child takes meanwhile, in bytes."""
    most, over = 0, threading.Event()

    def watch() -> None:
        nonlocal most
        while not over.wait(0.02):
            for child in psutil.Process().children(recursive=True):
                try:
                    most = max(most, child.memory_full_info().uss if "ops.archive" in " ".join(child.cmdline()) else 0)
                except psutil.Error:
                    continue

    watching = threading.Thread(target=watch)
    watching.start()
    work()
    over.set()
    watching.join()
    return most
