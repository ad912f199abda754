"""A long list, and a bot that has nothing to do."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from tests.bench.figures import Figure, timed
from tests.shelves import lay, name
from tests.world import World, process, world

STARTS, LOOKS = 5, 10
IDLE = 20.0  # seconds
_CONNECTED = re.compile(r"connected ([0-9.]+) s after the start")


def listing(folder: Path, count: int = 10_000) -> Iterator[Figure]:
    """The list of so many backups, the first time after a start and then."""
    first: list[float] = []
    after: list[float] = []
    with world(folder) as around:
        for number in range(count):
            lay(around.backups, name("quick", number))
        for _ in range(STARTS):
            with process(around) as bot:
                bot.connected()
                _list(around, first)
                for _ in range(LOOKS):
                    _list(around, after)
                bot.end()
    what = f"listing {count:,} backups"
    yield Figure(what=f"{what}, never read before", ours=first[0] * 1000, unit="ms", aim="≤ 500 ms", most=500, n=1)
    yield Figure(
        what=f"{what}, first after a start", ours=statistics.median(first) * 1000, unit="ms", aim="≤ 500 ms", most=500, n=len(first)
    )
    yield Figure(what=f"{what}, after that", ours=statistics.median(after) * 1000, unit="ms", aim="≤ 50 ms", most=50, n=len(after))


def _list(around: World, into: list[float]) -> None:
    """From the envelope to the answer."""
    slack = around.slack.client
    before = len(slack.ephemerals())
    with timed(into):
        asked = slack.command("/backup list")
        assert asked.acked, asked.error
        slack.wait(lambda: len(slack.ephemerals()) > before, "the list")


def idle(folder: Path) -> Iterator[Figure]:
    """What the bot takes while nobody asks for anything."""
    starts: list[float] = []
    with world(folder) as around:
        for _ in range(STARTS):
            with process(around) as bot:
                found = _CONNECTED.search(bot.connected().words)
                assert found, bot.words
                starts.append(float(found[1]))
                bot.end()
        with process(around) as bot:
            bot.connected()
            time.sleep(5)  # what belongs to the start is over
            share, memory = _spent(bot.child.pid)
    yield Figure(what="start to connected", ours=statistics.median(starts), unit="s", aim="≤ 1.5 s", most=1.5, n=STARTS)
    yield Figure(what=f"idle for {IDLE:g} s, of a core", ours=share, unit="%", aim="≤ 0.5 %", most=0.5, n=1)
    yield Figure(what="idle, memory", ours=memory, unit="MB", aim="≤ 150 MB", most=150, n=1)


def _spent(pid: int) -> tuple[float, float]:
    """Percent of a core over a while, and MB."""
    bot = psutil.Process(pid)
    before = bot.cpu_times()
    time.sleep(IDLE)
    after = bot.cpu_times()
    seconds = after.user + after.system - before.user - before.system
    return 100 * seconds / IDLE, bot.memory_info().rss / 1000**2
