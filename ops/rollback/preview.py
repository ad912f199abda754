"""Look at what a rollback would do: which commits it undoes, which rows it loses, whether the schemas clash."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ops import maintenance, pausing, shipment
from ops.context import Services
from ops.errors import OpsError
from ops.loss import Loss
from ops.manifest import Backup
from ops.restoring.looking import lost, page_missing, require_backup, require_data, require_whole
from ops.services.git import Commit

ENVIRONMENT = "production"


@dataclass(frozen=True, kw_only=True)
class Preview:
    """A rollback as it would be, before anybody has decided anything."""

    target: str  # "production · sturgeon"
    branch: str
    backup: Backup
    data: bool  # whether the data go back too
    live: Commit
    undone: int
    commits: tuple[dict[str, str], ...]  # those undone, newest first
    authors: tuple[tuple[str, int], ...]
    returning: int  # commits of the backup that production no longer has
    schema_differs: bool
    loss: Loss | None = None
    loss_unknown: str = ""  # why it could not be counted
    counted: datetime = field(default_factory=lambda: datetime.now(UTC))  # when the loss was
    deployment: str = ""  # of the site, if it can serve that commit at once
    maintenance: bool = False
    page_missing: str = ""  # why the site cannot show its maintenance page
    maintenance_stays: dict[str, str] | None = None  # the page that a person put up before: by whom, and why
    paused: bool = False
    pause_ends: dict[str, str] | None = None  # a pause that a person began, which ends with this: by whom, and why

    @property
    def nothing_new(self) -> bool:
        """Whether production's code is there already."""
        return self.live.hash == self.backup.commit_hash


def look(
    services: Services, backup_id: str, *, data: bool, stop: threading.Event, said: Callable[[str], None] = lambda _line: None
) -> Preview:
    """Compare the backup with what is there now; the data by an export of this moment.

    Raises:
        Refused: the backup cannot be rolled back to.
    """
    backup = require_backup(services, backup_id)
    if data:
        require_data(services, backup, ENVIRONMENT)
        require_whole(services, backup)
    services.git.commit_of_anchor(backup.id, backup.commit_hash, stop=stop)
    live = services.git.head(services.settings.app.production_branch, stop=stop)
    loss, unknown = lost(services, backup, ENVIRONMENT, stop, said) if data else (None, "")
    missing = page_missing(services) if data else ""
    return Preview(
        target=services.target(ENVIRONMENT),
        branch=services.settings.app.production_branch,
        backup=backup,
        data=data,
        live=live,
        loss=loss,
        loss_unknown=unknown,
        deployment=_deployment(services, backup.commit_hash),
        maintenance=data and services.vercel.configured and not missing,
        page_missing=missing,
        maintenance_stays=maintenance.stays(services) if data else None,
        paused=data and services.settings.convex.pause,
        pause_ends=pausing.by_hand(services, pausing.ENVIRONMENT) if data and services.settings.convex.pause else None,
        **_history(services, backup.commit_hash, live.hash, stop),
    )


def _history(services: Services, old: str, live: str, stop: threading.Event) -> dict[str, Any]:
    """What becomes of the commits."""
    git, folder = services.git, services.settings.app.folder
    return {
        "undone": git.count(old, live, stop=stop),
        "commits": tuple(shipment.listed(git.log(old, live, shipment.SHOWN, stop=stop))),
        "authors": tuple((name, count) for name, count in git.authors(old, live, stop=stop)),
        "returning": git.count(live, old, stop=stop),
        "schema_differs": git.schema_hash(old, folder, stop=stop) != git.schema_hash(live, folder, stop=stop),
    }


def _deployment(services: Services, commit: str) -> str:
    """The site's deployment of the commit, where one is ready; "" where its build must be waited for."""
    if not services.vercel.configured or services.settings.app.functions == "vercel":
        return ""
    try:
        found = services.vercel.of_commit(commit)
    except OpsError:
        return ""
    return found.id if found is not None and found.state == "READY" else ""
