"""Delete a backup, and bring it back within a day.

At stake: a backup that somebody may need tonight. So the last good one of its type stays, a pinned one stays, one in use
stays, and what goes waits in a trash that is never scanned. Where a backup belongs is what its facts say, and they are
written before anything moves; the manifest leaves first and comes back last. So a crash at any moment leaves a backup that is
whole, or one that `finish` makes whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from ops import activity, files, manifest
from ops.catalogue import GONE, PRESENT, TRASHED, Catalogue, read_facts, write_facts
from ops.database import BackupRow, reading
from ops.errors import OpsError, Refused, UnknownBackup
from ops.facts import Facts
from ops.manifest import Backup
from ops.services.git import Git
from ops.shelves import facts_name

_DELETED, _BACK = "Backup deleted", "Backup brought back"


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
        """Move a backup to the trash.

        Raises:
            UnknownBackup: somebody else was faster.
        """
        with self.catalogue.alone():
            there, now = self.catalogue.get(backup.id), datetime.now(UTC)
            facts = replace(there.facts, trashed_at=now, trashed_by=by, trash_reason=why, known=True)
            thrown = replace(there, facts=facts)
            with self._whole(backup.id):
                self._put(thrown, TRASHED)
                write_facts(self.catalogue.facts_path(backup.id), facts)
                self._to_trash(backup.id)
            self._tell(backup.id, by, _DELETED, why or "kept for a while")
        return Thrown(backup=thrown, until=now + self.keeps)

    def bring_back(self, backup_id: str, by: str) -> Backup:
        """Move a backup back from the trash.

        Raises:
            UnknownBackup: it is not there, or not any more.
        """
        with self.catalogue.alone():
            found = self._require_in_time(self.find(backup_id))
            facts = replace(found.backup.facts, trashed_at=None, trashed_by=None, trash_reason=None)
            with self._whole(backup_id):
                write_facts(self._place(backup_id) / facts_name(backup_id), facts)
                self._to_shelf(backup_id)
                self._put(replace(found.backup, facts=facts), PRESENT)
            self._tell(backup_id, by, _BACK, "succeeded")
            return self.catalogue.get(backup_id)

    def find(self, backup_id: str) -> Thrown:
        """One backup in the trash.

        Raises:
            UnknownBackup: it is not there.
        """
        manifest.check_id(backup_id)
        if thrown := self._read(self._place(backup_id)):
            return thrown
        raise UnknownBackup(
            f"`{backup_id}` is not among the deleted backups.",
            f"A deleted backup can be brought back for {_hours(self.keeps)}; `/backup log` says what became of it.",
        )

    def all(self) -> list[Thrown]:
        """What is in the trash, last thrown first."""
        found = [thrown for place in self._places() if (thrown := self._read(place))]
        return sorted(found, key=lambda thrown: thrown.until, reverse=True)

    def empty(self, git: Git, now: datetime) -> list[str]:
        """Remove for good what has waited long enough, with its tag at the remote; say what went.

        When the remote does not answer, what is left stays for the next time.
        """
        gone: list[str] = []
        for thrown in [thrown for thrown in self.all() if thrown.until <= now]:  # nobody can bring these back any more
            try:
                git.drop_anchor(thrown.backup.id)
            except OpsError:
                break
            self._remove(thrown.backup)
            gone.append(thrown.backup.id)
        return gone

    def finish(self) -> list[str]:
        """Finish what a crash interrupted, in the direction that each backup's facts say; say which backups that were."""
        with self.catalogue.alone():
            return [backup_id for backup_id in sorted(self._doubtful()) if self._finish(backup_id)]

    # -- one backup --------------------------------------------------------------------------------------------------

    @contextmanager
    def _whole(self, backup_id: str) -> Iterator[None]:
        """Leave it whole when the disk or the database fails in between, as after a crash."""
        try:
            yield
        except BaseException:
            with suppress(OSError, OpsError, SQLAlchemyError):  # what failed may fail again; then the next start finishes it
                self._finish(backup_id)
            raise

    def _require_in_time(self, found: Thrown) -> Thrown:
        """Refuse what may be on its way out already."""
        if found.until > datetime.now(UTC):
            return found
        raise UnknownBackup(
            f"`{found.backup.id}` was deleted more than {_hours(self.keeps)} ago and is being removed.",
            "`/backup list` shows those there are.",
        )

    def _put(self, backup: Backup, state: str) -> None:
        """Write its row."""
        with Session(self.catalogue.engine) as session, session.begin():
            self.catalogue.put(session, backup, state)

    def _tell(self, backup_id: str, by: str, what: str, outcome: str) -> None:
        """Write a line of the log."""
        activity.record(self.catalogue.engine, who=by, text=f"{what}: {backup_id}", outcome=outcome, backup_id=backup_id)

    def _read(self, place: Path) -> Thrown | None:
        """A folder of the trash; one without a manifest is still being moved."""
        path = place / manifest.file_name(place.name)
        if not files.there(path):
            return None
        facts = read_facts(place / facts_name(place.name))
        at = facts.trashed_at or datetime.fromtimestamp(place.stat().st_mtime, UTC)
        return Thrown(backup=replace(manifest.read(path), facts=facts), until=at + self.keeps)

    def _remove(self, backup: Backup) -> None:
        """Remove one backup for good, its manifest last: until then it is found again."""
        with self.catalogue.alone():
            place = self._place(backup.id)
            for path in sorted(place.iterdir(), key=lambda path: path.name == manifest.file_name(backup.id)):
                path.unlink()
            place.rmdir()
            self._put(backup, GONE)

    def _doubtful(self) -> set[str]:
        """Backups that may be half moved: those in the trash, and those that their row or facts say are there."""
        with reading(self.catalogue.engine) as session:
            rows = set(session.scalars(select(BackupRow.id).where(BackupRow.state == TRASHED)))
        return rows | {place.name for place in self._places()} | self.catalogue.hidden()

    def _finish(self, backup_id: str) -> bool:
        """Finish moving one; say whether there was anything to do."""
        facts = self._written(backup_id)
        if facts is None:  # nothing is left of it, or somebody laid it there
            with suppress(OSError):
                self._place(backup_id).rmdir()
            return False
        moved = self._to_trash(backup_id) if facts.trashed_at else self._to_shelf(backup_id)
        corrected = self._correct(backup_id, facts)
        if moved or corrected:
            self._tell(backup_id, "backstop", _DELETED if facts.trashed_at else _BACK, "finished after an interruption")
        return moved or corrected

    def _written(self, backup_id: str) -> Facts | None:
        """The facts as their file says, wherever it is; it moves with the backup, so there is one."""
        for folder in (self._shelf(backup_id), self._place(backup_id)):
            facts = read_facts(folder / facts_name(backup_id))
            if facts.known:
                return facts
        return None

    def _correct(self, backup_id: str, facts: Facts) -> bool:
        """Let its row say where it is; say whether it did not."""
        place = self._place(backup_id) if facts.trashed_at else self._shelf(backup_id)
        state = TRASHED if facts.trashed_at else PRESENT
        with reading(self.catalogue.engine) as session:
            row = session.get(BackupRow, backup_id)
        if (row and row.state == state) or not files.there(place / manifest.file_name(backup_id)):
            return False
        self._put(replace(manifest.read(place / manifest.file_name(backup_id)), facts=facts), state)
        return row is not None

    # -- places ------------------------------------------------------------------------------------------------------

    def _places(self) -> Iterator[Path]:
        """The folders in the trash."""
        return (path for path in sorted(self.folder.glob("*-*")) if manifest.is_id(path.name) and path.is_dir())

    def _place(self, backup_id: str) -> Path:
        """A backup's folder in the trash."""
        return self.folder / backup_id

    def _shelf(self, backup_id: str) -> Path:
        """Where a backup lies when it is not in the trash."""
        return self.catalogue.shelves.of(backup_id)

    def _to_trash(self, backup_id: str) -> bool:
        """Move its files to the trash, the manifest first; say whether there were any."""
        place = self._place(backup_id)
        files.make_folder(place)
        return _move(_names(backup_id), self._shelf(backup_id), place)

    def _to_shelf(self, backup_id: str) -> bool:
        """Move its files back, the manifest last; say whether there were any."""
        place = self._place(backup_id)
        moved = _move(reversed(_names(backup_id)), place, self._shelf(backup_id))
        with suppress(OSError):  # something else lies there, which is no reason to keep the backup from being back
            place.rmdir()
        return moved


def _names(backup_id: str) -> list[str]:
    """A backup's files, the manifest first."""
    archive = [manifest.archive_name(backup_id)] if manifest.type_of(backup_id) == "full" else []
    return [manifest.file_name(backup_id), *archive, facts_name(backup_id)]


def _move(names: Iterable[str], source: Path, target: Path) -> bool:
    """Move those that are there; say whether any was."""
    found = [name for name in names if files.there(source / name)]
    for name in found:
        files.move(source / name, target / name)
    return bool(found)


def _hours(span: timedelta) -> str:
    """Whole hours in words."""
    count = int(span.total_seconds()) // 3600
    return "1 hour" if count == 1 else f"{count} hours"


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
        raise Refused(
            f"`{backup.id}` is in use: an operation works with it, a signature is waited for, or an undo still goes back to it.",
            "`/ops status` shows what runs and App Home what waits for a signature; an undo is offered for 7 days.",
        )
    others = [b for b in catalogue if b.type == backup.type and b.good and b.id != backup.id]
    if backup.good and not others:
        raise Refused(f"`{backup.id}` is the last good {backup.type} backup.", f"Take a new one first: `/backup {backup.type}`.")
