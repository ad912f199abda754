"""One look at what is wrong: gather, open and end alerts, and let people hear of it."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import Engine

from ops import activity, automated, by_hand, missed, overlooked, schedules, staging, verification, watch
from ops.alerts import of_backups, outgoing, records, telling
from ops.alerts.alert import Alert, Cause
from ops.alerts.causes import causes, over
from ops.alerts.facts import BRINGS_BACK, CANARY, Facts
from ops.alerts.of_operations import goes_on
from ops.alerts.outgoing import Undelivered, Unplaced
from ops.automated import Missing
from ops.backstop import Backstop
from ops.errors import Refused
from ops.manifest import Backup


def gather(  # noqa: PLR0913 # what only the bot knows, all named
    backstop: Backstop,
    now: datetime,
    *,
    late: Missing | None,
    log: tuple[str, ...] | None,
    slack: Undelivered | None,
    closed: tuple[Unplaced, ...] = (),
) -> Facts:
    """As it is now.

    Args:
        backstop: what is looked at.
        now: aware.
        late: the automated backup that cannot begin.
        log: what is wrong with the activity log, where that was looked at.
        slack: alerts that Slack does not take.
        closed: channels that Slack refuses, while it takes others.
    """
    journal, settings = backstop.journal, backstop.settings
    failed = automated.missing(journal.recent(10, kinds=("full backup",)), now)
    operations = {view.id: view for view in (*journal.running(), *journal.recent(10, kinds=BRINGS_BACK))}
    for each in records.open_ones(backstop.engine):
        if each.about and each.about not in operations and (view := journal.get(each.about)):
            operations[view.id] = view
    newest = _newest(backstop, now)
    channels = (telling.MAIL, telling.PAGER)
    taken = {each: outgoing.taken_since(backstop.engine, each, now - timedelta(days=30)) for each in channels}
    return Facts(
        missed=tuple(missed.of(backstop.engine, newest.timestamp if newest else now - missed.LONGEST)),
        missing=(*((late,) if late else ()), *failed),
        newest=newest,
        used=backstop.catalogue.used(),
        limit=settings.backups.warn_at,
        operations=tuple(sorted(operations.values(), key=lambda view: view.created_at, reverse=True)),
        by_hand=by_hand.last(backstop.engine),
        verifications=tuple(journal.recent(overlooked.LOOKED_BACK, kinds=(verification.KIND,))),
        watches=tuple(journal.recent(5, kinds=(watch.KIND,))),
        weekly=due_weekly(backstop, now),
        log=log,
        undelivered=(*outgoing.undelivered(backstop.engine), *([slack] if slack else ())),
        taken={name: at for name, at in taken.items() if at is not None} | ({} if slack else {"Slack": now}),
        canary=records.last(backstop.engine, CANARY, now),
        unreached=tuple(outgoing.unreached(backstop.engine, settings.alerts.email, now - timedelta(days=30))),
        unplaced=closed,
    )


def due_weekly(backstop: Backstop, now: datetime) -> datetime | None:
    """When this week's verification was due; None without a staging, and where Backstop itself came later than that."""
    if not staging.configured(backstop.services):
        return None
    due = schedules.latest(backstop.settings.schedule.weekly, backstop.settings.team.zoneinfo, now)
    first = activity.begun(backstop.engine, now)
    return due if first is not None and due is not None and first <= due else None


def _newest(backstop: Backstop, now: datetime) -> Backup | None:
    """The newest good full backup of production."""
    production = backstop.settings.convex.production.name
    return next((each for each in backstop.catalogue.all() if each.is_of(production) and _counts(each, now)), None)


def _counts(backup: Backup, now: datetime) -> bool:
    """Whether a backup makes up for one that did not come: what is dated ahead of now may be older than that. Pure."""
    return backup.type == "full" and backup.good and not schedules.is_ahead(backup.timestamp, now)


def look(backstop: Backstop, facts: Facts, now: datetime) -> None:
    """Open what is wrong, end what is over, and let people hear of it."""
    engine, found, told = backstop.engine, causes(facts, now), telling.tell_change(backstop.settings, now)
    for cause in found:
        if not _is_settled(cause, records.last(engine, cause.key, now), now):
            records.keep(engine, cause, now)
    wrong = {cause.key for cause in found}
    for alert in records.open_ones(engine):
        how = None if alert.key in wrong else over(alert, facts) or _never_was(alert, now)
        if how is not None:
            with suppress(Refused):  # another bot was faster
                records.resolve(engine, alert.id, how, now, tell=told)
    waiting = [alert for alert in records.open_ones(engine) if not goes_on(alert, facts)]
    telling.tell(engine, waiting, backstop.settings, now)


def _is_settled(cause: Cause, before: Alert | None, now: datetime) -> bool:
    """Whether this very thing was an alert already, and is over; one about a time that has not come settles nothing. Pure."""
    if before is None or before.is_open or cause.lasting:
        return False
    return cause.at <= before.at and not schedules.is_ahead(before.at, now)


def _never_was(alert: Alert, now: datetime) -> str | None:
    """Why what is no longer found wrong is over, where it was about a time that has not come. Pure."""
    return "The clock of this machine was ahead when that was found; it is not so." if schedules.is_ahead(alert.at, now) else None


def not_begun(engine: Engine, now: datetime) -> datetime | None:
    """The moment of the last automated backup of which an alert said that it had not begun."""
    alert = records.last(engine, of_backups.BACKUP, now)
    return alert.at if alert is not None and alert.about is None else None
