"""B11 as people see it before they decide: a restore is rehearsed in staging, which is only lent for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sandbox.convex import ConvexServer
from sandbox.slack import Client, View
from tests.cards import answer, backup_id, taken
from tests.selling import opened, saying, selling, until, window
from tests.shipping import NEW_ORDERS, ORDERS, USERS, Shop, schema
from tests.world import BOB, ENGINEERING, World, running, wait_for

STAGING = "gentle-trout-7"
KEY = f"{STAGING}|02f00d"
PATIENCE = 240.0  # seconds: it pushes functions five times where rows do not fit
CARTS = "carts: defineTable({ user: v.string() })"


@contextmanager
def rehearsing(folder: Path, *, more: str = "") -> Iterator[tuple[Shop, World, ConvexServer]]:
    """A production whose rows are of an older schema than its code has by now, and a staging with rows of its own."""
    trout = ConvexServer(STAGING, [KEY], folder / "trout", step=0.01).start()
    trout.insert("users", {"name": "somebody on staging"})
    trout.insert("orders", {"total": 1.0, "user": "somebody on staging", "paid": True})
    try:
        more = f'[convex.staging]\nname = "trout"\nurl = "{trout.url}"\n{more}'
        with selling(folder, more=more, vercel=False, CONVEX_STAGING_KEY=KEY) as (shop, world):
            assert world.terminal("mark-staging").returncode == 0
            with running(world):
                yield shop, world, trout
    finally:
        trout.stop()


@pytest.fixture(scope="module")
def around(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Shop, World, ConvexServer]]:
    """Where staging's own data come back, as long as nobody says otherwise."""
    with rehearsing(tmp_path_factory.mktemp("rehearsal")) as around:
        yield around


@pytest.fixture
def slack(around: tuple[Shop, World, ConvexServer]) -> Client:
    return around[1].slack.client


@pytest.fixture
def trout(around: tuple[Shop, World, ConvexServer]) -> Iterator[ConvexServer]:
    trout = around[2]
    yield trout
    trout.faults.clear()


def held(server: ConvexServer) -> dict[str, str]:
    """The rows of every table that has any."""
    return {table: server.fingerprint(table) for table, rows in server.tables().items() if rows}


def asked(shop: Shop, slack: Client, *tables: str) -> tuple[str, View]:
    """A backup whose code has another schema than what runs by now, and the window in which its rehearsal is offered."""
    made = backup_id(taken(slack, "/backup full"))
    shop.remote.commit("Change the schema", {"convex/schema.ts": f"{schema(*tables)}// since {made}\n"})
    shop.remote.push("main:master")
    return made, saying_in(slack, made)


def saying_in(slack: Client, made: str) -> View:
    """The window of a restore of production."""
    opened(slack, f"/restore database {made}", BOB)
    return wait_for(lambda: saying(window(slack, BOB), f"Type {made}"), "the assessment")


def test_what_was_in_staging_is_there_again_after_a_rehearsal_and_its_card_names_the_steps(
    around: tuple[Shop, World, ConvexServer], slack: Client, trout: ConvexServer
) -> None:
    shop, world, _ = around
    mine, theirs = held(trout), shop.rows()
    made, view = asked(shop, slack, USERS, NEW_ORDERS)
    assert "saved first, and put back afterwards under the functions that production runs" in str(view.blocks)
    slack.click(view, "Rehearse in staging", user=BOB)
    done = until(slack, ENGINEERING, lambda shown: made in shown.all_text and "Rehearsal complete" in shown.all_text, PATIENCE)
    for words in (
        "its rows do not fit the functions that run",
        "2 of 2 tables equal to the backup, row by row",
        "Production was not touched.",
        "Staging has its own data again.",
        "staging saved",
        "staging put back",
    ):
        assert words in done.all_text
    assert (held(trout), shop.rows()) == (mine, theirs)
    assert (trout.deployed.schema or {})["schemaValidation"] is True
    assert not list((world.backups / ".state").glob("staging-*"))
    assert "Rehearsed in staging: its rows do not fit" in str(saying_in(slack, made).blocks)
    assert f"Rehearsed a restore to {made} on staging" in answer(slack, "/ops log").all_text


def test_a_rehearsal_that_fails_puts_staging_back_too(around: tuple[Shop, World, ConvexServer], slack: Client, trout: ConvexServer) -> None:
    shop, world, _ = around
    mine = held(trout)
    made, view = asked(shop, slack, USERS, NEW_ORDERS)
    before = len(trout._imports.listed())
    trout.faults["import"] = "slow:60"
    slack.click(view, "Rehearse in staging", user=BOB)
    wait_for(lambda: len(trout._imports.listed()) > before, "the import of the backup")
    trout.faults["export"], trout.faults["import"] = "fail", None
    failed = until(slack, ENGINEERING, lambda shown: f"Rehearsal of a restore to {made} failed at “proof”" in shown.all_text, PATIENCE)
    assert "Production was not touched.* Staging has its own data again." in failed.all_text
    assert held(trout) == mine
    assert (trout.deployed.schema or {})["schemaValidation"] is True
    assert [each["state"]["state"] for each in trout._imports.listed()][:2] == ["completed"] * 2  # the backup's, then staging's own
    assert not list((world.backups / ".state").glob("staging-*"))


def test_where_staging_takes_its_own_data_no_more_the_card_says_where_they_are_and_a_task_asks_for_them(
    around: tuple[Shop, World, ConvexServer], slack: Client, trout: ConvexServer
) -> None:
    shop, world, _ = around
    made, view = asked(shop, slack, USERS, NEW_ORDERS)
    trout.faults["import"] = "fail:no room"
    slack.click(view, "Rehearse in staging", user=BOB)
    failed = until(slack, ENGINEERING, lambda shown: f"Rehearsal of a restore to {made} failed at “data”" in shown.all_text, PATIENCE)
    (kept,) = (world.backups / ".state").glob("staging-*.zip")
    assert "Staging's own data could not be put back" in failed.all_text
    assert kept.name in failed.all_text
    slack.open_home(BOB)
    wait_for(lambda: saying(slack.home(BOB), "staging to put back"), "the task in Home")


def test_where_the_settings_leave_in_staging_what_was_restored_a_rehearsal_says_so_before_and_after(tmp_path: Path) -> None:
    with rehearsing(tmp_path, more="[verification]\nput_back = false\n") as (shop, world, trout):
        slack = world.slack.client
        made, view = asked(shop, slack, USERS, ORDERS, CARTS)
        assert "replaced by the backup's, and stay so (`[verification] put_back` is off)" in str(view.blocks)
        slack.click(view, "Rehearse in staging", user=BOB)
        done = until(slack, ENGINEERING, lambda shown: made in shown.all_text and "Rehearsal complete" in shown.all_text, PATIENCE)
        assert "its rows fit the functions that run" in done.all_text
        assert "Staging holds what the rehearsal left there: nothing was saved to be put back" in done.all_text
        assert "staging saved" not in done.all_text
        assert held(trout) == shop.rows()
        assert "Rehearsed in staging: its rows fit" in str(saying_in(slack, made).blocks)
