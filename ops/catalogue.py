"""The catalogue: all backups there are. The folder is the truth; rows keep what was learnt since.

Losing the database loses no backup: each manifest has its facts in a file beside it, and what has none counts as pinned
until a person releases it.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ops import files, manifest
from ops.database import BackupRow
from ops.errors import UnknownBackup
from ops.facts import UNKNOWN, Facts
from ops.manifest import Backup, Type

TYPES: tuple[Type, ...] = ("quick", "full")
PRESENT, TRASHED, GONE = "present", "trashed", "gone"

FACTS_WRITER = "facts"
"""The name under which facts are written; facts belong to no one operation."""

_OVERLAP = timedelta(seconds=60)  # rows that another process was still committing when we read last


@dataclass(frozen=True)
class _Seen:
    """A manifest as it was last read, and its file's stamp then."""

    stamp: tuple[int, int, int]
    backup: Backup


class Catalogue:
    """All backups in a folder. Reading is cached by each file's stamp; safe from any thread."""

    def __init__(self, folder: Path, engine: Engine) -> None:
        self.folder = folder
        self.engine = engine
        self._lock = threading.RLock()
        self._seen: dict[str, _Seen] = {}
        self._rows: dict[str, Facts] = {}
        self._rows_at: datetime | None = None
        self._files: dict[str, Facts] = {}
        self._all: tuple[Backup, ...] = ()

    # -- places ------------------------------------------------------------------------------------------------------

    def shelf(self, kind: Type) -> Path:
        """The folder of a type, made when it is missing."""
        path = self.folder / kind
        path.mkdir(parents=True, exist_ok=True)
        return path

    def path(self, backup_id: str) -> Path:
        """A backup's manifest."""
        return self.shelf(manifest.type_of(backup_id)) / manifest.file_name(backup_id)

    def archive(self, backup_id: str) -> Path:
        """A full backup's archive."""
        return self.shelf("full") / manifest.archive_name(backup_id)

    def facts_path(self, backup_id: str) -> Path:
        """Where its facts stand beside its manifest."""
        return self.path(backup_id).with_suffix(".facts.json")

    def used(self) -> int:
        """Bytes that backups take, trash included."""
        places = [self.folder / name for name in ("quick", "full", "env", "config", ".state/trash")]
        return sum(_size(Path(folder) / name) for place in places for folder, _, names in os.walk(place) for name in names)

    # -- reading -----------------------------------------------------------------------------------------------------

    def all(self) -> tuple[Backup, ...]:
        """Every backup, newest first."""
        with self._lock:
            changed = self._scan()
            changed |= self._read_rows()
            if changed:
                found = (replace(seen.backup, facts=self._facts(seen.backup.id)) for seen in self._seen.values())
                present = [backup for backup in found if backup.facts.trashed_at is None]
                self._all = tuple(sorted(present, key=_newest_first))
            return self._all

    def get(self, backup_id: str) -> Backup:
        """One backup.

        Raises:
            UnknownBackup: there is none with that id.
        """
        manifest.check_id(backup_id)
        for backup in self.all():
            if backup.id == backup_id:
                return backup
        raise UnknownBackup(
            f"There is no backup `{backup_id}`.", "`/backup list` shows those there are; `/backup undelete` brings a deleted one back."
        )

    def made_by(self, operation_id: str) -> Backup | None:
        """The backup that an operation has made, if it got so far."""
        return next((backup for backup in self.all() if backup.operation_id == operation_id), None)

    def predecessor(self, backup: Backup) -> Backup | None:
        """The newest good full backup of the same deployment before this one."""
        older = (b for b in self.all() if b.type == "full" and b.good and b.tables is not None and b.timestamp < backup.timestamp)
        return next((b for b in older if b.deployment == backup.deployment), None)

    def next_id(self, kind: Type, now: datetime) -> str:
        """An id of this instant, or of the next millisecond that no backup has or had."""
        number = int(now.timestamp() * 1000)
        while self._taken(f"{kind}-{number}"):
            number += 1
        return f"{kind}-{number}"

    def _taken(self, backup_id: str) -> bool:
        """Whether a backup has or had this id."""
        with Session(self.engine) as session:
            return self.path(backup_id).exists() or session.get(BackupRow, backup_id) is not None

    def _scan(self) -> bool:
        """Read the manifests that are new or changed; say whether any was, or is gone."""
        stamps = dict(_stamps(self.shelf(kind) for kind in TYPES))
        gone = self._seen.keys() - stamps.keys()
        for name in gone:
            del self._seen[name]
            self._files.pop(manifest.id_of(name) or "", None)
        stale = [name for name, (stamp, _) in stamps.items() if name not in self._seen or self._seen[name].stamp != stamp]
        for name in stale:
            stamp, path = stamps[name]
            self._seen[name] = _Seen(stamp, manifest.read(path))
        return bool(gone or stale)

    def _read_rows(self) -> bool:
        """Read the facts that changed since the last time; say whether any did."""
        query = select(BackupRow.id, BackupRow.facts, BackupRow.updated_at)
        if self._rows_at:
            query = query.where(BackupRow.updated_at > self._rows_at - _OVERLAP)
        with Session(self.engine) as session:
            rows = session.execute(query).all()
        fresh = {row.id: Facts.parse(row.facts) for row in rows}
        changed = any(self._rows.get(key) != facts for key, facts in fresh.items())
        self._rows |= fresh
        self._rows_at = max((row.updated_at for row in rows), default=self._rows_at)
        return changed

    def _facts(self, backup_id: str) -> Facts:
        """What is known of a backup: its row, else the file beside it, else nothing."""
        if backup_id in self._rows:
            return self._rows[backup_id]
        if backup_id not in self._files:
            self._files[backup_id] = read_facts(self.facts_path(backup_id))
        return self._files[backup_id]

    # -- learning ----------------------------------------------------------------------------------------------------

    def learn(self, backup_id: str, change: Callable[[Facts], Facts]) -> Backup:
        """Change what is known of a backup: in the file beside it, and in its row."""
        backup = self.get(backup_id)
        with Session(self.engine) as session, session.begin():
            row = session.get(BackupRow, backup_id, with_for_update=True)
            facts = replace(change(Facts.parse(row.facts) if row else backup.facts), known=True)
            write_facts(self.facts_path(backup_id), facts)
            self.put(session, replace(backup, facts=facts), PRESENT)
        return self.get(backup_id)

    def put(self, session: Session, backup: Backup, state: str) -> None:
        """Write a backup's row."""
        row = session.get(BackupRow, backup.id) or BackupRow(id=backup.id)
        row.type, row.timestamp, row.operation_id = backup.type, backup.timestamp, backup.operation_id
        row.purpose, row.created_by = backup.purpose, backup.created_by
        row.state, row.facts, row.updated_at = state, backup.facts.dump(), datetime.now(UTC)
        session.add(row)

    def rebuild(self) -> tuple[Backup, ...]:
        """Make the rows anew from the folder; say which backups it added."""
        with Session(self.engine) as session, session.begin():
            known = set(session.scalars(select(BackupRow.id)))
            added = tuple(backup for backup in self.all() if backup.id not in known)
            for backup in added:
                self.put(session, backup, PRESENT)
        return added


def read_facts(path: Path) -> Facts:
    """The facts beside a manifest; none, or none that can be read, count as pinned."""
    try:
        return Facts.parse(json.loads(path.read_bytes()))
    except FileNotFoundError:
        return UNKNOWN
    except (OSError, ValueError, TypeError):
        return replace(UNKNOWN, pin_reason=f"{path.name} cannot be read")


def write_facts(path: Path, facts: Facts) -> None:
    """Write the facts beside a manifest."""
    files.write(path, json.dumps(facts.dump(), ensure_ascii=False, indent=2).encode() + b"\n", FACTS_WRITER)


def _stamps(shelves: Iterator[Path]) -> Iterator[tuple[str, tuple[tuple[int, int, int], Path]]]:
    """Each manifest's name with its file's inode, time and size."""
    for shelf in shelves:
        with os.scandir(shelf) as entries:
            for entry in entries:
                if manifest.id_of(entry.name) and (stat := _stat(entry)):
                    yield entry.name, ((stat.st_ino, stat.st_mtime_ns, stat.st_size), Path(entry.path))


def _stat(entry: os.DirEntry[str]) -> os.stat_result | None:
    """The file's stamp; None when it went away meanwhile."""
    try:
        return entry.stat()
    except FileNotFoundError:
        return None


def _newest_first(backup: Backup) -> tuple[int, str]:
    """How the catalogue is ordered."""
    return -manifest.milliseconds(backup.id), backup.id


def _size(path: Path) -> int:
    """A file's bytes; none when it went away meanwhile."""
    try:
        return path.lstat().st_size
    except FileNotFoundError:
        return 0
