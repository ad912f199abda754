"""What is forgotten asks by night only where it keeps production away; the rest waits for the morning (X11, B20)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from ops import tasks
from ops.database import StandingRow, TaskRow, open_database
from sandbox.slack import Shown
from tests.cards import answer
from tests.nights import by_night
from tests.selling import until
from tests.world import INCIDENTS, World, running, world


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
