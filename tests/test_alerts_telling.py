"""B20, who hears of it once more: what halts again, what flaps, what was kept quiet; decided without Slack."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from bot.views import alerts
from ops.alerts import answers, canary, looking, outgoing, records, telling
from ops.alerts.alert import Alert
from ops.alerts.severity import Severity
from ops.automated import Missing
from ops.backstop import Backstop
from ops.database import DeliveryRow
from ops.errors import Refused
from ops.journal import OperationView, Status
from ops.settings import Settings
from sandbox.outside import PagingServer
from tests.alerting import HOUR, engine, facts, settings, view

__all__ = ["engine"]

NOON = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@dataclass(kw_only=True)
class Watched:
    """A database that is looked at, with e-mail and PagerDuty that take what is due."""

    engine: Engine
    settings: Settings

    def look(self, at: datetime, **found: Any) -> None:
        """One look; what is due by then is taken."""
        looking.look(cast("Backstop", self), facts(**found), at)
        self.take(at)

    def take(self, at: datetime) -> None:
        """Time passes, and the channels take what is due."""
        with Session(self.engine) as session, session.begin():
            for row in session.scalars(select(DeliveryRow).where(DeliveryRow.until <= at)):
                row.until, row.done_at = None, at

    def told(self, channel: str) -> list[str]:
        """What a channel took, in that order."""
        with Session(self.engine) as session:
            rows = session.scalars(select(DeliveryRow).where(DeliveryRow.channel == channel).order_by(DeliveryRow.created_at))
            return [str(row.content["what"]) for row in rows if row.done_at is not None]

    def only(self) -> Alert:
        """The open alert."""
        (found,) = records.open_ones(self.engine)
        return found


@pytest.fixture
def watched(engine: Engine, tmp_path: Path) -> Watched:
    return Watched(engine=engine, settings=settings(tmp_path, smtp_url="smtp://h", pagerduty_key="k"))


@pytest.fixture
def paging() -> Iterator[PagingServer]:
    server = PagingServer().start()
    yield server
    server.stop()


def restore(status: Status, halted_at: datetime | None = None) -> OperationView:
    """A restore of production as it stands."""
    return view("restore", status, NOON, finished_at=None if status in {Status.HALTED, Status.RUNNING} else NOON, halted_at=halted_at)


def taken(watched: Watched, at: datetime) -> None:
    """Bob has the open alert in hand."""
    answers.acknowledge(watched.engine, watched.only().id, by="U0BOB", tell=telling.tell_change(watched.settings, at))
    watched.take(at)


def test_a_retry_is_not_the_end_and_what_halts_once_more_is_told_at_once_whoever_has_it_in_hand(watched: Watched) -> None:
    watched.look(NOON, operations=(restore(Status.HALTED, NOON),))
    first = watched.only()
    taken(watched, NOON + MINUTE)
    for minutes in (5, 90):  # nobody is reminded of it while it goes on
        watched.look(NOON + minutes * MINUTE, operations=(restore(Status.RUNNING),))
    assert (watched.only().acknowledged_by, watched.told(telling.MAIL)) == ("U0BOB", ["opened"])
    again = NOON + 95 * MINUTE
    watched.look(again, operations=(restore(Status.HALTED, again),))
    watched.look(again + MINUTE, operations=(restore(Status.HALTED, again),))
    alert = watched.only()
    assert (alert.id, alert.acknowledged_by, alert.events[-1]["what"]) == (first.id, None, "again")
    assert (watched.told(telling.MAIL), watched.told(telling.PAGER)) == (["opened", "again"], ["opened", "acknowledged", "again"])
    watched.look(again + 5 * MINUTE, operations=(restore(Status.SUCCEEDED),))
    assert (records.open_ones(watched.engine), records.get(watched.engine, first.id).how) == ([], "It succeeded.")
    assert watched.told(telling.MAIL) == ["opened", "again", "resolved"]


def failed(at: datetime) -> Missing:
    """An automated backup that began then, and failed."""
    return Missing(id=f"automated-{at:%Y-%m-%d-%H%M}", due=at, why="no room", again=False, began=at)


@pytest.mark.parametrize("behind", [MINUTE, 50 * MINUTE])
def test_two_bots_whose_clocks_differ_and_a_clock_that_is_put_right_tell_an_alert_once(watched: Watched, behind: timedelta) -> None:
    for at in (NOON, NOON - behind, NOON + MINUTE, NOON - behind + MINUTE):
        watched.look(at, operations=(restore(Status.HALTED, NOON - HOUR),))
    assert (watched.told(telling.MAIL), watched.told(telling.PAGER)) == (["opened"], ["opened"])


def test_what_fails_once_a_clock_that_was_ahead_is_put_right_is_told_though_the_same_was_over_then(watched: Watched) -> None:
    ahead = NOON + timedelta(days=2)
    watched.look(ahead, missing=(failed(ahead),))
    records.resolve(watched.engine, watched.only().id, "There is a good full backup again.", ahead + MINUTE)
    for at in (NOON, NOON + MINUTE):
        watched.look(at, missing=(failed(NOON),))
    assert (watched.only().at, watched.only().severity) == (NOON, Severity.P0)
    answers.close(watched.engine, watched.only().id, by="U0BOB", why="The disk was full")
    watched.look(NOON + HOUR, missing=(failed(NOON),))
    assert records.open_ones(watched.engine) == []  # a person's word holds


def test_what_was_wrong_by_a_clock_that_was_ahead_only_is_over_when_it_is_put_right(watched: Watched) -> None:
    ahead = NOON + timedelta(days=2)
    watched.look(ahead, missing=(failed(ahead),))
    alert = watched.only()
    watched.look(NOON)
    assert records.open_ones(watched.engine) == []
    assert records.get(watched.engine, alert.id).how == "The clock of this machine was ahead when that was found; it is not so."


def test_a_test_of_the_alerts_that_a_clock_sent_ahead_keeps_none_from_being_sent(watched: Watched) -> None:
    backstop, ahead = cast("Backstop", watched), NOON + timedelta(days=30)
    canary.send(backstop, ahead, ahead)
    canary.send(backstop, NOON, NOON)
    assert NOON in [each.at for each in records.open_ones(watched.engine)]


def test_a_halt_that_was_kept_quiet_is_told_when_it_halts_once_more(watched: Watched) -> None:
    watched.look(NOON, operations=(restore(Status.HALTED, NOON),))
    answers.snooze(watched.engine, watched.only().id, by="U0BOB", hours=12, why="Convex is down")
    watched.look(NOON + MINUTE, operations=(restore(Status.HALTED, NOON + MINUTE),))
    assert (watched.only().snoozed_until, watched.told(telling.MAIL)) == (None, ["opened", "again"])


def test_of_two_who_keep_an_alert_quiet_in_one_moment_the_thread_says_who_gave_which_reason(watched: Watched) -> None:
    watched.look(NOON, operations=(restore(Status.HALTED, NOON),))
    for by, why in (("U0BOB", "I look"), ("U0CAROL", "known")):
        answers.snooze(watched.engine, watched.only().id, by=by, hours=4, why=why)
    alert = watched.only()
    assert [alerts.event(alert, each)["text"] for each in alert.events] == [
        ":hourglass: <@U0BOB> keeps it quiet: “I look”",
        ":hourglass: <@U0CAROL> keeps it quiet: “known”",
    ]


def test_pagerduty_pages_once_more_for_what_somebody_has_taken_there_and_the_former_incident_is_over(
    watched: Watched, paging: PagingServer
) -> None:
    secrets = watched.settings.secrets.model_copy(update={"pagerduty_key": SecretStr(paging.key)})
    found = watched.settings.model_copy(update={"pagerduty_url": paging.url, "secrets": secrets})
    for halted_at in (NOON, NOON + HOUR):
        looking.look(cast("Backstop", watched), facts(operations=(restore(Status.HALTED, halted_at),)), halted_at)
        answers.acknowledge(watched.engine, watched.only().id, by="U0BOB", tell=telling.tell_change(found, halted_at + MINUTE))
        while outgoing.deliver(watched.engine, found, telling.PAGER):
            pass
    assert [each["event_action"] for each in paging.events] == ["trigger", "acknowledge", "trigger", "resolve", "acknowledge"]
    assert sorted(each["status"] for each in paging.incidents.values()) == ["acknowledged", "resolved"]


def test_nobody_hears_of_what_flaps_and_its_end_is_told_when_it_has_lasted_for_an_hour(watched: Watched) -> None:
    for turn in range(12):
        watched.look(NOON + 2 * turn * MINUTE, used=85 if turn % 2 == 0 else 75)
    over = NOON + 22 * MINUTE
    assert watched.told(telling.MAIL) == ["opened"]
    watched.take(over + HOUR)
    assert watched.told(telling.MAIL) == ["opened", "resolved"]
    watched.look(over + HOUR + MINUTE, used=85)
    assert watched.told(telling.MAIL) == ["opened", "resolved", "opened"]


def test_a_state_that_does_not_flap_and_comes_back_within_the_hour_is_told_at_once(watched: Watched) -> None:
    monday = NOON - timedelta(days=3)
    done = view("verification", Status.SUCCEEDED, NOON + MINUTE)
    watched.look(NOON, weekly=monday)
    taken(watched, NOON + MINUTE)
    watched.look(NOON + 2 * MINUTE, weekly=monday, verifications=(done,))
    watched.look(NOON + 3 * MINUTE, weekly=monday)
    assert watched.only().acknowledged_by is None
    assert watched.told(telling.MAIL) == ["opened", "resolved", "again"]


def test_where_the_weekly_test_did_not_arrive_is_told_at_once_by_the_others_until_a_test_arrives_there(watched: Watched) -> None:
    backstop = cast("Backstop", watched)
    canary.send(backstop, NOON, NOON)
    watched.look(NOON, canary=records.last(watched.engine, "canary", NOON))
    watched.look(NOON + MINUTE, canary=canary.answer(backstop, watched.only().id, ["e-mail"], by="U0BOB", now=NOON + MINUTE))
    test, alert = records.open_ones(watched.engine)
    assert (test.key, test.events[-1]["lacking"]) == ("canary", ["PagerDuty"])
    assert (alert.title, alert.text[:13]) == ("The test of the alerts did not arrive by PagerDuty", "U0BOB looked.")
    assert (watched.told(telling.MAIL), watched.told(telling.PAGER)) == (["opened", "opened"], ["opened"])
    day = NOON + timedelta(days=1)
    watched.look(day + MINUTE, canary=test)
    assert [each.key for each in records.open_ones(watched.engine)] == ["canary", "unheard:PagerDuty"]  # it was answered
    week = NOON + timedelta(days=7)
    canary.send(backstop, week, week)
    assert records.get(watched.engine, test.id).how == "It did not arrive everywhere; the next one was sent."
    test = records.open_ones(watched.engine)[-1]
    watched.look(week, canary=test)
    assert alert.id in [each.id for each in records.open_ones(watched.engine)]  # nobody knows yet
    watched.look(week + MINUTE, canary=canary.answer(backstop, test.id, ["e-mail", "PagerDuty"], by="U0BOB", now=week + MINUTE))
    assert records.open_ones(watched.engine) == []
    assert records.get(watched.engine, alert.id).how == "A test of the alerts arrived by PagerDuty."


def test_a_test_that_arrived_nowhere_can_be_answered_and_each_channel_is_an_alert(watched: Watched) -> None:
    backstop = cast("Backstop", watched)
    canary.send(backstop, NOON, NOON)
    watched.look(NOON, canary=records.last(watched.engine, "canary", NOON))
    found = canary.answer(backstop, watched.only().id, [], by="U0BOB", now=NOON)
    assert alerts.arrived_window(found, canary.expected(watched.settings))["blocks"][1]["optional"]
    assert "did not arrive by e-mail and PagerDuty" in str(alerts.event(found, found.events[-1]))
    watched.look(NOON, canary=found)
    assert [each.key for each in records.open_ones(watched.engine)[1:]] == ["unheard:e-mail", "unheard:PagerDuty"]
    found = canary.answer(backstop, found.id, ["PagerDuty"], by="U0CAROL", now=NOON + HOUR)
    watched.look(NOON + HOUR, canary=found)
    assert [each.key for each in records.open_ones(watched.engine)[1:]] == ["unheard:e-mail"]


def test_a_test_that_nobody_answered_is_over_where_it_was_sent_once_the_next_one_is(watched: Watched, paging: PagingServer) -> None:
    secrets = watched.settings.secrets.model_copy(update={"pagerduty_key": SecretStr(paging.key)})
    watched.settings = watched.settings.model_copy(update={"pagerduty_url": paging.url, "secrets": secrets})
    backstop, week = cast("Backstop", watched), NOON + timedelta(days=7)
    for moment in (NOON, week):
        canary.send(backstop, moment, moment)
        looking.look(backstop, facts(canary=records.last(watched.engine, "canary", moment)), moment)
        while outgoing.deliver(watched.engine, watched.settings, telling.PAGER):
            pass
    assert [each["event_action"] for each in paging.events] == ["trigger", "resolve", "trigger"]
    assert sorted(each["status"] for each in paging.incidents.values()) == ["resolved", "triggered"]


def test_a_test_that_waits_for_the_morning_cannot_be_said_to_have_arrived(watched: Watched) -> None:
    backstop, night = cast("Backstop", watched), NOON + 9 * HOUR
    canary.send(backstop, night, night)
    watched.look(night, canary=records.last(watched.engine, "canary", night))
    with pytest.raises(Refused, match="was not sent yet: it waits for the end of the night"):
        canary.answer(backstop, watched.only().id, ["e-mail", "PagerDuty"], by="U0BOB", now=night)
    watched.look(night + 7 * HOUR, canary=watched.only())
    canary.answer(backstop, watched.only().id, ["e-mail", "PagerDuty"], by="U0BOB", now=night + 7 * HOUR)
    assert records.open_ones(watched.engine) == []


def test_after_an_outage_only_the_first_and_the_newest_word_of_an_alert_are_sent(watched: Watched) -> None:
    found = facts(operations=(restore(Status.HALTED, NOON),))
    for hours in range(9):  # nothing is taken meanwhile, and the first was tried
        looking.look(cast("Backstop", watched), found, NOON + hours * (HOUR + MINUTE))
        with Session(watched.engine) as session, session.begin():
            for row in session.scalars(select(DeliveryRow).where(DeliveryRow.content["what"].as_string() == "opened")):
                row.attempts, row.error = hours + 1, "it is away"
    watched.take(NOON + 9 * HOUR)
    assert (watched.told(telling.MAIL), watched.told(telling.PAGER)) == (["opened", "reminder"], ["opened", "reminder"])
    with Session(watched.engine) as session:
        dropped = session.scalars(select(DeliveryRow).where(DeliveryRow.done_at.is_(None))).all()
        assert [(row.until, row.error) for row in dropped] == [(None, "overtaken by something newer before it could be sent")] * 14


def watching(name: str, bad: int, good: int, since: datetime) -> OperationView:
    """A watch after a restore, as its last looks were."""
    row = {"bad": bad, "good": good, "since": since.isoformat(), "fault": "/ answers 500."}
    return view("watch", Status.RUNNING, NOON, id=name, finished_at=None, progress={"row": row}, result={})


def test_a_site_that_flaps_after_a_restore_is_told_once_in_an_hour_and_a_newer_restores_at_once(watched: Watched) -> None:
    for turn in range(3):
        at = NOON + turn * 8 * MINUTE
        watched.look(at, watches=(watching("watch-1", 2, 0, at),))
        watched.look(at + 4 * MINUTE, watches=(watching("watch-1", 0, 2, at),))
    assert (watched.told(telling.MAIL), watched.told(telling.PAGER)) == (["opened"], ["opened"])
    (alert,) = records.changed_since(watched.engine, NOON)
    assert [each["what"] for each in alert.events] == ["resolved", "again", "resolved", "again", "resolved"]
    watched.look(NOON + 30 * MINUTE, watches=(watching("watch-2", 2, 0, NOON + 30 * MINUTE),))
    assert (watched.told(telling.MAIL), watched.told(telling.PAGER)) == (["opened", "opened"], ["opened", "opened"])
    watched.take(NOON + 2 * HOUR)
    assert watched.told(telling.PAGER) == ["opened", "opened", "resolved"]


def test_a_site_that_a_person_called_well_and_that_fails_again_is_told_at_once(watched: Watched) -> None:
    watched.look(NOON, watches=(watching("watch-1", 2, 0, NOON),))
    answers.close(watched.engine, watched.only().id, by="U0BOB", why="The host was restarted", tell=None)
    now = datetime.now(UTC)
    watched.look(now, watches=(watching("watch-1", 3, 0, NOON),))
    assert (records.open_ones(watched.engine), watched.told(telling.MAIL)) == ([], ["opened"])  # a person's word holds
    watched.look(now, watches=(watching("watch-1", 2, 0, now),))
    assert watched.told(telling.MAIL) == ["opened", "opened"]


@contextmanager
def no_deliveries(engine: Engine) -> Iterator[None]:
    """A database that takes no row of what is to be told, as if Backstop stopped there."""
    with engine.begin() as connection:
        connection.execute(text("CREATE TRIGGER full BEFORE INSERT ON deliveries BEGIN SELECT RAISE(ABORT, 'disk full'); END"))
    yield
    with engine.begin() as connection:
        connection.execute(text("DROP TRIGGER full"))


def test_an_end_that_could_not_be_told_is_none_and_is_told_at_the_next_look(watched: Watched) -> None:
    watched.look(NOON, operations=(restore(Status.HALTED, NOON),))
    with no_deliveries(watched.engine), pytest.raises(DatabaseError, match="disk full"):
        watched.look(NOON + MINUTE, operations=(restore(Status.SUCCEEDED),))
    assert watched.only().is_open
    watched.look(NOON + 2 * MINUTE, operations=(restore(Status.SUCCEEDED),))
    assert records.open_ones(watched.engine) == []
    assert (watched.told(telling.MAIL), watched.told(telling.PAGER)) == (["opened", "resolved"], ["opened", "resolved"])


def test_what_a_person_does_about_an_alert_is_done_and_told_or_neither(watched: Watched) -> None:
    key, told = "automated-backup", telling.tell_change(watched.settings, NOON)
    missing = Missing(id="automated-1", due=NOON, why="No room.", again=False)
    watched.look(NOON, missing=(missing,))
    alert, engine = watched.only(), watched.engine
    deeds: dict[str, Callable[[], Alert]] = {
        "acknowledged": lambda: answers.acknowledge(engine, alert.id, by="U0BOB", tell=told),
        "snoozed": lambda: answers.snooze(engine, alert.id, by="U0BOB", hours=4, why="Convex is down", tell=told),
        "resolved": lambda: answers.close(engine, alert.id, by="U0BOB", why="known", tell=told),
    }
    for what, deed in deeds.items():
        with no_deliveries(engine), pytest.raises(DatabaseError, match="disk full"):
            deed()
        assert what not in [each["what"] for each in records.get(engine, alert.id).events]
        deed()
        watched.take(datetime.now(UTC))
    assert (alert.key, watched.told(telling.PAGER)) == (key, ["opened", "acknowledged", "acknowledged", "resolved"])


def test_a_test_that_arrived_is_over_at_pagerduty_too_or_is_still_open(watched: Watched) -> None:
    backstop = cast("Backstop", watched)
    canary.send(backstop, NOON, NOON)
    watched.look(NOON, canary=records.last(watched.engine, "canary", NOON))
    everywhere = canary.expected(watched.settings)
    with no_deliveries(watched.engine), pytest.raises(DatabaseError, match="disk full"):
        canary.answer(backstop, watched.only().id, everywhere, by="U0BOB", now=NOON)
    canary.answer(backstop, watched.only().id, everywhere, by="U0BOB", now=NOON)
    watched.take(NOON)
    assert (records.open_ones(watched.engine), watched.told(telling.PAGER)) == ([], ["opened", "resolved"])


def test_what_is_kept_quiet_is_quiet_at_pagerduty_too_and_is_told_and_paged_anew_if_it_is_still_so_then(watched: Watched) -> None:
    now = datetime.now(UTC)
    watched.look(now, operations=(restore(Status.HALTED, NOON),))
    told = telling.tell_change(watched.settings, now)
    quiet = answers.snooze(watched.engine, watched.only().id, by="U0BOB", hours=4, why="Convex is down", tell=told)
    watched.take(now)
    assert (watched.told(telling.MAIL), watched.told(telling.PAGER)) == (["opened"], ["opened", "acknowledged"])
    for hours in (2, 5, 5.5):
        watched.look(now + hours * HOUR, operations=(restore(Status.HALTED, NOON),))
    assert (watched.told(telling.MAIL), watched.told(telling.PAGER)) == (["opened", "still"], ["opened", "acknowledged", "still"])
    with Session(watched.engine) as session:
        last = session.scalars(select(DeliveryRow).where(DeliveryRow.id.contains("PagerDuty/still"))).one()
        assert last.content["replaces"] == quiet.id
        assert last.content["incident"] != quiet.id


def test_below_p0_nobody_is_mailed_of_an_end_by_night(watched: Watched) -> None:
    missed = {"weekly": NOON - timedelta(days=3)}
    watched.look(NOON, **missed)
    night = datetime(2026, 3, 5, 3, 0, tzinfo=UTC)
    watched.look(night, verifications=(view("verification", Status.SUCCEEDED, night),), **missed)
    assert (records.open_ones(watched.engine), watched.told(telling.MAIL)) == ([], ["opened"])
    watched.take(night.replace(hour=6, minute=59))
    assert watched.told(telling.MAIL) == ["opened"]
    watched.take(night.replace(hour=7))
    assert watched.told(telling.MAIL) == ["opened", "resolved"]


def test_a_bot_that_stood_still_tells_nothing_by_what_it_knew_before(watched: Watched) -> None:
    watched.look(NOON, operations=(restore(Status.HALTED, NOON),))
    known, later = records.open_ones(watched.engine), NOON + HOUR + MINUTE
    for at in (later, later + MINUTE):  # one bot, then the one that stood still since it looked
        telling.tell(watched.engine, known, watched.settings, at)
        watched.take(at)
    assert watched.told(telling.MAIL) == ["opened", "reminder"]
    records.resolve(
        watched.engine, watched.only().id, "It succeeded.", later + HOUR, tell=telling.tell_change(watched.settings, later + HOUR)
    )
    telling.tell(watched.engine, known, watched.settings, later + HOUR + MINUTE)
    watched.take(later + HOUR + MINUTE)
    assert watched.told(telling.PAGER) == ["opened", "reminder", "resolved"]
