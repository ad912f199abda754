"""What alerts are decided from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ops import restore, rollback
from ops.alerts.alert import Alert
from ops.alerts.outgoing import Undelivered, Unplaced, Unreached
from ops.automated import Missing
from ops.by_hand import Restoration
from ops.journal import OperationView
from ops.manifest import Backup
from ops.missed import Missed

CANARY = "canary"
BRINGS_BACK = (restore.PRODUCTION, *rollback.KINDS)
LATELY = timedelta(days=1)
UNPOSTED_FOR = timedelta(minutes=3)  # after which Slack counts as broken


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is looked at."""

    missing: tuple[Missing, ...]  # automated backups, the newest first
    newest: Backup | None  # the newest good full backup
    used: int  # bytes of the backup folder
    limit: int
    operations: tuple[OperationView, ...]  # what changes production, the newest first, and whatever is halted
    verifications: tuple[OperationView, ...]  # the newest first
    watches: tuple[OperationView, ...] = ()  # after restores of production, the newest first
    weekly: datetime | None  # when this week's verification was due; None without a staging, or where Backstop came after it
    log: tuple[str, ...] | None  # what is wrong with the activity log; None: it was not looked at
    undelivered: tuple[Undelivered, ...]
    taken: Mapping[str, datetime]  # when each channel last took something
    canary: Alert | None  # the newest test of the alerts
    by_hand: Restoration | None = None  # the newest restoration that a person tested
    missed: tuple[Missed, ...] = ()  # automated backups that never came since that one, the oldest first
    unreached: tuple[Unreached, ...] = ()
    unplaced: tuple[Unplaced, ...] = ()
