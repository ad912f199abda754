"""Who hears of an alert now: quiet within the hour, by night below P0, and while it is snoozed (B20).

Deciding is pure. What is decided becomes rows in the transaction that remembers it, so a crash neither loses nor repeats it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ops.alerts import records
from ops.alerts.alert import Alert
from ops.alerts.records import Tell
from ops.alerts.severity import Severity
from ops.database import DeliveryRow
from ops.schedules import within
from ops.settings import Settings

QUIET = timedelta(hours=1)  # in which the same thing is not said twice
AGAIN = {Severity.P0: timedelta(hours=1), Severity.P1: timedelta(days=1), Severity.TEST: timedelta(days=1)}
"""How often an alert that nobody has in hand is said again."""
TAKEN = timedelta(days=1)  # and one that somebody has
MAIL, PAGER = "e-mail", "PagerDuty"
REPEATED = frozenset({"reminder", "changed"})
"""News of which only the newest is worth sending."""
ANEW = frozenset({"again", "still"})
"""News that wake people though somebody has the alert in hand."""


def due(alert: Alert, now: datetime, *, night: bool) -> str | None:
    """Whether people should hear of it now, and why: it is new, still so after a quiet time, changed, or nobody did anything. Pure."""
    if not alert.is_open or (alert.snoozed_until is not None and now < alert.snoozed_until):
        return None
    if night and alert.severity is not Severity.P0:
        return None
    if alert.told_at is None:
        return "again" if alert.told else "opened"
    if within(QUIET, alert.told_at, now):
        return None
    if alert.told != alert.digest:
        return "changed" if alert.told else "still"
    often = TAKEN if alert.acknowledged_by else AGAIN[alert.severity]
    return None if within(often, alert.told_at, now) else "reminder"


def is_night(now: datetime, zone: ZoneInfo, begins: time, ends: time) -> bool:
    """Whether people sleep. Pure."""
    here = now.astimezone(zone).time()
    return begins <= here < ends if begins <= ends else here >= begins or here < ends


def at_night(settings: Settings, now: datetime) -> bool:
    """Whether the team sleeps: only a P0, or what keeps production away, may wake it."""
    return is_night(now, settings.team.zoneinfo, *settings.alerts.night_times)


def awake(at: datetime, zone: ZoneInfo, begins: time, ends: time) -> datetime:
    """That moment, or the end of the night that it is in. Pure."""
    if not is_night(at, zone, begins, ends):
        return at
    here = at.astimezone(zone)
    day = here.date() if here.time() < ends else here.date() + timedelta(days=1)
    return datetime.combine(day, ends, zone).astimezone(UTC)


def channels(alert: Alert, settings: Settings) -> tuple[str, ...]:
    """Where it is told beside Slack; what is wrong with a channel is told by the others. Pure."""
    set_up = {MAIL: bool(settings.alerts.email and settings.secrets.smtp_url), PAGER: settings.secrets.pagerduty_key is not None}
    family, _, broken = alert.key.partition(":")
    urgent = alert.severity is not Severity.P1 or family in {"channel", "unheard"}
    return tuple(each for each in (MAIL, *((PAGER,) if urgent else ())) if set_up[each] and each != broken)


def tell(engine: Engine, alerts: Iterable[Alert], settings: Settings, now: datetime) -> None:
    """Let people hear of what is due."""
    night = at_night(settings, now)
    for alert in alerts:
        if due(alert, now, night=night) is not None:
            with Session(engine) as session, session.begin():
                _tell(session, alert.id, settings, now, night=night)


def _tell(session: Session, alert_id: str, settings: Settings, now: datetime, *, night: bool) -> None:
    """The same of one, if it is still so: another bot may have told it since it was looked at, and a person may have ended it."""
    alert = records.held(session, alert_id)
    what = due(alert, now, night=night)
    if what is not None:
        told = records.note_told(session, alert, what, now)
        for channel in channels(told, settings):
            _want(session, told, channel, what, now)


def tell_change(settings: Settings, now: datetime) -> Tell:
    """What lets people hear of a change to an alert, given to what changes it."""
    return lambda session, alert: _tell_change(session, alert, settings, now)


def _tell_change(session: Session, alert: Alert, settings: Settings, now: datetime) -> None:
    """It is over, in hand, or kept quiet: whoever heard of it hears of that too; of what is over nobody needs to hear any more."""
    event = "acknowledged" if alert.is_open else "resolved"
    rows = session.scalars(select(DeliveryRow).where(DeliveryRow.about == alert.id)).all()
    for row in rows:
        if row.until is not None and not row.attempts and not alert.is_open:
            row.until, row.error = None, "it was over before"
    heard = {row.channel for row in rows if row.done_at is not None or row.attempts or row.until is not None}
    for channel in channels(alert, settings):
        if channel in heard and (event == "resolved" or channel == PAGER):
            _want(session, alert, channel, event, now if alert.is_open else _when_over(alert, channel, settings, now))


def _when_over(alert: Alert, channel: str, settings: Settings, now: datetime) -> datetime:
    """When an end is told: of what comes and goes when it has lasted; below P0 no mail comes by night. Pure."""
    at = now + records.SAME if alert.flaps and alert.resolved_by is None else now
    quiet = channel == MAIL and alert.severity is not Severity.P0
    return awake(at, settings.team.zoneinfo, *settings.alerts.night_times) if quiet else at


def _want(session: Session, alert: Alert, channel: str, what: str, at: datetime) -> None:
    """A delivery from a moment on, unless this very one is there."""
    turn = len(alert.events)
    named = f"{alert.id}/{channel}/{what}-{turn}"
    if session.get(DeliveryRow, named) is None:
        _drop_overtaken(session, alert, channel)
        known = _incident(session, alert, channel)
        content: dict[str, Any] = {"what": what, "title": alert.title, "text": alert.text, "remedy": alert.remedy}
        content |= {"severity": alert.severity.value, "key": alert.key, "opened_at": alert.opened_at.isoformat(), "how": alert.how}
        content |= {"incident": f"{alert.id}/{turn}", "replaces": known} if what in ANEW else {"incident": known}
        session.add(DeliveryRow(id=named, about=alert.id, channel=channel, content=content, created_at=at, until=at, attempts=0))


def _drop_overtaken(session: Session, alert: Alert, channel: str) -> None:
    """What says again that it is so, and has waited so long that something newer is to be told: one of them is enough."""
    query = select(DeliveryRow).where(DeliveryRow.about == alert.id, DeliveryRow.channel == channel)
    for row in session.scalars(query.where(DeliveryRow.until.is_not(None), DeliveryRow.attempts == 0)):
        if row.content["what"] in REPEATED:
            row.until, row.error = None, "overtaken by something newer before it could be sent"


def _incident(session: Session, alert: Alert, channel: str) -> str:
    """What PagerDuty knows an alert by: it pages nobody for what somebody has taken there, so what begins anew has a name of its own."""
    query = select(DeliveryRow).where(DeliveryRow.about == alert.id, DeliveryRow.channel == channel)
    before = session.scalars(query.order_by(DeliveryRow.created_at.desc()).limit(1)).first()
    return str(before.content.get("incident", alert.id)) if before is not None else alert.id


def warnings(settings: Settings) -> list[str]:
    """What the settings leave out. Pure."""
    found = []
    if not (settings.alerts.email and settings.secrets.smtp_url):
        found.append("No alert goes by e-mail: set `[alerts] email` and SMTP_URL.")
    if settings.secrets.pagerduty_key is None:
        found.append("No P0 alert wakes anybody: set PAGERDUTY_KEY, the integration key of an Events API v2 service.")
    return found
