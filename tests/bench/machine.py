"""The machine while something is measured: its cores, and what a process of ours holds in memory."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator

import psutil


@contextlib.contextmanager
def cores(wanted: set[int]) -> Iterator[None]:
    """Have this thread, and what it starts, run on these only."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, wanted)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextlib.contextmanager
def watched(module: str, peaks: list[float]) -> Iterator[None]:
    """Watch what the processes that run a module hold in memory: the largest sum, in MB."""
    over = threading.Event()
    watching = threading.Thread(target=_watch, args=(over.wait, module, peaks))
    watching.start()
    try:
        yield
    finally:
        over.set()
        watching.join()


def _watch(pause: Callable[[float], bool], module: str, peaks: list[float]) -> None:
    """Keep the largest sum."""
    largest = 0
    while not pause(0.05):
        largest = max(largest, sum(_held(child, module) for child in psutil.Process().children(recursive=True)))
    peaks.append(largest / 1000**2)


def _held(child: psutil.Process, module: str) -> int:
    """The bytes of a process that runs it; 0 for any other, or one that has just ended."""
    with contextlib.suppress(psutil.NoSuchProcess):
        if module in child.cmdline():
            return int(child.memory_info().rss)
    return 0
