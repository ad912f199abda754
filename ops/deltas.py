"""Deltas: the rows that a rollback or a restore took away, kept by table, so that what was created meanwhile can come back (X2).

A delta lies beside the backups under the digits of the safety backup that it was made from: the ZIP, and what is in it.
"""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Any

from ops import files, manifest
from ops.archive.layout import SHAPE
from ops.errors import Failed, Refused
from ops.loss.marks import CHANGED, CREATED

FOLDER = "deltas"
_PREFIX = "delta-"


@dataclass(frozen=True, kw_only=True)
class Kept:
    """One table's rows in a delta; None where there are none of a sort."""

    name: str
    created: Mapping[str, Any] | None  # rows, bytes, fingerprint
    changed: Mapping[str, Any] | None

    @property
    def rows(self) -> int:
        """How many of them can be brought back; a stored file's row is nothing without the file, which is not kept."""
        return int(self.created["rows"]) if self.created and not self.name.rsplit("/", 1)[-1].startswith("_") else 0


@dataclass(frozen=True, kw_only=True)
class Delta:
    """What one operation took away."""

    id: str  # delta-{ms}, the digits of its safety backup
    path: Path
    backup: str  # to which production went back
    safety: str
    operation: str
    sha256: str
    tables: tuple[Kept, ...]

    @property
    def rows(self) -> int:
        """How many rows can be brought back."""
        return sum(table.rows for table in self.tables)

    @property
    def changed(self) -> int:
        """How many rows had another content; they are kept to be read."""
        return sum(int(table.changed["rows"]) for table in self.tables if table.changed)


def place(folder: Path, safety: str) -> Path:
    """Where the delta of a safety backup lies."""
    return folder / FOLDER / f"{_PREFIX}{manifest.digits(safety)}.zip"


def record(path: Path, tables: Iterable[Mapping[str, Any]], *, backup: str, safety: str, operation: str) -> Delta:
    """Give a delta its record; without one it is not there."""
    with path.open("rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
    facts = {"backup": backup, "safety": safety, "operation": operation, "sha256": digest, "tables": [dict(table) for table in tables]}
    files.write(path.with_suffix(".json"), json.dumps(facts, indent=2).encode(), operation)
    return _read(path.with_suffix(".json"))


def all_of(folder: Path) -> list[Delta]:
    """Every delta, the newest first; one whose record cannot be read is passed over."""
    found = []
    for path in sorted((folder / FOLDER).glob(f"{_PREFIX}*.json"), reverse=True):
        with suppress(OSError, ValueError, KeyError, TypeError):
            found.append(_read(path))
    return found


def get(folder: Path, delta_id: str) -> Delta:
    """One of them.

    Raises:
        Refused: there is none of that name.
    """
    for each in all_of(folder):
        if each.id == delta_id:
            return each
    raise Refused(f"There is no delta “{delta_id[:40]}”.", "`/restore salvage` shows those there are.")


def require_whole(delta: Delta) -> None:
    """Refuse a delta that is not as it was written.

    Raises:
        Failed: it is gone, or was changed.
    """
    try:
        with delta.path.open("rb") as file:
            same = file_digest(file, "sha256").hexdigest() == delta.sha256
    except OSError:
        raise Failed(f"The delta {delta.id} is gone.", f"Its rows are in the safety backup `{delta.safety}` too.") from None
    if not same:
        raise Failed(f"The delta {delta.id} is damaged: its sha256 differs.", f"Its rows are in the safety backup `{delta.safety}` too.")


def build(delta: Delta, tables: Iterable[str], into: Path) -> int:
    """Write the created rows of some tables as an archive that Convex imports; how many there are.

    Raises:
        Failed: the delta is damaged.
    """
    require_whole(delta)
    wanted = {table.name: table.rows for table in delta.tables if table.name in set(tables) and table.rows}
    only_created(delta.path, wanted, into)
    return sum(wanted.values())


def only_created(kept: Path, wanted: Collection[str], into: Path) -> None:
    """Of what was kept, write the created rows of some tables as an archive that Convex imports."""
    with zipfile.ZipFile(kept) as found, zipfile.ZipFile(into, "x", zipfile.ZIP_DEFLATED) as archive:
        for name in found.namelist():
            component, table, member = _parts(name)
            if table == "_tables":
                rows = found.read(name).splitlines(keepends=True)
                archive.writestr(name, b"".join(row for row in rows if _full(component, json.loads(row)["name"]) in wanted))
            elif _full(component, table) in wanted and member in {"documents.jsonl", SHAPE} and not _is_changed(name):
                with found.open(name) as source, archive.open(name, "w", force_zip64=True) as target:
                    shutil.copyfileobj(source, target)


def _is_changed(name: str) -> bool:
    """Whether a member holds what changed, which is kept to be read; a table may be called so too, one folder higher. Pure."""
    return name.startswith(f"{CHANGED}/") and name.count("/") > 1


def sweep(folder: Path, kept: Iterable[str]) -> list[str]:
    """Take away the deltas whose safety backup is gone for good; which they were."""
    stay = {f"{_PREFIX}{manifest.digits(each)}" for each in kept}
    gone = [path for path in sorted((folder / FOLDER).glob(f"{_PREFIX}*")) if path.stem not in stay]
    for path in gone:
        path.unlink(missing_ok=True)
    return sorted({path.stem for path in gone})


def _read(path: Path) -> Delta:
    """A delta from its record."""
    facts = json.loads(path.read_bytes())
    tables = tuple(Kept(name=table["name"], created=table.get(CREATED), changed=table.get("changed")) for table in facts["tables"])
    named = {name: str(facts[name]) for name in ("backup", "safety", "operation", "sha256")}
    return Delta(id=path.stem, path=path.with_suffix(".zip"), tables=tables, **named)


def _parts(name: str) -> tuple[str, str, str]:
    """A member's component, table and file."""
    *folders, member = name.split("/")
    component = "/".join(part for part in folders[:-1] if part != "_components")
    return component, folders[-1] if folders else "", member


def _full(component: str, table: str) -> str:
    """A table's full name."""
    return "/".join(filter(None, [component, table]))
