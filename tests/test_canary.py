"""The weekly test of the alerts: sent, answered, and told by the other channels where it did not arrive."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

import pytest
from pydantic import SecretStr
from sqlalchemy.exc import DatabaseError

from bot.views import alerts
from ops.alerts import canary, looking, outgoing, records, telling
from ops.backstop import Backstop
from ops.errors import Refused
from sandbox.outside import PagingServer
from tests.alerting import HOUR, engine, facts
from tests.hearing import MINUTE, NOON, Watched, no_deliveries, paging, watched

__all__ = ["engine", "paging", "watched"]  # the fixtures


def test_a_test_of_the_alerts_that_a_clock_sent_ahead_keeps_none_from_being_sent(watched: Watched) -> None:
    backstop, ahead = cast("Backstop", watched), NOON + timedelta(days=30)
    canary.send(backstop, ahead, ahead)
    canary.send(backstop, NOON, NOON)
    assert NOON in [each.at for each in records.open_ones(watched.engine)]


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
