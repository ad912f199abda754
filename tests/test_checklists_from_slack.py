"""B5, B6 as people see them: the Monday and the first-Monday list, ticked with evidence or by people, nudged when forgotten."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sandbox.slack import Client
from tests.cards import answer, backup_id, clicked, is_over, taken
from tests.nights import by_night
from tests.scheduling import in_use_for, scheduled, titled
from tests.selling import saying, until, window
from tests.world import ALICE, BOB, CAROL, DAVE, ENGINEERING, INCIDENTS, World, running, wait_for, world

HOUR = timedelta(hours=1)


def weekly(ago: timedelta, more: str = "") -> str:
    """Settings whose Monday was so long ago, and in which nothing else is due."""
    far = timedelta(hours=23, minutes=30)
    return (
        f'{scheduled(far, far)}retention = "{datetime.now(UTC) - far:%H:%M} UTC"\nweekly = "{datetime.now(UTC) - ago:%a %H:%M} UTC"\n{more}'
    )


def monthly(ago: timedelta) -> str:
    """The same for the first Monday."""
    at = datetime.now(UTC) - ago
    turn = ("1st", "2nd", "3rd", "4th", "last")[(at.day - 1) // 7]
    return weekly(timedelta(days=6, hours=20), f'monthly = "{turn} {at:%a %H:%M} UTC"\n')


@pytest.fixture
def place(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, more=weekly(HOUR)) as around:
        yield around


def test_the_weekly_list_comes_by_itself_once_and_is_ticked_by_people_each_of_whom_it_names(place: World) -> None:
    in_use_for(place, 23)
    slack = place.slack.client
    with running(place):
        card = until(slack, ENGINEERING, lambda shown: "Weekly checklist" in shown.all_text)
        for words in ("late: it was due", "5 items left", "Review storage usage", "No staging deployment is set"):
            assert words in str(card.blocks)
        assert "Noted: Review storage usage." in clicked(slack, card, "checklist_tick:storage").all_text
        until(slack, ENGINEERING, lambda shown: "4 items left" in shown.all_text)
        assert "did that already" in clicked(slack, card, "checklist_tick:storage", user=BOB).all_text
        slack.open_home(BOB)
        wait_for(lambda: saying(slack.home(BOB), "4 items left"), "the list on Home")
        clicked(slack, card, "checklist_tick:variables", user=BOB)
        wait_for(lambda: saying(slack.home(BOB), "3 items left"), "Home after the tick")
        assert "<@U0ALICE>" in str(titled(slack, "Weekly checklist")[0].blocks)
    with running(place):
        assert answer(slack, "/ops status")
    assert len(titled(slack, "Weekly checklist")) == 1
    assert "Review storage usage (weekly-" in place.terminal("log").stdout


def test_the_verification_log_is_filled_in_by_whoever_tested_and_a_no_is_a_p0_until_a_later_log_is_good(place: World) -> None:
    in_use_for(place, 23)
    slack = place.slack.client
    with running(place):
        assert slack.command("/backup full", user=ALICE, channel=ENGINEERING).acked
        made = backup_id(until(slack, ENGINEERING, lambda shown: is_over(shown) and backup_id(shown).startswith("full-")))
        card = until(slack, ENGINEERING, lambda shown: "Weekly checklist" in shown.all_text)
        assert slack.click(card, "checklist_log", user=DAVE).acked
        view = window(slack, DAVE)
        refused = slack.submit(view, {"answer_0": "Yes"}, user=DAVE)
        assert set(refused.errors) == {"answer_1", "answer_2"}
        slack.submit(view, {"answer_0": "Yes", "answer_1": "No", "answer_2": "Yes", "notes": "12 orders *lack*"}, user=DAVE)
        told = until(slack, INCIDENTS, lambda shown: "not as promised" in shown.all_text)
        assert "Data integrity verified: No" in str(told.blocks)
        shown = titled(slack, "Weekly checklist")[0]
        for words in (made, "Issues found: 12 orders", "Tested by: <@U0DAVE>"):
            assert words in str(shown.blocks)
        alert = until(slack, INCIDENTS, lambda shown: "P0 · The verification failed" in shown.all_text)
        assert f"`{made}`, restored by <@U0DAVE>: Data integrity verified: No. Issues found: 12 orders" in alert.all_text
        assert slack.click(shown, "checklist_log", user=BOB).acked
        slack.submit(window(slack, BOB), {"answer_0": "Yes", "answer_1": "Yes", "answer_2": "Yes", "notes": "No"}, user=BOB)
        until(slack, INCIDENTS, lambda shown: "Over: The verification failed" in shown.all_text)
        listed = until(slack, ENGINEERING, lambda shown: "Weekly checklist" in shown.all_text and "Tested by: <@U0BOB>" in shown.all_text)
        assert "checklist_log" not in str(listed.blocks)
        assert len(place.terminal("log").stdout.split("Backup tested: ")) == 3


def test_a_list_that_is_forgotten_is_nudged_once_and_the_missing_verification_goes_to_incidents_as_does_that_it_is_mended(
    place: World,
) -> None:
    in_use_for(place, 23)
    slack = place.slack.client
    with running(place):
        until(slack, ENGINEERING, lambda shown: "Weekly checklist" in shown.all_text)
    with sqlite3.connect(place.backups / ".state" / "bot.sqlite") as database:  # two days pass
        database.execute("UPDATE checklists SET due = datetime(due, '-2 days'), made_at = datetime(made_at, '-2 days')")
    for _ in range(2):
        with running(place):
            nudge = until(slack, ENGINEERING, lambda shown: "not done after" in shown.all_text)
            assert "Test the restoration of one backup" in str(nudge.blocks)
            until(slack, INCIDENTS, lambda shown: "not as promised" in shown.all_text)
            assert answer(slack, "/ops status")
    assert (len(titled(slack, "not done after")), len(titled(slack, "not as promised", INCIDENTS))) == (1, 1)
    with running(place):
        taken(slack, "/backup full")
        slack.click(titled(slack, "Weekly checklist")[0], "checklist_log", user=DAVE)
        slack.submit(window(slack, DAVE), {f"answer_{place}": "Yes" for place in range(3)} | {"notes": "None"}, user=DAVE)
        card = until(slack, INCIDENTS, lambda shown: "Weekly checklist: mended" in shown.text and not shown.thread_ts)
        wait_for(lambda: slack.thread(card), "that it is mended, where the card is")
        assert answer(slack, "/ops status")
        assert [each.text for each in slack.thread(card)] == ["Weekly checklist: mended"]


def test_the_monthly_list_has_the_access_audit_and_is_complete_when_all_is_ticked(tmp_path: Path) -> None:
    with world(tmp_path, more=monthly(HOUR)) as place:
        in_use_for(place, 23)
        slack = place.slack.client
        with running(place):
            card = until(slack, ENGINEERING, lambda shown: "Monthly checklist" in shown.all_text)
            for words in (
                "CTO: <@U0CAROL>",
                "DevOps: S0OPS (<@U0DAVE>)",
                "CONVEX_PRODUCTION_KEY",
                "This is the first audit",
                "last 10 quick",
            ):
                assert words in str(card.blocks)
            for item in ("restored", "retention", "access", "drill", "documents"):
                clicked(slack, card, f"checklist_tick:{item}", user=CAROL)
            assert "all done" in until(slack, ENGINEERING, lambda shown: "Monthly checklist: all done" in shown.text).all_text
            wait_for(lambda: [each for each in slack.thread(card) if "all done by" in each.all_text], "the end in the thread")


def test_by_night_the_monthly_list_comes_without_waking_those_whom_it_names(tmp_path: Path) -> None:
    with world(tmp_path, more=f"{monthly(HOUR)}{by_night()}") as place:
        in_use_for(place, 23)
        with running(place):
            card = until(place.slack.client, ENGINEERING, lambda shown: "Monthly checklist" in shown.all_text)
            assert "CTO: U0CAROL" in str(card.blocks)
        place.more = monthly(HOUR)
        with running(place):
            until(place.slack.client, ENGINEERING, lambda shown: "CTO: <@U0CAROL>" in str(shown.blocks) and shown.ts == card.ts)


def test_this_weeks_list_can_be_posted_now_and_both_posts_follow_what_is_ticked(tmp_path: Path) -> None:
    with world(tmp_path, more=weekly(timedelta(days=3))) as place, running(place):
        slack = place.slack.client
        assert "Posted in #" in answer(slack, "/ops post weekly").all_text
        until(slack, ENGINEERING, lambda shown: "Weekly checklist" in shown.all_text)
        assert "Posted in #" in answer(slack, "/ops post weekly").all_text
        wait_for(lambda: len(titled(slack, "Weekly checklist")) == 2, "the second post")
        clicked(slack, titled(slack, "Weekly checklist")[0], "checklist_tick:convex", user=ALICE)
        wait_for(lambda: len(titled(slack, "4 items left")) == 2, "both posts")
        assert "Posted in #" in answer(slack, "/ops post monthly").all_text
        until(slack, ENGINEERING, lambda shown: "Monthly checklist" in shown.all_text)


def test_a_bot_that_stood_still_over_monday_posts_the_list_of_that_monday_late(tmp_path: Path) -> None:
    with world(tmp_path, more=weekly(timedelta(days=4))) as place:
        in_use_for(place, 120)
        with running(place):
            until(
                place.slack.client,
                ENGINEERING,
                lambda shown: "Weekly checklist" in shown.all_text and "late: it was due" in str(shown.blocks),
            )


def test_two_bots_on_one_database_post_one_list(tmp_path: Path) -> None:
    with world(tmp_path, more=weekly(HOUR)) as place:
        in_use_for(place, 23)
        slack: Client = place.slack.client
        with running(place), running(place):
            until(slack, ENGINEERING, lambda shown: "Weekly checklist" in shown.all_text)
            answer(slack, "/ops status")
            assert len(titled(slack, "Weekly checklist")) == 1
