"""X4: a bot that is killed in the middle of a deploy or a rollback leaves production at its goal, as it was, or to a person.

A few points of each; ``make crash`` has all of them, on both databases.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.real import KINDS, Run, Scene, points
from tests.databases import Server

TELLING = (
    "in git push --atomic",
    "after git push --atomic",
    "in node main.js import",
    "in node main.js deploy",
    "after node main.js import",
)
"""Where most can go wrong: while production changes, and right after."""


def disturbed(scene: Scene, most: int) -> list[Run]:
    """Killed at the telling points, and at some in between."""
    names = points(scene)
    told = [names.index(name) + 1 for name in TELLING if name in names]
    between = range(len(names) // 3, len(names), max(1, len(names) // 3))
    return [scene.run(at) for at in [*told, *between][:most]]


@pytest.mark.parametrize("kind", KINDS)
def test_killed_anywhere_it_comes_to_its_goal_and_nothing_is_done_twice(tmp_path: Path, kind: str) -> None:
    runs = disturbed(Scene(tmp_path / "real", kind, None), 3 if kind == "full rollback" else 1)
    assert [run.wrong for run in runs] == [[] for _ in runs]
    assert any(run.hit for run in runs)


def test_on_postgresql_another_bot_goes_on_and_one_that_was_frozen_past_its_lease_changes_nothing(
    tmp_path: Path, postgresql: Server
) -> None:
    scene = Scene(tmp_path / "real", "full rollback", postgresql)
    names = points(scene)
    killed = scene.run(names.index("in git push --atomic") + 1)
    assert (killed.hit, killed.wrong) == (True, [])
    frozen = scene.frozen(names.index("in node main.js import") + 1)
    assert (frozen.hit, frozen.end, frozen.wrong) == (True, "succeeded", [])
