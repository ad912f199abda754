"""Do what retention decided: after every backup and at start, with the reason of each that leaves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from ops import approvals, deltas, held, overlooked, retention
from ops.catalogue import Catalogue
from ops.context import Services
from ops.journal.reading import Readings
from ops.manifest import Backup
from ops.retention import Kept
from ops.settings import Retention
from ops.trash import Trash

WHO = "retention"
UNDO = timedelta(days=7)  # for so long a deploy or a rollback is offered to be undone
CHANGES = ("deploy", "quick rollback", "full rollback", "restore", "salvage")


def plan(catalogue: Catalogue, policy: Retention, used: Iterable[str], now: datetime, doubt: str | None = None) -> retention.Plan:
    """Which backups stay and which may leave now, given those that are in use."""
    names = set(used)
    return retention.plan([judged(backup, names) for backup in catalogue.all()], policy, now, doubt)


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
        decided = plan(services.catalogue, policy, in_use(services.engine), now, doubt(services.engine))
        for leaving in decided.leaving:
            trash.throw(services.catalogue.get(leaving.id), WHO, leaving.why)
    emptied = [] if decided.held else trash.empty(services.git, now)  # it may hold what the loss calls for
    deltas.sweep(services.catalogue.folder, [*(each.id for each in services.catalogue.all()), *(each.backup.id for each in trash.all())])
    held.sweep(services.settings.previews)
    return {
        "left": [{"id": leaving.id, "why": leaving.why} for leaving in decided.leaving],
        "held": decided.held,
        "emptied": emptied,
    }


def doubt(engine: Engine) -> str | None:
    """Why nothing may leave though the rules would let it: the last verification failed, and none has succeeded since (B14, X9)."""
    ended = ("succeeded", "failed")  # one that was cancelled says nothing about the one before
    views = Readings(engine).recent(overlooked.LOOKED_BACK, kinds=("verification",))
    if blind := overlooked.owed(views):
        return f"the verifier missed a damage ({blind.result['missed']}), so nothing leaves until it sees that one"
    last = next((view for view in views if view.status in ended), None)
    if last is None or last.status != "failed":
        return None
    return f"the last verification failed ({last.error}), so nothing leaves until one succeeds"


def in_use(engine: Engine) -> set[str]:
    """Backups that an unfinished operation works with, that somebody is asked to sign for, or that an Undo still goes back to."""
    journal = Readings(engine)
    lately = datetime.now(UTC) - UNDO
    undo = [view for view in journal.recent(50, kinds=CHANGES) if view.created_at > lately]
    running = [named for view in (*journal.running(), *undo) for named in _named(view.params, view.result)]
    waiting = [named for approval in approvals.pending(engine) for named in _named({"bound": approval.plan.bound}, {})]
    return {*running, *waiting}


def _named(params: Mapping[str, Any], result: Mapping[str, Any]) -> list[str]:
    """The backups that an operation names. Pure."""
    bound = params.get("bound") or {}
    return [str(each) for each in (params.get("backup"), bound.get("backup"), result.get("safety"), result.get("backup_id")) if each]
