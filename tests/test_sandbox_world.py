"""The production that the demo watches over."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.slack import Faults
from sandbox.world import Breaking, World
from sandbox.world.breaking import SWITCHES
from sandbox.world.commits import fix, schema
from sandbox.world.history import APP
from sandbox.world.production import KEY
from sandbox.world.repository import Repository
from tests.convex_cli import MODULES, Cli
from tests.remotes import git


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.start()
    made.stop()
    return made


def test_the_remote_has_a_history_by_several_people_and_work_that_waits_on_main(world: World) -> None:
    remote = world.repository.remote
    assert len(set(git(remote, "log", "--format=%an", "master").splitlines())) == 4
    assert git(remote, "rev-list", "--count", "master") == "11"
    assert git(remote, "rev-list", "--count", "master..main") == "1"


def test_production_runs_the_sample_app_as_it_lies_in_the_sandbox(world: World) -> None:
    for path in ("convex/schema.ts", "convex/money.ts", "package-lock.json", "CHANGES.md"):
        assert git(world.repository.remote, "show", f"master:{path}") == (APP / path).read_text("utf-8").strip()


def test_a_fix_leaves_the_schema_and_a_change_of_it_adds_a_field(world: World) -> None:
    repository = world.repository
    fix(repository)
    assert git(repository.remote, "diff", "--name-only", "master~1", "master") == "CHANGES.md"
    schema(repository)
    assert git(repository.remote, "diff", "--stat", "--format=", "master~1", "master").endswith("1 file changed, 1 insertion(+)")
    assert "refundedAt: v.optional(v.number())" in git(repository.remote, "show", "master:convex/schema.ts")


def test_the_schema_can_be_changed_as_often_as_somebody_likes(world: World) -> None:
    for _ in range(8):
        schema(world.repository)
    assert git(world.repository.remote, "log", "-8", "--format=%s", "master").count("the field") == 8


def test_rows_are_seeded_once_and_orders_come_and_go(world: World, tmp_path: Path) -> None:
    production = world.production
    before = production.convex.tables()
    assert before["orders"] == 1860
    assert "ordered" in production.order()
    assert production.convex.tables()["orders"] == 1861
    assert production.delete() == "Order 11861 is deleted."
    assert "400 old sessions" in production.purge()
    after = production.convex.tables()
    assert (after["orders"], after["sessions"]) == (1860, before["sessions"] - 400)
    again = World(tmp_path)
    again.start()
    again.stop()
    assert again.production.convex.tables() == after


def test_the_app_that_lies_at_the_remote_can_be_deployed_over_the_rows(world: World, tmp_path: Path) -> None:
    production, folder = world.production, tmp_path / "clone"
    git(tmp_path, "clone", "-q", str(world.repository.remote), str(folder))
    (folder / "node_modules").symlink_to(MODULES)
    production.order()
    production.convex.start()
    try:
        done = Cli(folder, production.convex, KEY).run("deploy", "--typecheck", "disable", "--yes")
    finally:
        production.convex.stop()
    assert done.code == 0, done.told


def test_a_start_that_was_interrupted_is_begun_anew(tmp_path: Path) -> None:
    Repository(tmp_path / "git").create()
    world = World(tmp_path).start()
    world.stop()
    assert world.repository.live()["author"] == "Wei Chen"


def test_every_switch_sets_a_fault_that_exists_and_can_be_made_right(world: World) -> None:
    slack, convex, vercel = Faults(), world.production.convex.faults, world.vercel.faults
    breaking = Breaking(convex, slack, world.repository, vercel)
    for switch in SWITCHES:
        breaking.switch(switch.place, switch.fault)
        assert breaking.on == {switch.place: switch.fault}
        assert convex or slack or vercel or world.repository.gone
        breaking.switch(switch.place, None)
        assert not any((breaking.on, convex, slack, vercel, world.repository.gone))


def test_an_unknown_switch_is_refused(world: World) -> None:
    with pytest.raises(KeyError):
        Breaking({}, {}, world.repository).switch("export", "nonsense")
