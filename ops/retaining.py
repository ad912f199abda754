"""Do what retention decided: after every backup and at start, with the reason of each that leaves."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine

from ops import retention
from ops.catalogue import Catalogue
from ops.context import Services
from ops.journal.reading import Readings
from ops.manifest import Backup
from ops.retention import Kept
from ops.settings import Retention
from ops.trash import Trash

WHO = "retention"


def plan(catalogue: Catalogue, policy: Retention, used: Iterable[str], now: datetime) -> retention.Plan:
    """Which backups stay and which may leave now, given those that are in use."""
    names = set(used)
    return retention.plan([judged(backup, names) for backup in catalogue.all()], policy, now)


def judged(backup: Backup, used: set[str]) -> Kept:
    """What retention needs to know of a backup. Pure."""
    return Kept(
        id=backup.id,
        type=backup.type,
        timestamp=backup.timestamp,
        purpose=backup.purpose,
        pinned=backup.facts.pinned or not backup.facts.known,
        released=backup.facts.released,
        good=backup.good,
        unreadable=backup.problem is not None,
        restore_verified=backup.facts.restored_at is not None,
        in_use=backup.id in used,
        warnings=backup.facts.warnings,
        size=backup.size,
    )


def apply(services: Services) -> dict[str, Any]:
    """Throw away what may leave, empty the trash of what waited a day, and say all of it."""
    now = datetime.now(UTC)
    policy = services.settings.retention
    trash = Trash(services.catalogue, policy.trash_hours)
    with services.catalogue.alone():  # nobody pins or deletes between the decision and the deed
        decided = plan(services.catalogue, policy, in_use(services.engine), now)
        for leaving in decided.leaving:
            trash.throw(services.catalogue.get(leaving.id), WHO, leaving.why)
    return {
        "left": [{"id": leaving.id, "why": leaving.why} for leaving in decided.leaving],
        "held": decided.held,
        "emptied": [] if decided.held else trash.empty(services.git, now),  # it may hold what the loss calls for
    }


def in_use(engine: Engine) -> set[str]:
    """Backups that an unfinished operation works with."""
    return {str(view.params["backup"]) for view in Readings(engine).running() if "backup" in view.params}
