"""Assess a restore before anybody decides: which backup, what is in it, what would be lost, whether its rows fit the schema."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ops import maintenance, pausing, spots
from ops.context import Services
from ops.errors import Refused
from ops.journal import OperationView
from ops.journal.reading import Readings
from ops.loss import Loss
from ops.manifest import Backup, milliseconds
from ops.restoring import left
from ops.restoring.looking import lost, page_missing, require_backup, require_data, require_whole
from ops.services.git import Commit
from ops.spots import Spot

PRODUCTION = "production"
PUSHES = ("deploy", "quick rollback", "full rollback", "restore")
"""Operations that push production's functions."""


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """A restore as it would be."""

    environment: str
    target: str  # "production · sturgeon"
    branch: str
    backup: Backup
    live: Commit  # production's; its functions stay, or go to staging no further than the backup's own
    schema_differs: bool  # the backup's code had another schema than the functions that will run
    unvalidated: bool = False  # what runs validates nothing, since rows of a former restore did not fit: it is pushed again too
    loss: Loss | None = None
    loss_unknown: str = ""
    counted: datetime = field(default_factory=lambda: datetime.now(UTC))  # when the loss was
    maintenance: bool = False
    page_missing: str = ""
    maintenance_stays: dict[str, str] | None = None  # the page that a person put up before: by whom, and why
    paused: bool = False
    pause_ends: dict[str, str] | None = None  # a pause that a person began, which ends with this: by whom, and why
    left: dict[str, Any] | None = None  # staging's own data that wait to be put back: where, and whether this does it
    rehearsal: bool = False  # to staging, under the functions that production runs: whether the rows fit them
    rehearsed: str | None = None  # what the last rehearsal said of them: "" where they fit; None where there was none
    spots: tuple[Spot, ...] = ()  # what the settings want of the rows, as the backup has them

    @property
    def pushes(self) -> bool:
        """Whether functions go there, around the data."""
        return self.schema_differs or self.unvalidated or self.environment != PRODUCTION

    @property
    def commit(self) -> str:
        """Whose functions run afterwards: production keeps its own, staging gets the backup's unless it is a rehearsal."""
        return self.live.hash if self.environment == PRODUCTION or self.rehearsal else self.backup.commit_hash


def look(  # noqa: PLR0913 # what is asked for, all named
    services: Services,
    backup_id: str,
    environment: str,
    *,
    stop: threading.Event,
    said: Callable[[str], None] = lambda _line: None,
    rehearsal: bool = False,
) -> Assessment:
    """Compare the backup with what is there now, by an export of this moment.

    Raises:
        Refused: the backup cannot be restored there, or there is no such deployment.
    """
    require_deployment(services, environment)
    backup = require_backup(services, backup_id)
    require_data(services, backup, environment)
    require_whole(services, backup)
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
        unvalidated=ours and unvalidated(Readings(services.engine).recent(30, kinds=PUSHES)),
        loss=loss,
        loss_unknown=unknown,
        maintenance=ours and services.vercel.configured and not missing,
        page_missing=missing,
        maintenance_stays=maintenance.stays(services) if ours else None,
        paused=ours and services.settings.convex.pause,
        pause_ends=pausing.by_hand(services, PRODUCTION) if ours and services.settings.convex.pause else None,
        spots=_spots(services, backup, stop),
        left=left.shown(services, comes_back=(ours or rehearsal) and services.settings.verification.put_back),
        rehearsal=rehearsal and not ours,
        rehearsed=_rehearsed(services, backup.id, live.hash) if ours and services.settings.app.functions == "bot" else None,
    )


def unvalidated(views: Iterable[OperationView]) -> bool:
    """Whether the functions that were pushed last validate nothing; the newest operation first. Pure."""
    for view in views:
        pushed = [step.name for step in view.steps if step.name.startswith("functions") and step.state == "done"]
        if pushed:
            return view.result.get("validated") is False or pushed[-1] == "functions without validation"
    return False


def _rehearsed(services: Services, backup_id: str, live: str) -> str | None:
    """What the last rehearsal of this very backup under these very functions said of the rows."""
    for view in Readings(services.engine).recent(20, kinds=("staging restore",)):
        bound = view.params["bound"]
        if view.status == "succeeded" and bound.get("rehearsal") and (bound["backup"], bound["commit"]) == (backup_id, live):
            return str(view.result.get("clash") or "")
    return None


def _spots(services: Services, backup: Backup, stop: threading.Event) -> tuple[Spot, ...]:
    """Whether the backup has the rows that it should: it may have been taken after the loss."""
    at = backup.moment
    path = services.catalogue.archive(backup.id)
    known = services.catalogue.tables()
    return tuple(spots.tried(path, services.settings.spot_check, at=at, seed=milliseconds(backup.id), stop=stop, known=known))


def require_deployment(services: Services, environment: str) -> None:
    """Refuse an environment that has no deployment.

    Raises:
        Refused: with the section that would name it.
    """
    if environment not in {PRODUCTION, "staging"} or services.settings.convex.deployment(environment) is None:
        raise Refused(
            f"No deployment is set for {environment!r:.40}.", "Data are restored to `production` or `staging`: see `[convex.staging]`."
        )


def moment(text: str, zone: ZoneInfo, now: datetime) -> datetime:
    """A time as somebody types it, ``09:40`` or ``2026-11-26 09:40``, by the team's clock; one without a date was the last such time. Pure.

    Raises:
        Refused: it is none.
    """
    here = now.astimezone(zone)
    try:
        if not re.fullmatch(r"(\d{4}-\d{2}-\d{2}[ T])?\d{1,2}:\d{2}(:\d{2})?", text.strip()):
            raise ValueError(text)  # an offset would be read as the team's time
        if " " in text.strip() or "T" in text:
            return datetime.fromisoformat(text.strip()).replace(tzinfo=zone)
        at = datetime.combine(here.date(), time.fromisoformat(text.strip()), tzinfo=zone)
    except ValueError:
        raise Refused(f"“{text[:40]}” is no time.", "`/restore database before 09:40`, or `before 2026-11-26 09:40`.") from None
    return at if at <= here else at - timedelta(days=1)


def offered(backups: Iterable[Backup], began: datetime | None, label: str) -> list[Backup]:
    """The full backups of a deployment that could be restored: good ones first, then the newest from before it began. Pure."""
    ours = [each for each in backups if each.type == "full" and not each.problem and each.is_of(label)]
    moments = {each.id: each.moment for each in ours}
    newest = sorted(ours, key=lambda each: moments[each.id], reverse=True)
    return sorted(newest, key=lambda each: (not each.good, began is not None and moments[each.id] >= began))
