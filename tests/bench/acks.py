"""Acknowledgements over Socket Mode: ours beside a bare Bolt's, and while operations block."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

from sandbox.slack import SlackServer
from tests.bench import bare
from tests.bench.figures import Figure, percentile
from tests.cards import backup_id, cards, is_over, taken
from tests.journal_speed import steps
from tests.world import World, process, wait_for, world

READ, STORED = "/ops help", "/backup pin quick-1701450000000"
ROUNDS, SENT = 5, 200  # rounds of so many envelopes; a round's figure is its median
VERIFIED = 49  # looks at a backup which, with an export, are fifty operations


def measured(folder: Path) -> Iterator[Figure]:
    """Every figure about acknowledgements."""
    commits = statistics.median(steps(f"sqlite:///{folder}/speed.sqlite", folder))
    yield Figure(what="two durable commits (a journal step, SQLite)", ours=commits, unit="ms", n=200)
    with world(folder) as around, bare.serving() as alone, process(around) as bot:
        bot.connected()
        for together in (1, 10, 50):
            yield from _beside(around.slack, alone, together, commits)
        yield _under_load(around)


def _beside(ours: SlackServer, alone: SlackServer, together: int, commits: float) -> Iterator[Figure]:
    """A read and a stored command with so many at once; the three take turns."""
    read, stored, bolt = [], [], []
    for _ in range(ROUNDS):
        bolt.append(_round(alone, READ, together))
        read.append(_round(ours, READ, together))
        stored.append(_round(ours, STORED, together))
        time.sleep(1.5)  # what was stored is handled, and its answer sent, after the acknowledgement
    p50 = statistics.median(bolt)
    yield _figure(f"ack p50, read, {together} at once", read, p50, "≤ 1.5× bare", 1.5 * p50)
    aim, most = ("≤ bare + 2 commits", p50 + commits) if together == 1 else ("≤ 4× bare", 4 * p50)
    yield _figure(f"ack p50, stored, {together} at once", stored, p50, aim, most)


def _figure(what: str, rounds: list[float], beside: float, aim: str, most: float) -> Figure:
    """The median of the rounds' medians."""
    return Figure(
        what=what, ours=statistics.median(rounds), unit="ms", beside=beside, beside_what="bare Bolt", aim=aim, most=most, n=len(rounds)
    )


def _round(slack: SlackServer, text: str, together: int) -> float:
    """The median of one round, in milliseconds."""
    asyncio.run(slack.measure([slack.payload(text) for _ in range(together)], together))  # warms up what the last round left cold
    return statistics.median(asyncio.run(slack.measure([slack.payload(text) for _ in range(SENT)], together)))


def _under_load(around: World) -> Figure:
    """The 99th percentile of a read while fifty operations block."""
    slack = around.slack.client
    made = backup_id(taken(slack, "/backup full"))
    before = len(cards(slack))
    around.production.faults["export"] = "slow:20"
    for text in ("/backup full", *[f"/backup verify {made}"] * VERIFIED):
        asked = slack.command(text)
        assert asked.acked, asked.error
    spent: list[float] = []
    running = 1
    while running and len(spent) < 3000:
        spent += asyncio.run(around.slack.measure([around.slack.payload(READ) for _ in range(50)], 1))
        running = sum(not is_over(card) for card in cards(slack)[before:])
    del around.production.faults["export"]
    wait_for(lambda: all(is_over(card) for card in cards(slack)[before:]), "the end of the operations", 120)
    return Figure(
        what="ack p99, read, under 50 operations", ours=percentile(spent, 0.99), unit="ms", aim="< 250 ms", most=250, n=len(spent)
    )
