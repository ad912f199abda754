"""X4: a bot that is killed in the middle of a deploy, a rollback or a restore leaves production at its goal, as it was, or to a person.

Where most can go wrong; ``make crash`` has every point, on both databases.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.real import Scene
from tests.crash.staged import StagedScene
from tests.databases import Server


@pytest.mark.parametrize(
    ("kind", "points"),
    [
        ("deploy", ["in git push --atomic"]),
        ("full rollback", ["in node cli.bundle.cjs import"]),
        ("restore", ["before POST /api/v1/unpause_deployment"]),
    ],
)
def test_killed_anywhere_it_comes_to_its_goal_and_nothing_is_done_twice(tmp_path: Path, kind: str, points: list[str]) -> None:
    scene = Scene(tmp_path / "real", kind, None)
    runs = [scene.run(point) for point in points]
    assert [(run.at, run.hit, run.wrong) for run in runs] == [(point, True, []) for point in points]


@pytest.mark.parametrize("kind", ["verification", "drill", "staging restore"])
def test_killed_while_it_imports_to_staging_it_goes_on_and_staging_ends_as_it_was(tmp_path: Path, kind: str) -> None:
    run = StagedScene(tmp_path / "staged", kind, None).run("in node cli.bundle.cjs import")
    assert (run.hit, run.end, run.wrong) == (True, "succeeded", [])


def test_on_postgresql_another_bot_goes_on_and_one_that_was_frozen_past_its_lease_changes_nothing(
    tmp_path: Path, postgresql: Server
) -> None:
    scene = Scene(tmp_path / "real", "full rollback", postgresql)
    killed = scene.run("in git push --atomic")
    assert (killed.hit, killed.wrong) == (True, [])
    frozen = scene.frozen("in node cli.bundle.cjs import")
    assert (frozen.hit, frozen.end, frozen.wrong) == (True, "succeeded", [])
