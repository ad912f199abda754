"""B15 as people see it: the card asks, the buttons answer, the phases are timed, the history shows where it is going."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from sandbox.convex import ConvexServer
from sandbox.slack import Client
from tests.cards import answer, backup_id, taken
from tests.selling import saying, selling, until
from tests.shipping import Shop
from tests.world import ALICE, BOB, ENGINEERING, MALLORY, RANDOM, World, running, wait_for

STAGING = "gentle-trout-7"
KEY = f"{STAGING}|02f00d"


@pytest.fixture(scope="module")
def around(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Shop, World]]:
    trout = ConvexServer(STAGING, [KEY], tmp_path_factory.mktemp("trout"), step=0.01).start()
    more = f'[convex.staging]\nname = "trout"\nurl = "{trout.url}"\n'
    try:
        with selling(tmp_path_factory.mktemp("drill"), more=more, CONVEX_STAGING_KEY=KEY) as (shop, world), running(world):
            assert world.terminal("mark-staging").returncode == 0
            yield shop, world
    finally:
        trout.stop()


@pytest.fixture
def slack(around: tuple[Shop, World]) -> Client:
    return around[1].slack.client


def test_a_drill_is_seen_decided_about_and_measured(around: tuple[Shop, World], slack: Client) -> None:
    assert "No drill has been done yet" in answer(slack, "/drill history").all_text
    made = backup_id(taken(slack, "/backup full"))
    assert "has begun" in answer(slack, "/drill start B", user=ALICE).all_text
    card = until(slack, ENGINEERING, lambda shown: "Find out which table" in shown.all_text)
    assert "staging · trout" in card.all_text
    assert "production is not touched" in card.all_text
    slack.click(card, "Note a blocker", user=BOB)
    view = wait_for(lambda: saying(slack.view(BOB), "What holds you up?"), "the window")
    assert slack.submit(view, {"reason": "nobody had the login"}, user=BOB).acked
    slack.click(card, "I see what happened", user=BOB)
    view = wait_for(lambda: saying(slack.view(BOB), "What do you see?"), "the window")
    assert "Say it in a sentence" in str(slack.submit(view, {"reason": " "}, user=BOB).errors)
    assert slack.submit(view, {"reason": "orders and users: one of them lost half"}, user=BOB).acked
    card = until(slack, ENGINEERING, lambda shown: "Which backup should staging come back from?" in shown.all_text)
    slack.click(card, "Decide", user=BOB)
    view = wait_for(lambda: saying(slack.view(BOB), made), "the backups")
    assert slack.submit(view, {"backup": made}, user=BOB).acked
    done = until(slack, ENGINEERING, lambda shown: "Drill B: back in" in str(shown.text) and "To do" in str(shown.blocks))
    for words in ("detect", "decide", "restore", "verify", "*total", "of 30 m", made, "nobody had the login", "INCIDENT_RESPONSE_PLAN.md"):
        assert words in done.all_text + str(done.blocks)
    slack.open_home(BOB)
    wait_for(lambda: saying(slack.home(BOB), "drill recommendation"), "the task in Home")
    history = answer(slack, "/drill history")
    assert "time to come back" in history.all_text + str(history.blocks)
    shown = until(slack, ENGINEERING, lambda shown: bool(shown.files))
    assert shown.files[0]["mimetype"] == "image/png"
    assert "B" in shown.files[0]["alt_txt"]
    assert "Promised: 30 m 00 s" in shown.files[0]["alt_txt"]
    assert httpx.get(shown.files[0]["url_private"]).content.startswith(b"\x89PNG")
    answer(slack, "/drill history", channel=RANDOM)  # where the bot is not
    wait_for(lambda: [each for each in slack.direct(ALICE) if each.files], "the picture in a direct message")
    around[1].slack.faults["error"] = {"method": "files.completeUploadExternal", "code": "missing_scope", "times": 2}
    slack.command("/drill history")
    told = wait_for(lambda: next((each for each in slack.ephemerals(ALICE) if "files:write" in each.all_text), None), "what is missing")
    assert "did not take the file" in told.all_text


def test_bad_words_and_people_without_a_role_are_told(slack: Client) -> None:
    assert "There is no scenario" in answer(slack, "/drill start Z").all_text
    assert "needs the backup of variables" in answer(slack, "/drill start C").all_text
    assert "may not" in answer(slack, "/drill start A", user=MALLORY).all_text
