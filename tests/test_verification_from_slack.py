"""B14, X8 and X9 as people see them: the week's verification begins by itself, its card has the proof, Home says what it is worth."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from ops.staging import MARK
from sandbox.convex import ConvexServer
from sandbox.slack import Client
from tests.cards import answer, backup_id, taken
from tests.scheduling import in_use_for
from tests.selling import saying, selling, until
from tests.shipping import Shop
from tests.world import BOB, ENGINEERING, INCIDENTS, World, running, wait_for

STAGING = "gentle-trout-7"
KEY = f"{STAGING}|02f00d"


@pytest.fixture
def trout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConvexServer]:
    server = ConvexServer(STAGING, [KEY], tmp_path_factory.mktemp("trout"), step=0.01).start()
    server.insert("users", {"name": "somebody on staging"})
    yield server
    server.stop()


def sold(tmp_path_factory: pytest.TempPathFactory, trout: ConvexServer, weekly: str) -> Iterator[tuple[Shop, World]]:
    more = f'[convex.staging]\nname = "trout"\nurl = "{trout.url}"\n[schedule]\nweekly = "{weekly}"\n'
    with selling(tmp_path_factory.mktemp("verifying"), more=more, CONVEX_STAGING_KEY=KEY) as both:
        yield both


@pytest.fixture
def around(tmp_path_factory: pytest.TempPathFactory, trout: ConvexServer) -> Iterator[tuple[Shop, World]]:
    """A week in which nothing is due before the day after tomorrow."""
    later = datetime.now(UTC) + timedelta(days=2)
    yield from sold(tmp_path_factory, trout, f"{later:%a 12:00}")


def test_a_backup_is_verified_by_a_restore_and_home_says_how_production_would_come_back(
    around: tuple[Shop, World], trout: ConvexServer
) -> None:
    _, world = around
    with running(world):
        slack = world.slack.client
        slack.open_home(BOB)
        wait_for(lambda: saying(slack.home(BOB), "all data would be lost"), "the Home of a team without a backup")
        made = backup_id(taken(slack, "/backup full"))
        assert "in an *unknown* time" in str(answer(slack, "/ops status").blocks)
        slack.command(f"/backup verify {made} 4", user=BOB)
        card = until(slack, INCIDENTS, lambda shown: "The verification failed" in shown.all_text)
        assert "does not prove that it is staging" in card.all_text
        assert "Retention takes nothing until a verification succeeds" in card.all_text
        assert "proves that it is staging" in world.terminal("mark-staging").stdout
        assert len(trout.variables[MARK]) >= 16
        slack.click(card, "Verify it again", user=BOB)
        done = until(slack, ENGINEERING, lambda shown: made in shown.all_text and "restored and proven" in shown.all_text)
        for words in ("2 tables, 13 rows, every fingerprint equal", "damaged on purpose", "staging · trout", "L4"):
            assert words in done.all_text
        home = wait_for(lambda: saying(slack.home(BOB), "back in about"), "the time in Home")
        assert "variables *unknown*" in str(home)
        slack.click(home, "Show the restores", user=BOB)
        wait_for(lambda: saying(slack.view(BOB), f"verification of `{made}`"), "the evidence")
        shown = answer(slack, f"/backup show {made}")
        assert "restored to staging and equal" in shown.all_text + str(shown.blocks)


def test_the_weeks_verification_begins_by_itself_and_only_once(tmp_path_factory: pytest.TempPathFactory, trout: ConvexServer) -> None:
    due = datetime.now(UTC) - timedelta(minutes=2)
    for _, world in sold(tmp_path_factory, trout, f"{due:%a %H:%M} UTC"):
        in_use_for(world, 1)
        assert world.terminal("mark-staging").returncode == 0
        made = world.terminal("backup", "full")
        assert made.returncode == 0, made.stderr
        with running(world):
            slack: Client = world.slack.client
            done = until(slack, ENGINEERING, lambda shown: "restored and proven" in shown.all_text)
            assert "never restored before, of all" in done.all_text
            assert "seed" in done.all_text
        with running(world):
            assert len([each for each in slack.messages(ENGINEERING) if "restored and proven" in each.all_text]) == 1
            assert "Verification" not in str(answer(slack, "/ops status").blocks)
