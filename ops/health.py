"""How the backups stand: what the daily post says, and what of it is red (B2, A14, X8, X10)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ops import activity, missed, readiness, retaining, schedules
from ops.activity import Line
from ops.backstop import Backstop
from ops.backup import ENVIRONMENT
from ops.choosing import newest_good
from ops.journal import OperationView, Status
from ops.manifest import Backup
from ops.missed import Missed
from ops.outlook import WARNED_FROM
from ops.readiness import Readiness
from ops.schedules import is_ahead
from ops.words import ago, decimal_size

PROMISED = timedelta(hours=24)  # of data at most are lost (RPO)
LATELY = timedelta(days=1)
_MISSED = {Status.FAILED, Status.HALTED}


@dataclass(frozen=True, kw_only=True)
class Health:
    """How the backups stand."""

    target: str
    readiness: Readiness
    full: Backup | None  # the newest good one
    before: Backup | None  # the good full one before it
    quick: Backup | None
    count: int
    used: int  # bytes of the folder
    limit: int
    doubt: str | None  # why retention lets nothing leave
    misses: tuple[OperationView, ...]  # of the last day, newest first
    missed: tuple[Missed, ...]  # automated backups of the last day that never came, the oldest first
    head: tuple[int, str]  # of the activity log
    reference: Line | None  # of it, from which on it counts
    a_day: int  # automated backups; 0 where they come on some days only
    twice: tuple[str, ...]  # the schedule with a second one a day, where there is one
    red: tuple[str, ...]  # what a person has to do something about now
    warnings: tuple[str, ...]

    @property
    def growth(self) -> int | None:
        """Bytes by which the archive grew since the one before."""
        if self.full is None or self.before is None or self.full.size is None or self.before.size is None:
            return None
        return self.full.size - self.before.size


def of(backstop: Backstop, now: datetime, alarms: Sequence[str] = ()) -> Health:
    """As it is now; ``alarms`` are the open P0 alerts by their titles, which stand above this."""
    backups, label = backstop.catalogue.all(), backstop.settings.convex.production.name
    full = [each for each in backups if each.type == "full" and each.good and each.is_of(label)]
    ready, used, limit = readiness.of(backstop, now), backstop.catalogue.used(), backstop.settings.backups.warn_at
    doubt, schedule = retaining.doubt(backstop.engine), backstop.settings.schedule.backup
    daily = [each for each in schedule if ":" in each.split()[0]]
    return Health(
        target=backstop.services.target(ENVIRONMENT),
        readiness=ready,
        full=full[0] if full else None,
        before=full[1] if len(full) > 1 else None,
        quick=newest_good(backups, "quick", label),
        count=len(backups),
        used=used,
        limit=limit,
        doubt=doubt,
        misses=lately_missed(backstop.journal.recent(200), now),
        missed=tuple(each for each in missed.of(backstop.engine, now - LATELY) if each.due > now - LATELY),
        head=activity.head(backstop.engine),
        reference=activity.reference(backstop.engine),
        a_day=len(daily),
        twice=(*schedule, schedules.half_a_day_later(daily[0])) if len(daily) == 1 else (),
        red=(*(f"A P0 alert is open: {each}." for each in alarms), *red(ready.snapshot, used, limit, doubt, now)),
        warnings=warnings(used, limit),
    )


def lately_missed(views: Sequence[OperationView], now: datetime) -> tuple[OperationView, ...]:
    """The operations that failed or halted within the last day. Pure."""
    return tuple(each for each in views if each.status in _MISSED and (each.finished_at or now) > now - LATELY)


def red(snapshot: datetime | None, used: int, limit: int, doubt: str | None, now: datetime) -> tuple[str, ...]:
    """What keeps the promises from being held, a sentence each. Pure."""
    found: list[str] = []
    if snapshot is None:
        found.append("There is no good full backup.")
    elif is_ahead(snapshot, now):
        found.append(f"The newest good full backup is dated {ago(snapshot, now)}: its age is unknown until that clock is right.")
    elif now - snapshot > PROMISED:
        found.append(f"The data of the newest good full backup are from {ago(snapshot, now)}, and 24 hours are promised.")
    if used > limit:
        found.append(f"The backups take {decimal_size(used)}, more than the {decimal_size(limit)} of `[backups] warn_at`.")
    if doubt:
        found.append(f"{doubt[0].upper()}{doubt[1:]}.")
    return tuple(found)


def warnings(used: int, limit: int) -> tuple[str, ...]:
    """What will be red soon. Pure."""
    if WARNED_FROM * limit <= used <= limit:
        return (f"The backups take {decimal_size(used)} of the {decimal_size(limit)} of `[backups] warn_at`.",)
    return ()
