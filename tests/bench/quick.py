"""A quick backup from its envelope to the finished card, beside the git commands that it cannot do without."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from pathlib import Path

from tests.bench.figures import Figure, timed
from tests.cards import cards, is_over
from tests.remotes import git
from tests.world import World, process, world

ROUNDS = 7


def measured(folder: Path) -> Iterator[Figure]:
    """The figure."""
    ours: list[float] = []
    alone: list[float] = []
    with world(folder) as around, process(around) as bot:
        bot.connected()
        for number in range(ROUNDS + 1):  # the first makes the clone
            with timed(ours):
                _take(around)
            with timed(alone):
                _by_hand(around, number)
    ours_p50, git_p50 = statistics.median(ours[1:]), statistics.median(alone[1:])
    yield Figure(
        what="quick backup, envelope to finished card", ours=ours_p50, unit="s", beside=git_p50, beside_what="bare git",
        aim="≤ 2 s", most=2, n=ROUNDS,
    )  # fmt: skip
    yield Figure(what="quick backup, the first (makes the clone)", ours=ours[0], unit="s", n=1)


def _take(around: World) -> None:
    """Ask for one; return when its card says that it is over."""
    slack = around.slack.client
    before = len(cards(slack))
    asked = slack.command("/backup quick")
    assert asked.acked, asked.error
    slack.wait(lambda: [card for card in cards(slack)[before:] if is_over(card)], "the finished card")


def _by_hand(around: World, number: int) -> None:
    """Ask for the head, have its commit, tag it at the remote, and see that the remote gives it out."""
    place, tag = around.folder / f"by-hand-{number}", f"refs/tags/by-hand/{number}"
    head = git(around.folder, "ls-remote", str(around.remote.path), "refs/heads/master").split()[0]
    git(around.remote.work, "fetch", "-q", "origin", "master")
    git(around.remote.work, "push", "-q", "origin", f"{head}:{tag}")
    git(around.folder, "init", "-q", "--bare", str(place))
    git(place, "fetch", "-q", "--depth", "1", str(around.remote.path), tag)
