"""What is forgotten asks by night only where it keeps production away; the rest waits for the morning (X11, B20)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy.orm import Session

from ops import tasks
from ops.database import StandingRow, TaskRow, open_database
from sandbox.slack import Client, Shown
from tests.cards import answer
from tests.nights import by_night
from tests.selling import saying, until, window
from tests.world import BOB, CAROL, INCIDENTS, World, running, wait_for, world


def forgotten(place: World) -> None:
    """A hold, maintenance and a paused staging that began days ago, and a task."""
    engine, since = open_database(f"sqlite:///{place.backups}/.state/bot.sqlite"), datetime.now(UTC) - timedelta(days=2, hours=1)
    with Session(engine) as session, session.begin():
        for what, environment in (("hold", "production"), ("paused", "staging"), ("maintenance", "production")):
            session.add(StandingRow(what=what, environment=environment, reason="an incident", by="U0BOB", since=since))
        tasks.begin(session, "task-1", "drill", "Write it down", by="U0BOB", about=None)
        session.flush()
        session.get_one(TaskRow, "task-1").opened_at = since
    engine.dispose()


def heard(place: World, said: str) -> Shown:
    """The reminder that says it, once it is there."""
    return until(place.slack.client, INCIDENTS, lambda shown: said in shown.text)


def test_by_night_only_what_keeps_production_away_asks_whether_it_is_needed_and_in_the_morning_all_of_it(tmp_path: Path) -> None:
    with world(tmp_path) as place:
        with running(place):
            answer(place.slack.client, "/ops status")
        forgotten(place)
        place.more = by_night()
        with running(place):
            heard(place, "Maintenance is on for")
            words = str([shown.text for shown in place.slack.client.messages(INCIDENTS)])
            assert not [each for each in ("Deploys are held", "Convex is paused", "Write it down") if each in words]
        place.more = ""
        with running(place):
            for said in ("Deploys are held for", "Convex is paused (staging) for", "Still open after 2 days: drill: Write it down"):
                heard(place, said)


def now_saying(slack: Client, asked: Shown, said: str) -> Shown | None:
    """A message as it is now, if it says this."""
    return saying(slack.again(asked), said)


def test_a_reminder_says_that_it_is_over_and_has_nothing_to_press_once_what_it_asked_about_has_ended(tmp_path: Path) -> None:
    with world(tmp_path) as place:
        slack = place.slack.client
        with running(place):
            answer(slack, "/ops status")
        forgotten(place)
        with running(place):
            hold, task, stands = (
                heard(place, said) for said in ("Deploys are held for", "Still open after 2 days", "Maintenance is on for")
            )
            answer(slack, "/ops resume the incident is over", user=BOB)
            slack.click(task, "Close it", user=CAROL)
            slack.submit(window(slack, CAROL), {"reason": "it is written down"}, user=CAROL)
            for asked, said in (
                (hold, "Deploys were held, by <@U0BOB>: “an incident”. That is over."),
                (task, "Drill is closed, by <@U0CAROL>"),
            ):
                over = wait_for(partial(now_saying, slack, asked, said), said, 90)
                assert "'actions'" not in str(over.blocks)
            assert now_saying(slack, stands, "Switch maintenance off")
