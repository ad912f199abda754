"""Look at what a rollback would do: which commits it undoes, which rows it loses, whether the schemas clash."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ops import loss, shipment
from ops.context import Services
from ops.errors import OpsError, Refused
from ops.files import require_room
from ops.loss import Loss
from ops.manifest import Backup
from ops.services.git import Commit
from ops.words import decimal_size

ENVIRONMENT = "production"
COUNTING = 900.0  # seconds that the comparison of the data may take
_FOLDER = "previews"


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
    deployment: str = ""  # of the site, if it can serve that commit at once
    maintenance: bool = False
    page_missing: str = ""  # why the site cannot show its maintenance page
    paused: bool = False

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
    backup = require_backup(services, backup_id, data=data)
    services.git.commit_of_anchor(backup.id, backup.commit_hash, stop=stop)
    live = services.git.head(services.settings.app.production_branch, stop=stop)
    lost, unknown = _loss(services, backup, stop, said) if data else (None, "")
    missing = _page_missing(services) if data else ""
    return Preview(
        target=services.target(ENVIRONMENT),
        branch=services.settings.app.production_branch,
        backup=backup,
        data=data,
        live=live,
        loss=lost,
        loss_unknown=unknown,
        deployment=_deployment(services, backup.commit_hash),
        maintenance=data and services.vercel.configured and not missing,
        page_missing=missing,
        paused=data and services.settings.convex.pause,
        **_history(services, backup.commit_hash, live.hash, stop),
    )


def require_backup(services: Services, backup_id: str, *, data: bool) -> Backup:
    """The backup, if production can be rolled back to it.

    Raises:
        Refused: it is unreadable, of another deployment, holds no data though data are wanted, or its archive is gone.
    """
    backup = services.catalogue.get(backup_id)
    if backup.problem:
        raise Refused(f"`{backup.id}` cannot be read: {backup.problem}.", "Choose another backup: `/rollback`.")
    if not backup.commit_hash:
        raise Refused(f"`{backup.id}` names no commit.", "Choose another backup: `/rollback`.")
    if backup.facts.failed:
        raise Refused(f"`{backup.id}` is not sound: {backup.facts.failed}", "Choose another backup: `/rollback`.")
    if data:
        require_data(services, backup)
    return backup


def require_data(services: Services, backup: Backup) -> None:
    """Refuse where there are no data to bring back, or they are another deployment's.

    Raises:
        Refused: with which.
    """
    if backup.type != "full":
        raise Refused(f"`{backup.id}` is a quick backup: it holds the code only.", "Roll the code back, or choose a full backup.")
    name = services.settings.convex.production.name
    if backup.deployment is not None and backup.deployment.get("label") != name:
        raise Refused(
            f"`{backup.id}` is of the deployment {backup.deployment.get('label')}, not of {name}.",
            "Its data do not belong there. Choose another backup: `/rollback`.",
        )
    path = services.catalogue.archive(backup.id)
    there = path.stat().st_size if path.is_file() else None
    if there is None:
        raise Refused(f"The archive of `{backup.id}` is gone: {path.name} is not there.", "Choose another backup: `/rollback`.")
    if backup.size is not None and there != backup.size:
        raise Refused(
            f"The archive of `{backup.id}` is damaged: it has {there} bytes, not {backup.size}.", "Choose another backup: `/rollback`."
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


def _page_missing(services: Services) -> str:
    """Why there is no maintenance page to show; a site that is broken keeps nobody from going back."""
    if not services.vercel.configured:
        return ""
    try:
        services.vercel.require_page()
    except OpsError as error:
        return error.message
    return ""


def _loss(services: Services, backup: Backup, stop: threading.Event, said: Callable[[str], None]) -> tuple[Loss | None, str]:
    """What was written since; unknown is said as unknown, and never keeps anybody from going back."""
    try:
        with scratch(services) as folder:
            fresh = folder / "now.zip"
            said("Exporting what is there now, to count what would be lost")
            services.convex.export(ENVIRONMENT, fresh, stop=stop, progress=lambda facts: said(_telling(facts)))
            old = services.catalogue.archive(backup.id)
            said(f"Comparing {decimal_size(fresh.stat().st_size)} with the backup, row by row")
            return loss.compare(old, fresh, scratch=folder, deadline=COUNTING, stop=stop), ""
    except OpsError as error:
        return None, error.message


def _telling(facts: Any) -> str:
    """How far the export is, in a line. Pure."""
    grown = f"; {decimal_size(facts['bytes'])} so far" if facts.get("bytes") else ""
    return str(facts.get("waiting") or f"Exporting what is there now, to count what would be lost{grown}")


@contextmanager
def scratch(services: Services) -> Iterator[Path]:
    """A folder for what is compared, gone afterwards."""
    require_room(services.settings.folder)
    home = services.settings.state / _FOLDER
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = Path(tempfile.mkdtemp(dir=home))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
