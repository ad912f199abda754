"""The catalogue: all backups there are. The folder is the truth; rows keep what was learnt since.

Losing the database loses no backup: each manifest has its facts in a file beside it, and what has none counts as pinned
until a person releases it.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Engine, insert, select
from sqlalchemy.orm import Session

from ops import files, manifest
from ops.database import BackupRow, reading
from ops.errors import UnknownBackup
from ops.facts import UNKNOWN, Facts
from ops.manifest import Backup, Type
from ops.shelves import TYPES, Shelves, facts_name

__all__ = ["FACTS_WRITER", "GONE", "PRESENT", "TRASHED", "TYPES", "Catalogue", "read_facts", "write_facts"]

PRESENT, TRASHED, GONE = "present", "trashed", "gone"

FACTS_WRITER = "facts"
"""The name under which facts are written; facts belong to no one operation."""

_NO_NEWS = datetime(1970, 1, 1, tzinfo=UTC)  # of a row that only says what the files say: nobody needs to read it again
_OVERLAP = timedelta(seconds=60)  # rows that another process was still committing when we read last


class Catalogue:
    """All backups in a folder. Reading is cached by each file's stamp; safe from any thread."""

    def __init__(self, folder: Path, engine: Engine) -> None:
        self.folder = folder
        self.engine = engine
        self.shelves = Shelves(folder)
        self._lock = threading.RLock()
        self._writing = threading.RLock()
        self._held = 0
        self._rows: dict[str, tuple[datetime, Facts]] = {}
        self._looked_at: datetime | None = None
        self._known: dict[str, Backup] = {}
        self._all: tuple[Backup, ...] = ()

    # -- places ------------------------------------------------------------------------------------------------------

    def shelf(self, kind: Type) -> Path:
        """The folder of a type, made when it is missing."""
        return self.shelves.shelf(kind)

    def path(self, backup_id: str) -> Path:
        """A backup's manifest."""
        return self.shelves.of(backup_id) / manifest.file_name(backup_id)

    def archive(self, backup_id: str) -> Path:
        """A full backup's archive."""
        return self.shelf("full") / manifest.archive_name(backup_id)

    def facts_path(self, backup_id: str) -> Path:
        """Where its facts stand beside its manifest."""
        return self.shelves.of(backup_id) / facts_name(backup_id)

    def used(self) -> int:
        """Bytes that backups take, trash included."""
        return self.shelves.used()

    # -- reading -----------------------------------------------------------------------------------------------------

    def all(self) -> tuple[Backup, ...]:
        """Every backup, newest first."""
        with self._lock:
            if self._refresh():
                present = [backup for backup in self._known.values() if backup.facts.trashed_at is None]
                self._all = tuple(sorted(present, key=lambda backup: (manifest.digits(backup.id), backup.id), reverse=True))
            return self._all

    def get(self, backup_id: str) -> Backup:
        """One backup.

        Raises:
            UnknownBackup: there is none with that id.
        """
        manifest.check_id(backup_id)
        with self._lock:
            self.all()
            found = self._known.get(backup_id)
        if found and found.facts.trashed_at is None:
            return found
        raise UnknownBackup(
            f"There is no backup `{backup_id}`.", "`/backup list` shows those there are; `/backup undelete` brings a deleted one back."
        )

    def hidden(self) -> set[str]:
        """Those whose manifest is there although they were deleted: a crash came between."""
        with self._lock:
            self.all()
            return {backup.id for backup in self._known.values() if backup.facts.trashed_at is not None}

    def made_by(self, operation_id: str) -> Backup | None:
        """The backup that an operation has made, if it got so far."""
        return next((backup for backup in self.all() if backup.operation_id == operation_id), None)

    def tables(self) -> set[str]:
        """The tables that some backup here has."""
        return {name for backup in self.all() for name in backup.tables or ()}

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
        with reading(self.engine) as session:
            return self.path(backup_id).exists() or session.get(BackupRow, backup_id) is not None

    def _refresh(self) -> bool:
        """Bring what is known up to date; say whether anything changed."""
        rows = self._read_rows()
        found, fresh = self.shelves.scan()
        gone = self._known.keys() - found.keys()
        for backup_id in gone:
            del self._known[backup_id]
        for backup_id in fresh | (rows & found.keys()):
            self._known[backup_id] = replace(found[backup_id], facts=self._facts(backup_id))
        return bool(gone or fresh or rows)

    def _read_rows(self) -> set[str]:
        """Read the facts that changed since the last time; say whose."""
        now, stamps = datetime.now(UTC), select(BackupRow.id, BackupRow.updated_at)
        if self._looked_at:
            stamps = stamps.where(BackupRow.updated_at > min(self._looked_at, now) - _OVERLAP)
        with reading(self.engine) as session:
            changed = {row.id: row.updated_at for row in session.execute(stamps) if self._row_at(row.id) != row.updated_at}
            wanted = select(BackupRow.id, BackupRow.facts)
            several = wanted if len(changed) > 500 else wanted.where(BackupRow.id.in_(changed))
            fresh = {row.id: (changed[row.id], Facts.parse(row.facts)) for row in session.execute(several) if row.id in changed}
        self._rows |= fresh
        self._looked_at = now
        return set(fresh)

    def _row_at(self, backup_id: str) -> datetime | None:
        """When the row that we know of a backup was written."""
        known = self._rows.get(backup_id)
        return known[0] if known else None

    def _facts(self, backup_id: str) -> Facts:
        """What is known of a backup: its row, else the file beside it, else nothing."""
        row = self._rows.get(backup_id)
        return row[1] if row else read_facts(self.facts_path(backup_id))

    # -- learning ----------------------------------------------------------------------------------------------------

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold other threads and processes off while backups are moved, or decided about; within itself it is no wait."""
        with self._writing:
            if self._held:
                yield
                return
            with self._alone_here():
                yield

    @contextmanager
    def _alone_here(self) -> Iterator[None]:
        """Hold the folder's own lock, which a dead process lets go of."""
        path = self.folder / ".state" / "catalogue.lock"
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            self._held += 1
            yield
        finally:
            self._held = 0
            os.close(descriptor)

    def learn(self, backup_id: str, change: Callable[[Facts], Facts]) -> Backup:
        """Change what is known of a backup: in the file beside it, and in its row."""
        with self.alone():
            backup = self.get(backup_id)
            facts = replace(change(backup.facts), known=True)
            write_facts(self.facts_path(backup_id), facts)
            with Session(self.engine) as session, session.begin():
                self.put(session, replace(backup, facts=facts), PRESENT)
            return self.get(backup_id)

    def put(self, session: Session, backup: Backup, state: str) -> None:
        """Write a backup's row."""
        session.merge(BackupRow(**_row(backup, state, datetime.now(UTC))))

    def rebuild(self) -> tuple[Backup, ...]:
        """Make the rows anew from the folder; say which backups it added."""
        with self.alone():
            there = self.all()
            with Session(self.engine) as session, session.begin():
                known = set(session.scalars(select(BackupRow.id)))
                added = tuple(backup for backup in there if backup.id not in known)
                if added:
                    session.execute(insert(BackupRow), [_row(backup, PRESENT, _NO_NEWS) for backup in added])
        return added


def _row(backup: Backup, state: str, at: datetime) -> dict[str, Any]:
    """A backup's row, written at this time."""
    return {
        "id": backup.id,
        "type": backup.type,
        "timestamp": backup.timestamp,
        "purpose": backup.purpose,
        "created_by": backup.created_by,
        "operation_id": backup.operation_id,
        "state": state,
        "facts": backup.facts.dump(),
        "updated_at": at,
    }


def read_facts(path: Path) -> Facts:
    """The facts beside a manifest; none, or none that can be read, count as pinned."""
    try:
        return Facts.parse(orjson.loads(path.read_bytes()))
    except FileNotFoundError:
        return UNKNOWN
    except (OSError, ValueError, TypeError):
        return replace(UNKNOWN, pin_reason=f"{path.name} cannot be read")


def write_facts(path: Path, facts: Facts) -> None:
    """Write the facts beside a manifest."""
    files.write(path, orjson.dumps(facts.dump(), option=orjson.OPT_INDENT_2) + b"\n", FACTS_WRITER)
