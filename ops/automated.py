"""The automated backups (B2): begun once for each moment of the schedule, however many bots look, and told when one did not come.

The operation's id is made of the moment, so two bots, or a bot that restarts, give one backup. A moment from before anything
was done here is nobody's: a new installation does not begin with a backup that was missed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from ops import backup as taking
from ops import missed, schedules
from ops.backstop import Backstop
from ops.errors import Refused
from ops.journal import Busy, Journal, OperationView, Status
from ops.purposes import Purpose

WHO = missed.WHO
PATIENCE = timedelta(hours=2)  # for what runs to end; the tries go on after it, but people are told
PUNCTUAL = timedelta(minutes=10)  # after which a backup says that it is late
LATELY = timedelta(days=1)
PREFIX = "automated-"
_AGAIN = "-again"  # for a moment that a clock which was ahead has used up
_MISSED = {Status.FAILED, Status.REFUSED, Status.CANCELLED, Status.HALTED}


@dataclass(frozen=True, kw_only=True)
class Missing:
    """An automated backup that is not there."""

    id: str  # of the operation that should have taken it
    due: datetime
    why: str
    again: bool  # it is still being tried
    began: datetime | None = None  # when it was tried, which may be late; None: it was not

    @property
    def at(self) -> datetime:
        """Since when it is missing: what was tried late was not known to be before."""
        return self.began or self.due


def due(times: Sequence[str], zone: ZoneInfo, now: datetime) -> datetime:
    """The last moment at which an automated backup was due. Pure."""
    return max((schedules.latest(each, zone, now) for each in times), key=datetime.timestamp)


def last(backstop: Backstop, now: datetime) -> datetime:
    """The same, as it is set here."""
    return due(backstop.settings.schedule.backup, backstop.settings.team.zoneinfo, now)


def operation_id(moment: datetime) -> str:
    """The operation that belongs to a moment. Pure."""
    return missed.named(moment)


def moment_of(operation_id: str) -> datetime:
    """The moment that an operation belongs to. Pure."""
    return datetime.strptime(operation_id.removeprefix(PREFIX).removesuffix(_AGAIN), "%Y-%m-%d-%H%M").replace(tzinfo=UTC)


def begun(journal: Journal, named: str, now: datetime) -> tuple[str, OperationView | None]:
    """The id of what the schedule begins once for a moment, and what became of it; what a clock began that was ahead does not count."""
    found = journal.get(named)
    if found is None or not schedules.is_ahead(found.created_at, now):
        return named, found
    return named + _AGAIN, journal.get(named + _AGAIN)


def begin(backstop: Backstop, since: datetime, now: datetime) -> Missing | None:
    """Begin what is due, unless it was begun; what keeps it from beginning, where people should know.

    Args:
        backstop: of the environment that backups are taken of.
        since: from when on something can be due.
        now: aware.
    """
    moment = last(backstop, now)
    named, there = begun(backstop.journal, operation_id(moment), now)
    if moment < since or there is not None:
        return None
    late = f"late: it was due {moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if now - moment > PUNCTUAL else ""
    try:
        wanted = taking.ask(backstop.services, "full", WHO, purpose=Purpose.AUTOMATED, notes=late)
        backstop.journal.start(wanted.kind, wanted.dump(), by=WHO, environment=taking.ENVIRONMENT, id=named)
    except Refused as refused:
        told = not isinstance(refused, Busy) or now - moment > PATIENCE
        return Missing(id=named, due=moment, why=f"{refused.message} {refused.remedy}", again=True) if told else None
    return None


def is_automated(view: OperationView) -> bool:
    """Whether the schedule began it. Pure."""
    return view.id.startswith(PREFIX)


def missing(views: Sequence[OperationView], now: datetime) -> list[Missing]:
    """Which of these automated backups did not come within the last day. Pure."""
    return [
        Missing(id=each.id, due=moment_of(each.id), began=each.created_at, why=each.error or f"It was {each.status}.", again=False)
        for each in views
        if is_automated(each) and each.status in _MISSED and (each.finished_at or now) > now - LATELY
    ]
