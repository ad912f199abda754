"""A full backup's wall time, beside the bare CLI's for the same export, and where it goes."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import psutil

from tests.bench.figures import Figure, timed
from tests.cards import taken
from tests.convex_cli import Cli
from tests.world import KEY, World, process, world

ROW = 440  # bytes on average
CHECKING = ("check", "verify")

Split = dict[str, float]


def measured(folder: Path, megabytes: int, n: int) -> Iterator[Figure]:
    """The figures for so many MB of JSON lines."""
    with world(folder) as around:
        around.production.fill("messages", megabytes * 1000**2 // ROW, bytes_each=ROW)
        around.production.compression = 1
        cli = Cli(folder / "cli", around.production, KEY)
        cli.export("warm.zip")  # the deployment makes the archive once; after that both only wait for it and fetch it
        splits: list[Split] = []
        alone: list[float] = []
        for number in range(n):
            with timed(alone):
                path = cli.export(f"{number}.zip")
            path.unlink()
            splits.append(_take(around))
        yield from _figures(f"full backup of {megabytes} MB", splits, statistics.median(alone))
        yield _bots_memory(around, megabytes)


def _figures(what: str, splits: list[Split], alone: float) -> Iterator[Figure]:
    """The whole and its parts."""
    middle = {part: statistics.median(split[part] for split in splits) for part in splits[0]}
    n = len(splits)
    yield Figure(what=f"{what}, wall time", ours=middle["whole"], unit="s", beside=alone, beside_what="bare CLI", n=n)
    yield Figure(what="  of it the CLI (export step)", ours=middle["export"], unit="s", beside=alone, beside_what="bare CLI", n=n)
    yield Figure(what="  of it checking (check, verify)", ours=middle["checking"], unit="s", n=n)
    most = 0.05 * middle["whole"] + 0.3
    yield Figure(what="  of it the rest", ours=middle["rest"], unit="s", aim=f"≤ 5 % + 0.3 s = {most:.2f} s", most=most, n=n)
    yield from (
        Figure(what=f"    step {name}", ours=seconds, unit="s", n=n)
        for name, seconds in middle.items()
        if name not in {"whole", "export", "checking", "rest"} and seconds >= 0.05
    )


def _take(around: World) -> Split:
    """Take one by the terminal; the seconds of the operation and its steps."""
    ran = around.terminal("backup", "full", "--json")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    told = json.loads(ran.stdout)
    steps = {step["name"]: step["seconds"] for step in told["steps"]}
    whole = _seconds(told["startedAt"], told["finishedAt"])
    checking = sum(steps[name] for name in CHECKING)
    return {**steps, "whole": whole, "checking": checking, "rest": whole - steps["export"] - checking}


def _seconds(began: str, ended: str) -> float:
    """From one time to another."""
    return (datetime.fromisoformat(ended) - datetime.fromisoformat(began)).total_seconds()


def _bots_memory(around: World, megabytes: int) -> Figure:
    """By how much the bot itself grows over a backup."""
    with process(around) as bot:
        bot.connected()
        taken(around.slack.client, "/backup quick")
        measured = psutil.Process(bot.child.pid)
        before = measured.memory_info().rss
        taken(around.slack.client, "/backup full")
        grown = (measured.memory_info().rss - before) / 1000**2
    return Figure(what=f"the bot's own growth over {megabytes} MB", ours=grown, unit="MB", aim="unmoved (≤ 10 MB)", most=10, n=1)
