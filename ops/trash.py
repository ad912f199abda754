"""Delete a backup, and bring it back within a day.

At stake: a backup that somebody may need tonight. So the last good one of its type stays, a pinned one stays, one in use
stays, and what goes waits in a trash that is never scanned. The manifest leaves first and comes back last: at any moment a
backup is whole, or it is none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops import activity, files, manifest
from ops.catalogue import GONE, PRESENT, TRASHED, Catalogue, read_facts, write_facts
from ops.database import BackupRow
from ops.errors import OpsError, Refused, UnknownBackup
from ops.manifest import Backup
from ops.services.git import Git


@dataclass(frozen=True, kw_only=True)
class Thrown:
    """A backup in the trash."""

    backup: Backup
    until: datetime  # when it is gone for good


class Trash:
    """Where deleted backups wait."""

    def __init__(self, catalogue: Catalogue, hours: int) -> None:
        self.catalogue = catalogue
        self.keeps = timedelta(hours=hours)
        self.folder = catalogue.folder / ".state" / "trash"

    def throw(self, backup: Backup, by: str, why: str) -> Thrown:
        """Move a backup to the trash. Repeating it after a crash finishes it."""
        now = datetime.now(UTC)
        facts = replace(backup.facts, trashed_at=now, trashed_by=by, trash_reason=why, known=True)
        write_facts(self.catalogue.facts_path(backup.id), facts)
        with Session(self.catalogue.engine) as session, session.begin():
            self.catalogue.put(session, replace(backup, facts=facts), TRASHED)
            activity.append(session, who=by, text=f"Backup deleted: {backup.id}", outcome=why or "kept for a day", backup_id=backup.id)
        self._move(backup.id, self._shelf(backup.id), self.folder / backup.id)
        return Thrown(backup=replace(backup, facts=facts), until=now + self.keeps)

    def bring_back(self, backup_id: str, by: str) -> Backup:
        """Move a backup back from the trash.

        Raises:
            UnknownBackup: it is not there.
        """
        found = self.find(backup_id)
        facts = replace(found.backup.facts, trashed_at=None, trashed_by=None, trash_reason=None)
        write_facts(self._facts_path(backup_id), facts)
        self._move(backup_id, self.folder / backup_id, self._shelf(backup_id), manifest_last=True)
        with Session(self.catalogue.engine) as session, session.begin():
            self.catalogue.put(session, replace(found.backup, facts=facts), PRESENT)
            activity.append(session, who=by, text=f"Backup brought back: {backup_id}", outcome="succeeded", backup_id=backup_id)
        return self.catalogue.get(backup_id)

    def find(self, backup_id: str) -> Thrown:
        """One backup in the trash.

        Raises:
            UnknownBackup: it is not there.
        """
        manifest.check_id(backup_id)
        for thrown in self.all():
            if thrown.backup.id == backup_id:
                return thrown
        raise UnknownBackup(
            f"`{backup_id}` is not among the deleted backups.",
            "A deleted backup can be brought back for 24 hours; `/backup log` says what became of it.",
        )

    def all(self) -> list[Thrown]:
        """What is in the trash, last thrown first."""
        found = [self._read(path) for path in sorted(self.folder.glob("*-*")) if path.is_dir()]
        return sorted((thrown for thrown in found if thrown), key=lambda thrown: thrown.until, reverse=True)

    def _read(self, place: Path) -> Thrown | None:
        """A folder of the trash; one without a manifest is still being moved."""
        path = place / manifest.file_name(place.name)
        if not path.exists():
            return None
        facts = read_facts(self._facts_path(place.name))
        at = facts.trashed_at or datetime.fromtimestamp(place.stat().st_mtime, UTC)
        return Thrown(backup=replace(manifest.read(path), facts=facts), until=at + self.keeps)

    def empty(self, git: Git, now: datetime) -> list[str]:
        """Remove for good what has waited long enough, with its tag at the remote; say what went."""
        return [thrown.backup.id for thrown in self.all() if thrown.until <= now and self._remove(thrown.backup, git)]

    def _remove(self, backup: Backup, git: Git) -> bool:
        """Remove one backup; when the remote does not answer, its tag stays for the next time."""
        try:
            git.drop_anchor(backup.id)
        except OpsError:
            return False
        place = self.folder / backup.id
        for name in sorted(path.name for path in place.iterdir()):
            (place / name).unlink()
        place.rmdir()
        with Session(self.catalogue.engine) as session, session.begin():
            self.catalogue.put(session, backup, GONE)
        return True

    def finish(self) -> list[str]:
        """Finish what a crash interrupted: backups whose row or facts say that they were thrown."""
        with Session(self.catalogue.engine) as session:
            thrown = session.scalars(select(BackupRow.id).where(BackupRow.state == TRASHED)).all()
        halfway = [backup_id for backup_id in thrown if self.catalogue.path(backup_id).exists()]
        for backup_id in halfway:
            self._finish(backup_id)
        return halfway

    def _finish(self, backup_id: str) -> None:
        """Finish moving one, in the direction that the facts beside it say."""
        facts = read_facts(self.catalogue.facts_path(backup_id))
        if facts.known and facts.trashed_at is None:
            with Session(self.catalogue.engine) as session, session.begin():
                self.catalogue.put(session, replace(manifest.read(self.catalogue.path(backup_id)), facts=facts), PRESENT)
        else:
            self._move(backup_id, self._shelf(backup_id), self.folder / backup_id)

    def _shelf(self, backup_id: str) -> Path:
        """Where a backup lies when it is not in the trash."""
        return self.catalogue.shelf(manifest.type_of(backup_id))

    def _facts_path(self, backup_id: str) -> Path:
        """The facts beside a manifest in the trash."""
        return (self.folder / backup_id / manifest.file_name(backup_id)).with_suffix(".facts.json")

    def _move(self, backup_id: str, source: Path, target: Path, *, manifest_last: bool = False) -> None:
        """Move a backup's files, the manifest first (or last)."""
        target.mkdir(parents=True, exist_ok=True)
        names = [
            manifest.file_name(backup_id),
            manifest.archive_name(backup_id),
            manifest.file_name(backup_id).replace(".json", ".facts.json"),
        ]
        for name in reversed(names) if manifest_last else names:
            if (source / name).exists():
                files.move(source / name, target / name)
        if manifest_last:
            source.rmdir()


def require_deletable(backup: Backup, catalogue: Iterable[Backup], in_use: Iterable[str]) -> None:
    """Refuse to delete what must stay. Pure.

    Raises:
        Refused: it is pinned, in use, or the last good one of its type.
    """
    if backup.facts.pinned:
        raise Refused(
            f"`{backup.id}` is pinned: {backup.facts.pin_reason or 'no reason was given'}.",
            f"Release it first: `/backup unpin {backup.id}`.",
        )
    if backup.id in set(in_use):
        raise Refused(f"`{backup.id}` is in use by a running operation.", "Wait for its end: `/ops status`.")
    others = [b for b in catalogue if b.type == backup.type and b.good and b.id != backup.id]
    if backup.good and not others:
        raise Refused(f"`{backup.id}` is the last good {backup.type} backup.", f"Take a new one first: `/backup {backup.type}`.")
