"""What is looked at before data go back: the backup itself, what would be lost, whether the site can show its maintenance page."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import file_digest
from pathlib import Path
from typing import Any

from ops import archive, held, loss
from ops.context import Services
from ops.errors import OpsError, Refused
from ops.files import require_room
from ops.loss import Loss
from ops.manifest import Backup, timestamp_text
from ops.settings import Settings
from ops.verify import Verdict, noted
from ops.words import decimal_size, one_line

COUNTING = 900.0  # seconds that the comparison of the data may take
_NAMED = 8  # tables, in a preview


def previewed(backup: Backup) -> dict[str, Any]:
    """What is known of a backup's archive, as those who sign read it: the document's preview, and what in it may be wrong. Pure."""
    tables = backup.tables or {}
    return {
        "timestamp": timestamp_text(backup.timestamp),
        "snapshot": timestamp_text(backup.snapshot_timestamp) if backup.snapshot_timestamp else None,
        "label": backup.label,
        "level": backup.facts.level,
        "size": backup.size,
        "tables": len(tables) if backup.tables is not None else None,
        "rows": backup.rows,
        "files": backup.files,
        "empty": sorted(name for name, table in tables.items() if not table.rows)[:_NAMED],
        "fell": list(backup.facts.warnings[:_NAMED]),
    }


def require_backup(services: Services, backup_id: str) -> Backup:
    """The backup, if there is a way back to it.

    Raises:
        Refused: it is unreadable, names no commit, or is not sound.
    """
    backup = services.catalogue.get(backup_id)
    if backup.problem:
        raise Refused(f"`{backup.id}` cannot be read: {backup.problem}.", "Choose another backup: `/backup list` shows them.")
    if not backup.commit_hash:
        raise Refused(f"`{backup.id}` names no commit.", "Choose another backup: `/backup list` shows them.")
    if backup.facts.failed:
        raise Refused(f"`{backup.id}` is not sound: {backup.facts.failed}", "Choose another backup: `/backup list` shows them.")
    return backup


def require_data(services: Services, backup: Backup, environment: str) -> None:
    """Refuse where there are no data to bring back, or, for production, they are another deployment's.

    Raises:
        Refused: with which; or its archive is gone or has another size.
    """
    if backup.type != "full":
        raise Refused(f"`{backup.id}` is a quick backup: it holds the code only.", "Roll the code back, or choose a full backup.")
    name = services.settings.convex.production.name
    if environment == "production" and not backup.is_of(name):
        raise Refused(
            f"`{backup.id}` is of the deployment {(backup.deployment or {}).get('label')}, not of {name}.",
            "Its data do not belong there. Choose another backup: `/backup list` shows them.",
        )
    path = services.catalogue.archive(backup.id)
    there = path.stat().st_size if path.is_file() else None
    if there is None:
        raise Refused(
            f"The archive of `{backup.id}` is gone: {path.name} is not there.", "Choose another backup: `/backup list` shows them."
        )
    if backup.size is not None and there != backup.size:
        raise Refused(
            f"The archive of `{backup.id}` is damaged: it has {there} bytes, not {backup.size}.",
            "Choose another backup: `/backup list` shows them.",
        )


def require_whole(services: Services, backup: Backup) -> None:
    """Refuse an archive that is no longer, byte by byte, what was taken: before anybody decides, and before what is halted is given up.

    Raises:
        Refused: it is another one; from then on nobody counts on it.
    """
    if backup.sha256 is None or sha256_now(services, backup) == backup.sha256:
        return
    verdict = Verdict(level=0, failed="its archive was changed after it was taken (sha256 differs)")
    services.catalogue.learn(backup.id, lambda facts: noted(facts, verdict, datetime.now(UTC)))
    raise Refused(
        f"The archive of `{backup.id}` is damaged: it is no longer what was taken (its SHA-256 differs).",
        "Choose another backup: `/backup list` shows them.",
    )


def sha256_now(services: Services, backup: Backup) -> str:
    """The SHA-256 of a backup's archive as it lies there now, as hex digits; empty where it cannot be read."""
    try:
        with services.catalogue.archive(backup.id).open("rb") as file:
            return file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def page_missing(services: Services) -> str:
    """Why there is no maintenance page to show; a site that is broken keeps nobody from going back."""
    if not services.vercel.configured:
        return ""
    try:
        services.vercel.require_page()
    except OpsError as error:
        return error.message
    return ""


def lost(
    services: Services, backup: Backup, environment: str, stop: threading.Event, said: Callable[[str], None]
) -> tuple[Loss | None, str]:
    """What was written since; unknown is said as unknown, and never keeps anybody from going back."""
    try:
        with scratch(services) as folder:
            fresh = folder / "now.zip"
            said("Exporting what is there now, to count what would be lost")
            old = services.catalogue.archive(backup.id)
            files = archive.has_files(old) if backup.files is None else backup.files  # without, the import takes none away
            services.convex.export(environment, fresh, stop=stop, progress=lambda facts: said(_telling(facts)), files=files)
            said(f"Comparing {decimal_size(fresh.stat().st_size)} with the backup, row by row")
            shared = services.settings.convex.leaves_others
            return loss.compare(old, fresh, scratch=folder, deadline=COUNTING, stop=stop, shared=shared), ""
    except OpsError as error:
        return None, f"{one_line(error.message, 200)} {others(services.settings)}"


def others(settings: Settings) -> str:
    """What becomes of tables that the backup does not have, as the import's mode has it. Pure."""
    return f"Tables that the backup does not have {'stay as they are' if settings.convex.leaves_others else 'go'}."


def files_stay(files: bool | None) -> str:
    """What becomes of stored files that are not in a backup; "" where they are in it, or nobody knows. Pure."""
    return "Stored files are not in this backup and stay as they are." if files is False else ""


def _telling(facts: Any) -> str:
    """How far the export is, in a line. Pure."""
    grown = f"; {decimal_size(facts['bytes'])} so far" if facts.get("bytes") else ""
    return str(facts.get("waiting") or f"Exporting what is there now, to count what would be lost{grown}")


@contextmanager
def scratch(services: Services) -> Iterator[Path]:
    """A folder for what is compared, gone afterwards; what dead processes left of such goes first, as it takes the room."""
    held.sweep(services.settings.previews)
    require_room(services.settings.folder)
    with held.folder(services.settings.previews) as folder:
        yield folder
