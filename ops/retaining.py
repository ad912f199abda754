"""Do what retention decided: after every backup and at start, with the reason of each that leaves."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from ops import retention
from ops.catalogue import Catalogue
from ops.context import Services
from ops.errors import OpsError
from ops.manifest import Backup
from ops.retention import Kept
from ops.services.git import Git
from ops.settings import Retention
from ops.trash import Trash

WHO = "retention"


def plan(catalogue: Catalogue, policy: Retention, in_use: Iterable[str], now: datetime) -> retention.Plan:
    """Which backups stay and which may leave now."""
    used = set(in_use)
    return retention.plan([judged(backup, used) for backup in catalogue.all()], policy, now)


def judged(backup: Backup, in_use: set[str]) -> Kept:
    """What retention needs to know of a backup. Pure."""
    return Kept(
        id=backup.id,
        type=backup.type,
        timestamp=backup.timestamp,
        purpose=backup.purpose,
        pinned=backup.facts.pinned or not backup.facts.known,
        good=backup.good,
        unreadable=backup.problem is not None,
        restore_verified=backup.facts.restored_at is not None,
        in_use=backup.id in in_use,
        warnings=backup.facts.warnings,
    )


def apply(services: Services, in_use: Iterable[str]) -> dict[str, Any]:
    """Throw away what may leave, empty the trash of what waited a day, and say all of it."""
    now = datetime.now(UTC)
    policy = services.settings.retention
    trash = Trash(services.catalogue, policy.trash_hours)
    decided = plan(services.catalogue, policy, in_use, now)
    for leaving in decided.leaving:
        trash.throw(services.catalogue.get(leaving.id), WHO, leaving.why)
    return {
        "left": [{"id": leaving.id, "why": leaving.why} for leaving in decided.leaving],
        "held": decided.held,
        "emptied": _empty(trash, services.git, now),
    }


def _empty(trash: Trash, git: Git, now: datetime) -> list[str]:
    """Empty the trash; a remote that does not answer is no reason to fail, it is tried again after the next backup."""
    try:
        return trash.empty(git, now)
    except OpsError:
        return []
