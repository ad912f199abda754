"""B20, who hears of it once more: what halts again, what flaps, what was kept quiet; decided without Slack."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from bot.views import alerts
from ops.alerts import answers, looking, outgoing, records, telling
from ops.alerts.alert import Alert
from ops.alerts.severity import Severity
from ops.automated import Missing
from ops.backstop import Backstop
from ops.database import DeliveryRow
from ops.journal import OperationView, Status
from sandbox.outside import PagingServer
from tests.alerting import HOUR, engine, facts, view
from tests.hearing import MINUTE, NOON, Watched, no_deliveries, paging, watched

__all__ = ["engine", "paging", "watched"]  # the fixtures


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
