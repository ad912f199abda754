"""B20, decided without Slack: one alert for each cause, who hears of it and when."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from ops.alerts import answers, looking, records, telling
from ops.alerts.severity import Severity
from ops.database import DeliveryRow
from ops.errors import Refused
from tests.alerting import HOUR, NOW, ZONE, cause, engine, kept, settings, wanted

__all__ = ["engine"]


# ── one alert for each cause ──


def test_a_cause_has_one_open_alert_however_often_it_is_seen_and_a_change_of_it_is_an_event(engine: Engine) -> None:
    first = kept(engine, cause())
    assert kept(engine, cause(), NOW + HOUR).id == first.id
    assert first.events == ()
    changed = kept(engine, cause(text="no network"), NOW + HOUR)
    assert (changed.id, changed.text, [each["what"] for each in changed.events]) == (first.id, "no network", ["changed"])
    assert len(records.open_ones(engine)) == 1


def test_a_state_that_comes_back_within_the_hour_is_the_same_alert_and_what_happens_anew_is_another(engine: Engine) -> None:
    lasting = kept(engine, cause("storage", lasting=True))
    records.resolve(engine, lasting.id, "There is room.", NOW + HOUR)
    assert kept(engine, cause("storage", lasting=True), NOW + 1.5 * HOUR).id == lasting.id
    records.resolve(engine, lasting.id, "There is room.", NOW + 2 * HOUR)
    assert kept(engine, cause("storage", lasting=True), NOW + 4 * HOUR).id != lasting.id
    happened = kept(engine, cause("restore"))
    records.resolve(engine, happened.id, "One succeeded.", NOW + HOUR)
    assert kept(engine, cause("restore", at=NOW + HOUR), NOW + HOUR).id != happened.id


def test_what_a_person_ended_stays_over_until_it_happens_again(engine: Engine) -> None:
    alert = kept(engine, cause())
    answers.close(engine, alert.id, by="U0BOB", why="known")
    over = records.get(engine, alert.id)
    assert looking._is_settled(cause(), over, NOW)  # the decision itself
    assert not looking._is_settled(cause(at=NOW + HOUR), over, NOW + HOUR)
    with pytest.raises(Refused, match="over"):
        answers.close(engine, alert.id, by="U0BOB", why="again")


def test_a_state_cannot_be_declared_over_and_a_reason_is_needed_and_a_week_is_the_longest_quiet(engine: Engine) -> None:
    full = kept(engine, cause("storage", lasting=True))
    with pytest.raises(Refused, match="by itself"):
        answers.close(engine, full.id, by="U0BOB", why="no")
    for hours, why in ((4.0, "  "), (0.0, "known"), (169.0, "known")):
        with pytest.raises(Refused):
            answers.snooze(engine, full.id, by="U0BOB", hours=hours, why=why)
    assert records.get(engine, full.id).snoozed_until is None


# ── who hears of it, and when ──


@pytest.mark.parametrize(
    ("after", "told", "night", "what"),
    [
        (None, None, False, "opened"),
        (None, None, True, "opened"),
        (timedelta(minutes=59), "same", False, None),
        (timedelta(minutes=59), "other", False, None),
        (timedelta(minutes=61), "other", False, "changed"),
        (timedelta(minutes=61), "same", True, "reminder"),
        (timedelta(hours=-3), "same", False, "reminder"),  # told by a clock that stepped back since
    ],
)
def test_the_same_is_not_said_twice_in_an_hour_and_p0_is_said_by_night(
    engine: Engine, after: timedelta | None, told: str | None, night: bool, what: str | None
) -> None:
    alert = kept(engine, cause())
    heard = replace(alert, told_at=NOW - after if after else None, told=alert.digest if told == "same" else told)
    assert telling.due(heard, NOW, night=night) == what


def test_below_p0_the_night_is_quiet_a_snooze_is_kept_and_what_is_in_hand_is_said_once_a_day(engine: Engine) -> None:
    alert = kept(engine, cause(severity=Severity.P1))
    assert telling.due(alert, NOW, night=True) is None
    assert telling.due(alert, NOW, night=False) == "opened"
    quiet = replace(alert, snoozed_until=NOW + HOUR)
    assert (telling.due(quiet, NOW, night=False), telling.due(quiet, NOW + HOUR, night=False)) == (None, "opened")
    heard = replace(quiet, told_at=NOW - HOUR, told=None)
    assert (telling.due(heard, NOW, night=False), telling.due(heard, NOW + HOUR, night=False)) == (None, "still")
    urgent = kept(engine, cause("restore"))
    in_hand = replace(urgent, told_at=NOW, told=urgent.digest, acknowledged_by="U0BOB")
    assert [telling.due(in_hand, NOW + each * HOUR, night=False) for each in (2, 23, 24)] == [None, None, "reminder"]


@pytest.mark.parametrize(
    ("at", "is_night"),
    [
        ("2026-04-04T11:30+00:00", True),
        ("2026-04-04T20:59+00:00", True),
        ("2026-04-04T21:00+00:00", False),
        ("2026-04-05T11:59+00:00", False),
    ],
)
def test_the_night_follows_the_teams_clock_over_its_change(at: str, is_night: bool) -> None:
    assert telling.is_night(datetime.fromisoformat(at), ZONE, time(22), time(7)) is is_night


@pytest.mark.parametrize(
    ("at", "awake"),
    [
        ("2026-04-04T10:00", "2026-04-04T10:00"),
        ("2026-04-04T13:00", "2026-04-04T21:00"),  # midnight there; the clock goes back at 3
        ("2026-04-04T20:59", "2026-04-04T21:00"),
        ("2026-04-05T12:30", "2026-04-05T21:00"),
    ],
)
def test_what_waits_for_the_morning_is_told_when_the_teams_night_is_over(at: str, awake: str) -> None:
    asked, told = (datetime.fromisoformat(f"{each}+00:00") for each in (at, awake))
    assert telling.awake(asked, ZONE, time(22), time(7)) == told


def test_p0_goes_by_mail_and_to_pagerduty_p1_by_mail_and_a_broken_channel_is_told_by_the_other(engine: Engine, tmp_path: Path) -> None:
    found = settings(tmp_path, smtp_url="smtp://h", pagerduty_key="k")
    urgent, less = kept(engine, cause()), kept(engine, cause("storage", severity=Severity.P1))
    broken = kept(engine, cause("channel:e-mail", severity=Severity.P1))
    assert telling.channels(urgent, found) == ("e-mail", "PagerDuty")
    assert telling.channels(less, found) == ("e-mail",)
    assert telling.channels(broken, found) == ("PagerDuty",)
    assert telling.channels(urgent, settings(tmp_path)) == ()
    assert len(telling.warnings(settings(tmp_path))) == 2


def test_who_never_heard_of_an_alert_does_not_hear_of_its_end(engine: Engine, tmp_path: Path) -> None:
    found = settings(tmp_path, smtp_url="smtp://h", pagerduty_key="k")
    alert = kept(engine, cause())
    telling.tell(engine, [alert], found, NOW)
    assert wanted(engine) == [("PagerDuty", "opened"), ("e-mail", "opened")]
    telling.tell(engine, records.open_ones(engine), found, NOW + HOUR / 2)
    records.resolve(engine, alert.id, "It succeeded.", NOW + HOUR, tell=telling.tell_change(found, NOW + HOUR))
    assert wanted(engine) == [("PagerDuty", "opened"), ("e-mail", "opened")]
    with Session(engine) as session:
        assert session.scalar(select(func.count()).select_from(DeliveryRow).where(DeliveryRow.until.is_not(None))) == 0
