"""How long Slack waits for an acknowledgement: the bot beside a bare Bolt app, alone and with blocking work under way."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from sandbox.slack import SlackServer
from tests.bench.lines import Line, middle, tail
from tests.world import ROOT, World, plain, process, wait_for, world

READ, STORED = "/ops help", "/backup unpin quick-1701450000000"
MANY = 600
TOGETHER = (1, 10, 50)


def figures() -> Iterator[Line]:
    """Acknowledgements, start, idle."""
    with tempfile.TemporaryDirectory() as folder, world(Path(folder)) as around:
        bare = _bare(around)
        with process(around) as bot:
            bot.connected()
            yield Line(what="start to connected", ours=_start(bot.words), aim="≤ 1.5 s")
            yield from _idle(psutil.Process(bot.child.pid))
            read, stored = (_measured(around.slack, text) for text in (READ, STORED))
            yield from _beside("read command", read, bare, "p50 ≤ 1.5× bare")
            yield from _beside("stored command", stored, bare, "1: bare + 2 commits; else ≤ 4×")
            around.production.faults["export"] = "slow:15"
            around.slack.client.command("/backup full")
            for _ in range(50):
                around.slack.client.command("/backup verify full-1701450000000")
            busy = _taken(around.slack, READ, 50)
            yield Line(what="read command, 50 at once, work under way: p50 / p99", ours=_pair(busy), aim="p99 < 250 ms")
            around.production.faults["export"] = None


def _beside(what: str, ours: dict[int, list[float]], bare: dict[int, list[float]], aim: str) -> Iterator[Line]:
    """A line for each number at once."""
    for together in TOGETHER:
        ratio = middle(ours[together]) / middle(bare[together])
        beside = f"bare {_pair(bare[together])}, {ratio:.1f}×"
        yield Line(what=f"{what}, {together} at once: p50 / p99", ours=_pair(ours[together]), beside=beside, aim=aim)


def _pair(taken: list[float]) -> str:
    return f"{middle(taken):.2f} / {tail(taken):.1f} ms"


def _measured(slack: SlackServer, text: str) -> dict[int, list[float]]:
    """At each number at once."""
    _taken(slack, text, 10)  # warm
    return {together: _taken(slack, text, together) for together in TOGETHER}


def _taken(slack: SlackServer, text: str, together: int) -> list[float]:
    return asyncio.run(slack.measure([slack.payload(text, user="U0BOB") for _ in range(MANY)], together))


def _bare(around: World) -> dict[int, list[float]]:
    """The same of an app that only acknowledges."""
    child = subprocess.Popen([sys.executable, "-m", "tests.bench.bare"], cwd=ROOT, env={**plain(), **around.environ})
    try:
        wait_for(lambda: around.slack.connections > 0, "the bare app")
        return _measured(around.slack, READ)
    finally:
        child.kill()
        child.wait()
        wait_for(lambda: around.slack.connections == 0, "the bare app's end")


def _start(words: str) -> str:
    """What the bot itself says of its start."""
    return next(f"{line.split('connected ')[1].split(' s')[0]} s" for line in words.splitlines() if "connected " in line)


def _idle(bot: psutil.Process, seconds: float = 20.0) -> Iterator[Line]:
    """What it takes when nobody asks for anything."""
    time.sleep(2)
    before = sum(bot.cpu_times()[:2])
    time.sleep(seconds)
    used = (sum(bot.cpu_times()[:2]) - before) / seconds
    yield Line(what=f"idle over {seconds:g} s", ours=f"{used:.2%} of a core", aim="≤ 0.5 %")
    yield Line(what="memory, idle", ours=f"{bot.memory_info().rss / 1e6:.0f} MB", aim="≤ 150 MB")
