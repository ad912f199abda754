"""The day Slack is down: deploy, roll back, hold, switch maintenance and decide from a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ops.database import ApprovalRow
from tests.selling import selling
from tests.shipping import Shop
from tests.test_rollback_from_slack import later
from tests.world import World


@pytest.fixture(scope="module")
def around(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Shop, World]]:
    with selling(tmp_path_factory.mktemp("selling"), more="[approvals]\nbreak_glass_after_minutes = 0") as both:
        yield both


@pytest.fixture
def shop(around: tuple[Shop, World]) -> Shop:
    return around[0]


@pytest.fixture
def world(around: tuple[Shop, World]) -> World:
    return around[1]


def told(world: World, *words: str, code: int = 0) -> Any:
    """A command's document."""
    done = world.terminal(*words, "--json")
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_a_deploy_is_looked_at_refused_by_the_gate_and_done_with_a_backup(shop: Shop, world: World) -> None:
    commit = shop.commit("Add a page")
    looked = world.terminal("deploy", "--dry-run")
    assert looked.returncode == 0
    for words in ("main → master · production · sturgeon", "1 commit by 1 person", "Add a page", "Gate: closed", "There is no backup yet"):
        assert words in looked.stdout
    refused = world.terminal("deploy")
    assert (refused.returncode, "There is no backup yet" in refused.stderr) == (3, True)
    done = told(world, "deploy", "main", "v1.0.0", "--backup", "quick")
    assert (done["success"], done["kind"], done["result"]["commit"]) == (True, "deploy", commit)
    assert shop.live == commit
    assert told(world, "lock")["holder"] is None


def test_a_code_rollback_asks_for_the_id_once_more_and_then_goes_back(shop: Shop, world: World) -> None:
    made = told(world, "backup", "full")["id"]
    before = shop.live
    shop.commit("To be undone")
    assert told(world, "deploy", "--backup", "quick")["success"]
    asked = world.terminal("rollback", made, "--code", "--reason", "broken")
    assert asked.returncode == 3
    assert f"--confirm {made}" in asked.stderr
    assert "This will restore to backup from" in asked.stderr
    looked = told(world, "rollback", made, "--dry-run")
    assert (looked["undone"], looked["maintenance"], looked["loss"] is not None) == (1, True, True)
    done = told(world, "rollback", made, "--code", "--reason", "broken", "--confirm", made)
    assert (done["success"], shop.live) == (True, before)
    assert told(world, "deploy", code=3)["error"].startswith("Deploys are held")
    assert told(world, "resume", "--why", "mended")["success"]


def test_a_full_rollback_waits_for_the_signature_or_breaks_the_glass(shop: Shop, world: World) -> None:
    made, wanted = told(world, "backup", "full")["id"], shop.rows()
    shop.convex.insert("orders", {"total": 99.0, "user": "user 1"})
    words = ("rollback", made, "--reason", "double charges", "--confirm", made)
    assert told(world, *words, code=3)["outcome"] == "pending"
    done = told(world, *words, "--break-glass")
    assert (done["success"], shop.rows()) == (True, wanted)
    assert told(world, "resume")["success"]


def test_the_glass_is_broken_once_it_was_asked_for_long_enough_ago_and_people_are_not_asked_anew(shop: Shop, world: World) -> None:
    patient = replace(world, more=world.more.replace("break_glass_after_minutes = 0", "break_glass_after_minutes = 10"))
    made, wanted = told(patient, "backup", "full")["id"], shop.rows()
    shop.convex.insert("orders", {"total": 55.0, "user": "user 1"})
    words = ("restore", made, "--reason", "double charges", "--confirm", made)
    assert "If nobody signs, the same with `--break-glass` starts it from" in patient.terminal(*words).stderr
    assert "the glass may be broken in" in told(patient, *words, "--break-glass", code=3)["error"]
    later(world, ApprovalRow, asked_at=datetime.now(UTC) - timedelta(minutes=11))
    assert told(patient, *words, "--break-glass")["success"]
    assert shop.rows() == wanted
    asked = [each for each in told(world, "log") if "Sign-off asked" in str(each) and made in str(each)]
    assert len(asked) == 1


def test_data_are_restored_and_what_went_is_brought_back_without_slack(shop: Shop, world: World) -> None:
    made, wanted = told(world, "backup", "full")["id"], shop.rows()
    shop.convex.insert("orders", {"total": 77.0, "user": "user 1"})
    after = shop.rows()
    asked = world.terminal("restore", made, "--reason", "emptied")
    assert (asked.returncode, f"--confirm {made}" in asked.stderr) == (3, True)
    done = told(world, "restore", made, "--reason", "emptied", "--confirm", made, "--break-glass")
    assert (done["success"], shop.rows()) == (True, wanted)
    delta = told(world, "deltas")["deltas"][0]
    assert (delta["tables"], delta["broughtBack"]) == ({"orders": 1}, [])
    assert "has no created rows of users" in told(world, "salvage", delta["id"], "users", code=3)["error"]
    assert f"--confirm {delta['id']}" in world.terminal("salvage", delta["id"], "orders", "--reason", "it was real").stderr
    back = told(world, "salvage", delta["id"], "orders", "--reason", "it was real", "--confirm", delta["id"], "--break-glass")
    assert (back["success"], shop.rows()) == (True, after)
    assert told(world, "deltas")["deltas"][0]["broughtBack"] == ["orders"]
    assert "brought back already: orders" in world.terminal("deltas").stdout
    assert "No staging deployment is set" in told(world, "mark-staging", code=3)["error"]


def test_holds_and_maintenance_are_switched_with_a_reason(shop: Shop, world: World) -> None:
    assert "“checkout double-charges”" in world.terminal("hold", "checkout", "double-charges").stdout
    assert "held already" in told(world, "hold", "another", code=3)["error"]
    assert told(world, "resume")["success"]
    assert "not held" in told(world, "resume", code=3)["error"]
    assert "needs a reason" in told(world, "maintenance", "on", code=3)["error"]
    assert told(world, "maintenance", "on", "certificate", "renewal")["success"]
    assert shop.vercel
    assert shop.vercel.maintenance
    assert told(world, "maintenance", "off")["success"]
    assert not shop.vercel.maintenance
    assert told(world, "unpause")["success"]


def test_a_deploy_that_halts_says_what_is_where_is_no_more_called_running_and_is_decided_about(shop: Shop, world: World) -> None:
    commit = shop.commit("Breaks the build")
    assert shop.vercel
    shop.vercel.faults["build"] = "fail"
    halted = world.terminal("deploy", "--backup", "quick")
    assert halted.returncode == 5
    assert f"Now: master is at {commit[:6]}" in halted.stderr
    held = told(world, "lock")["holder"]
    assert held["outcome"] == "halted"
    assert "is halted on production" in told(world, "maintenance", "on", "to look at it", code=3)["error"]
    refused = world.terminal("maintenance", "on", "to look at it").stderr
    assert "A person must decide how it goes on: `python -m ops status` shows what can be decided." in refused
    stands = world.terminal("status").stdout
    assert f"Halted: deploy ({held['operationId']}) by terminal:" in stands
    assert f"`python -m ops settle {held['operationId']} retry`, `done` or `over`" in stands
    assert "Running: " not in stands
    assert told(world, "settle", held["operationId"], "over")["success"]
    shop.vercel.faults["build"] = None
    assert told(world, "lock")["holder"] is None
    assert "not halted" in told(world, "settle", held["operationId"], "retry", code=3)["error"]
    for words in (("settle", "0123456789ab", "retry"), ("cancel", "0123456789ab")):
        assert "There is no operation “0123456789ab”" in told(world, *words, code=3)["error"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("deploy", "no-such-branch"), 3, "no branch or tag"),
        (("rollback", "full-1701450000000", "--reason", "x"), 2, "There is no backup"),
        (("rollback", "nonsense", "--reason", "x"), 2, "is no backup id"),
    ],
)
def test_a_wrong_word_is_told_with_its_exit_code(world: World, words: tuple[str, ...], code: int, said: str) -> None:
    done = world.terminal(*words)
    assert done.returncode == code
    assert said in done.stderr
