"""Assess a restore before anybody decides: which backup, what is in it, what would be lost, whether its rows fit the schema."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from ops.context import Services
from ops.errors import Refused
from ops.loss import Loss
from ops.manifest import Backup
from ops.restoring.looking import lost, page_missing, require_backup, require_data
from ops.services.git import Commit

PRODUCTION = "production"


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """A restore as it would be."""

    environment: str
    target: str  # "production · sturgeon"
    branch: str
    backup: Backup
    live: Commit  # production's; its functions stay, or go to staging no further than the backup's own
    schema_differs: bool  # the backup's code had another schema than the functions that will run
    loss: Loss | None = None
    loss_unknown: str = ""
    maintenance: bool = False
    page_missing: str = ""
    paused: bool = False

    @property
    def commit(self) -> str:
        """Whose functions run afterwards: production keeps its own, staging gets the backup's."""
        return self.live.hash if self.environment == PRODUCTION else self.backup.commit_hash


def look(
    services: Services, backup_id: str, environment: str, *, stop: threading.Event, said: Callable[[str], None] = lambda _line: None
) -> Assessment:
    """Compare the backup with what is there now, by an export of this moment.

    Raises:
        Refused: the backup cannot be restored there, or there is no such deployment.
    """
    require_deployment(services, environment)
    backup = require_backup(services, backup_id)
    require_data(services, backup, environment)
    git, app = services.git, services.settings.app
    git.commit_of_anchor(backup.id, backup.commit_hash, stop=stop)
    live = git.head(app.production_branch, stop=stop)
    ours = environment == PRODUCTION
    then, now = (git.schema_hash(commit, app.folder, stop=stop) for commit in (backup.commit_hash, live.hash))
    loss, unknown = lost(services, backup, environment, stop, said) if ours else (None, "")
    missing = page_missing(services) if ours else ""
    return Assessment(
        environment=environment,
        target=services.target(environment),
        branch=app.production_branch,
        backup=backup,
        live=live,
        schema_differs=ours and then != now,
        loss=loss,
        loss_unknown=unknown,
        maintenance=ours and services.vercel.configured and not missing,
        page_missing=missing,
        paused=ours and services.settings.convex.pause,
    )


def require_deployment(services: Services, environment: str) -> None:
    """Refuse an environment that has no deployment.

    Raises:
        Refused: with the section that would name it.
    """
    if environment not in {PRODUCTION, "staging"} or services.settings.convex.deployment(environment) is None:
        raise Refused(
            f"No deployment is set for {environment!r:.40}.", "Data are restored to `production` or `staging`: see `[convex.staging]`."
        )


def offered(backups: Iterable[Backup], began: datetime | None, label: str) -> list[Backup]:
    """The full backups of a deployment that could be restored: good ones first, then the newest from before it began. Pure."""
    ours = [each for each in backups if each.type == "full" and not each.problem]
    ours = [each for each in ours if each.deployment is None or each.deployment.get("label") == label]
    moments = {each.id: each.snapshot_timestamp or each.timestamp for each in ours}
    newest = sorted(ours, key=lambda each: moments[each.id], reverse=True)
    return sorted(newest, key=lambda each: (not each.good, began is not None and moments[each.id] >= began))
