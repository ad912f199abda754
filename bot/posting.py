"""What the schedule posts and ``/ops post`` posts too: each is gathered and drawn here, under a key that names it."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.desk import Desk
from bot.views import digest as digest_views
from bot.views import health as health_views
from bot.views.blocks import Message
from ops import alerts, metrics
from ops import health as backup_health
from ops.alerts import Severity

WEEK = timedelta(days=7)


def say(desk: Desk, key: str, said: Message, *, red: bool = False) -> tuple[str, ...]:
    """In its channel; what is red in the channel of incidents first. Where it stands."""
    slack = desk.settings.slack
    elsewhere = red and slack.incidents != slack.engineering
    if elsewhere:
        desk.say(f"{key}-red", slack.incidents, said)
    desk.say(key, slack.engineering, said)
    return (slack.engineering, slack.incidents) if elsewhere else (slack.engineering,)


def health(desk: Desk, key: str, now: datetime, *, late_since: datetime | None = None) -> tuple[str, ...]:
    """How the backups stand, under this key. Where it stands."""
    alarms = [each.title for each in alerts.open_ones(desk.backstop.engine) if each.severity is Severity.P0]
    found = backup_health.of(desk.backstop, now, alarms)
    return say(desk, key, health_views.health(found, late_since=late_since), red=bool(found.red))


def digest(desk: Desk, end: datetime, *, late_since: datetime | None = None) -> Message:
    """The week in figures, up to that moment."""
    backstop = desk.backstop
    this, before = metrics.weeks(backstop, end)
    opened = tuple(alerts.opened_between(backstop.engine, end - turn * WEEK, end - (turn - 1) * WEEK) for turn in (1, 2))
    return digest_views.digest(this, before, (opened[0], opened[1]), backstop.services.target("production"), late_since=late_since)
