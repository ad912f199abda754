"""The weekly test of the alerts: it goes everywhere an alert goes, and a person says where it arrived (B20)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

from ops import schedules
from ops.alerts import answers, records, telling
from ops.alerts.alert import Alert, Cause
from ops.alerts.facts import CANARY
from ops.alerts.severity import Severity
from ops.automated import PUNCTUAL
from ops.backstop import Backstop
from ops.errors import Refused
from ops.settings import Settings


def send(backstop: Backstop, moment: datetime, now: datetime) -> None:
    """Once for each moment; nothing goes out where Slack is the only channel."""
    is_open = (each for each in records.open_ones(backstop.engine) if each.key == CANARY)
    before = next(is_open, None) or records.last(backstop.engine, CANARY, now)
    if not expected(backstop.settings) or (before is not None and before.at >= moment and not schedules.is_ahead(before.at, now)):
        return
    if before is not None and before.is_open:
        word = "It did not arrive everywhere" if before.unheard else "Nobody answered it"
        how = f"{word}; the next one was sent."
        records.resolve(backstop.engine, before.id, how, now, tell=telling.tell_change(backstop.settings, now))
    late = f" It comes late: it was due {moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC." if now - moment > PUNCTUAL else ""
    cause = Cause(
        key=CANARY,
        severity=Severity.TEST,
        title="This is the weekly test of the alerts",
        text=f"Nothing is wrong. It shows that an alert would reach you.{late}",
        remedy="Say on its card in Slack where it arrived.",
        at=moment,
    )
    records.keep(backstop.engine, cause, now)


def expected(settings: Settings) -> tuple[str, ...]:
    """Where it should arrive, beside Slack. Pure."""
    mail = [telling.MAIL] if settings.alerts.email and settings.secrets.smtp_url else []
    return (*mail, *([telling.PAGER] if settings.secrets.pagerduty_key else []))


def answer(backstop: Backstop, alert_id: str, arrived: Collection[str], *, by: str, now: datetime) -> Alert:
    """A person says where it arrived; where it did not is an alert from the next look on, and the test stays open.

    Raises:
        Refused: it is over (somebody said so already, or the next one was sent), or waits for the morning.
    """
    found = records.get(backstop.engine, alert_id)
    if found.is_open and found.told_at is None:
        raise Refused("This test was not sent yet: it waits for the end of the night.", "Look again when it has gone out.")
    wanted = expected(backstop.settings)
    lacking = [each for each in wanted if each not in arrived]
    if lacking:
        return answers.note_unheard(backstop.engine, alert_id, lacking, by=by, now=now)
    how = f"It arrived by {' and '.join(wanted)}."
    return records.resolve(backstop.engine, alert_id, how, now, by, tell=telling.tell_change(backstop.settings, now))
