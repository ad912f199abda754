"""What going back would lose (X2): rows by table that were created, changed or deleted since the backup.

An export of this moment is compared with the backup's archive by ``_id`` and by each row's bytes, in niced processes and in
bounded memory: what is known of a row are 32 bytes, sorted on the disk.
"""

from __future__ import annotations

import json
import logging
import shutil
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ops import files
from ops.archive.words import lists_files
from ops.errors import Failed
from ops.services import process
from ops.words import counted, number

__all__ = ["Loss", "TableLoss", "compare", "keep"]

log = logging.getLogger(__name__)

_ROOT = Path(__file__).parents[2]
_NAMED = 8  # tables, in a sentence


@dataclass(frozen=True, kw_only=True)
class TableLoss:
    """One table: what happened to its rows since the backup."""

    name: str
    created: int = 0  # they would be lost
    changed: int = 0  # they would be as they were
    deleted: int = 0  # they would come back
    same: int = 0
    absent: bool = False  # the backup has no such table at all

    @property
    def any(self) -> bool:
        """Whether it is another than in the backup."""
        return bool(self.created or self.changed or self.deleted)

    @property
    def sentence(self) -> str:
        """What would happen to it."""
        said = [
            f"{number(count)} {word}"
            for count, word in ((self.created, "created"), (self.changed, "changed"), (self.deleted, "deleted"))
            if count
        ]
        return f"{self.name}: {', '.join(said)} since{'; the backup has no such table' if self.absent else ''}"


@dataclass(frozen=True, kw_only=True)
class Loss:
    """All tables of both, the most affected first."""

    tables: tuple[TableLoss, ...]
    staying: tuple[str, ...] = ()  # tables that the backup does not have, where the import leaves those alone

    @property
    def any(self) -> bool:
        """Whether anything would be lost or come back."""
        return any(table.any for table in self.tables)

    @property
    def affected(self) -> tuple[TableLoss, ...]:
        """The tables that differ."""
        return tuple(table for table in self.tables if table.any)

    @property
    def lost(self) -> int:
        """Rows whose present state would be gone: created and changed ones."""
        return sum(table.created + table.changed for table in self.tables)

    @property
    def losing(self) -> tuple[TableLoss, ...]:
        """The tables that would lose rows."""
        return tuple(table for table in self.tables if table.created + table.changed)

    @property
    def returning(self) -> int:
        """Rows that were deleted since, and would be there again."""
        return sum(table.deleted for table in self.tables)

    @property
    def created(self) -> int:
        """Rows that can be brought back once they went: those of Convex's own tables are nothing without what they speak of."""
        return sum(table.created for table in self.tables if not table.name.rsplit("/", 1)[-1].startswith("_"))

    @property
    def files(self) -> str:
        """What becomes of the files that were stored since; "" where none was."""
        count = sum(table.created for table in self.tables if lists_files(table.name))
        stored, are = ("file that was", "is") if count == 1 else (f"{number(count)} files that were", "are")
        return f"The {stored} stored since {are} in the safety backup only: bringing rows back brings no file." if count else ""

    @property
    def kept(self) -> str:
        """What becomes of the rows that go; "" where none does."""
        changed = sum(table.changed for table in self.tables)
        back = f"The {_rows(self.created)} created since can be brought back afterwards." if self.created else ""
        are, them = ("is kept as it is", "it") if changed == 1 else ("are kept as they are", "them")
        read = f"The {_rows(changed)} changed since {are} now, to be read: nothing brings {them} back by itself." if changed else ""
        return " ".join(filter(None, [back, read, self.files]))

    def sentences(self) -> list[str]:
        """What would happen, table by table."""
        found = [table.sentence for table in self.affected] or ["Nothing was written since the backup."]
        return [*found, self.left_alone] if self.staying else found

    @property
    def left_alone(self) -> str:
        """Which tables stay as they are; "" where there are none."""
        more = f" and {len(self.staying) - _NAMED} more" if len(self.staying) > _NAMED else ""
        named = f"{', '.join(self.staying[:_NAMED])}{more}"
        return f"Tables that the backup does not have stay as they are: {named}" if self.staying else ""

    def as_json(self) -> dict[str, Any]:
        """As a plan keeps it: the tables that differ, and those that stay."""
        return {"tables": [asdict(table) for table in self.affected], "staying": list(self.staying)}

    @classmethod
    def load(cls, kept: Mapping[str, Any]) -> Loss:
        """From a plan."""
        return cls(tables=tuple(TableLoss(**table) for table in kept["tables"]), staying=tuple(kept.get("staying", ())))


def _rows(count: int) -> str:
    """So many, after an article."""
    return "row" if count == 1 else counted(count, "row")


def compare(  # noqa: PLR0913 # the facts of one comparison, all named
    old: Path, new: Path, *, scratch: Path, deadline: float, cores: int = 2, stop: threading.Event | None = None, shared: bool = False
) -> Loss:
    """Compare a backup's archive with an export of now.

    Args:
        old: the backup's archive.
        new: the export.
        scratch: where what is sorted lies meanwhile; nothing is left there.
        deadline: seconds.
        cores: how many processes read; one for each archive at most.
        stop: ends it.
        shared: tables that the backup does not have stay, as an import in Convex's mode ``replace`` leaves them alone.

    Raises:
        Failed: one of them cannot be read, or the time is over.
    """
    return Loss.load(_run(old, new, scratch, deadline, cores, stop, None, shared=shared))


def keep(  # noqa: PLR0913 # the facts of one comparison, all named
    old: Path, new: Path, *, into: Path, scratch: Path, deadline: float, stop: threading.Event, shared: bool = False
) -> tuple[Loss, list[dict[str, Any]]]:
    """Compare, and write the rows that were created or changed to a ZIP: what was counted, and what each table has in it.

    Raises:
        Failed: one of them cannot be read, or the time is over.
    """
    said = _run(old, new, scratch, deadline, 1, stop, into, shared=shared)  # nobody waits: the other core has an import to see to
    return Loss.load(said), list(said["kept"])


def _run(  # noqa: PLR0913, PLR0917 # the facts of one comparison
    old: Path, new: Path, scratch: Path, deadline: float, cores: int, stop: threading.Event | None, into: Path | None, *, shared: bool
) -> dict[str, Any]:
    """Have the process compare; what it wrote down."""
    _require_room(scratch, old, new)
    folder = Path(tempfile.mkdtemp(prefix="loss-", dir=scratch))
    try:
        places = {"old": str(old.absolute()), "new": str(new.absolute()), "into": str(into.absolute()) if into else ""}
        asked = {**places, "cores": cores, "shared": shared}
        (folder / "asked.json").write_text(json.dumps(asked))
        try:
            finished = process.run(
                [sys.executable, "-m", "ops.loss", str(folder)],
                cwd=_ROOT,
                environ={},
                deadline=deadline,
                stop=stop,
            )
        except process.TimedOut:
            raise Failed(
                f"Counting what would be lost took longer than {deadline:g} seconds.", "Go on without the count, or wait."
            ) from None
        return _answer(folder, finished)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _answer(folder: Path, finished: process.Finished) -> dict[str, Any]:
    """What the process wrote down."""
    path = folder / "answered.json"
    said = json.loads(path.read_bytes()) if path.exists() else {}
    if "problem" in said:
        raise Failed(f"What would be lost cannot be counted: {said['problem']}.", "`/backup verify ID 3` reads every row of the backup.")
    if finished.code or "tables" not in said:
        log.error("counting the loss ended with code %s: %s", finished.code, finished.err)
        raise Failed(f"Counting what would be lost ended early (code {finished.code}).", "Look at the machine's memory and disk.")
    return dict(said)


def _require_room(scratch: Path, old: Path, new: Path) -> None:
    """Sorting takes less than the archives themselves."""
    there = files.room(scratch)
    needed = sum(path.stat().st_size for path in (old, new) if path.exists())
    if there.free - needed < there.reserve:
        raise Failed("There is no room on the disk to count what would be lost.", "Make room, or go on without the count.")
