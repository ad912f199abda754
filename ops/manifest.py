"""A backup's manifest: the document's keys, then ours; complete in itself and never rewritten.

A manifest with only the document's keys is a backup like any other; what it lacks is unknown.
"""

from __future__ import annotations

import hashlib
import json
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import orjson

from ops.archive import Table, holds_files
from ops.errors import UnknownBackup
from ops.facts import Facts
from ops.purposes import Purpose
from ops.words import one_line

Type = Literal["quick", "full"]

SCHEMA_VERSION = 1
_AROUND = "`'\"*"  # what a copied id may stand in
_ID = re.compile(r"(quick|full)-[0-9]{13}")
_FILE = re.compile(r"(quick|full)-backup-([0-9]{13})\.json")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST = 8 * 1000**2  # bytes: 10,000 tables take 2 MB
_CLAUSE = 120  # characters of what a person reads about a manifest that is none
_PURPOSES = {purpose.value: purpose for purpose in Purpose}


@dataclass(frozen=True, kw_only=True)
class Backup:
    """One backup: what its manifest says, and what was learnt since."""

    id: str
    type: Type
    timestamp: datetime
    commit_hash: str = ""
    commit_message: str = ""
    branch: str = ""
    notes: str = ""
    purpose: Purpose | None = None
    label: str | None = None
    created_by: str | None = None
    deployment: dict[str, str] | None = None  # {"label": "sturgeon", "instance": "happy-sturgeon-123"}
    size: int | None = None  # bytes of the archive
    sha256: str | None = None
    tables: dict[str, Table] | None = None
    snapshot_timestamp: datetime | None = None  # what the data is as of, by Convex's clock
    schema_hash: str | None = None
    operation_id: str | None = None
    facts: Facts = Facts()
    problem: str | None = None  # why it cannot be read, if so

    @property
    def moment(self) -> datetime:
        """Of when its rows are: of the snapshot, by Convex's clock, or of the backup itself where that is not known."""
        return self.snapshot_timestamp or self.timestamp

    @property
    def short_commit(self) -> str:
        """The first six digits, as the documents show a commit."""
        return self.commit_hash[:6]

    @property
    def rows(self) -> int | None:
        """Rows of all tables, where they were counted."""
        return None if self.tables is None else sum(table.rows for table in self.tables.values())

    @property
    def files(self) -> bool | None:
        """Whether stored files are in its archive; None where its tables are not known, or it has none."""
        return None if self.tables is None else holds_files(self.tables)

    @property
    def good(self) -> bool:
        """Whether it passed L2 and has not failed since."""
        return self.problem is None and self.facts.good

    def is_of(self, label: str) -> bool:
        """Whether it may be restored to the deployment of that label: it is of that one, or names none."""
        return self.deployment is None or self.deployment.get("label") == label


def is_id(text: str) -> bool:
    """Whether it is a well-formed backup id."""
    return _ID.fullmatch(text) is not None


def as_meant(text: str) -> str:
    """An id as a person may type or copy it, in capitals or in the backticks in which cards show it, as it is written."""
    return text.strip().strip(_AROUND).lower()


def check_id(text: str) -> str:
    """Return a well-formed backup id.

    Raises:
        UnknownBackup: it is none; so nothing else ever becomes part of a path.
    """
    if is_id(text):
        return text
    shown = "".join(c for c in text[:40] if c.isprintable())
    raise UnknownBackup(f"“{shown}” is no backup id.", "An id looks like `full-1701450000000`; `/backup list` shows those there are.")


def type_of(backup_id: str) -> Type:
    """Quick or full."""
    return "quick" if backup_id.startswith("quick-") else "full"


def instant(milliseconds: int) -> datetime:
    """The instant of an id's number."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


def milliseconds(backup_id: str) -> int:
    """The number in an id."""
    return int(backup_id.partition("-")[2])


def moment_of(backup_id: str, snapshot: str | None) -> datetime:
    """``Backup.moment`` from what a plan keeps of it."""
    return datetime.fromisoformat(snapshot) if snapshot else instant(milliseconds(backup_id))


def digits(backup_id: str) -> str:
    """The number in an id as it stands there: always thirteen digits, so it sorts as a text."""
    return backup_id[-13:]


def file_name(backup_id: str) -> str:
    """The manifest's file name: `full-170…` lies in `full-backup-170….json`."""
    return f"{type_of(backup_id)}-backup-{digits(backup_id)}.json"


def archive_name(backup_id: str) -> str:
    """The archive's file name."""
    return f"convex-{digits(backup_id)}.zip"


def id_of(name: str) -> str | None:
    """The id that a manifest's file name carries, or None for another file."""
    match = _FILE.fullmatch(name)
    return f"{match[1]}-{match[2]}" if match else None


def timestamp_text(at: datetime) -> str:
    """UTC with milliseconds and `Z`, as JavaScript writes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def dump(values: Mapping[str, Any]) -> bytes:
    """The manifest's bytes, with the digest of everything else in it."""
    sealed = {**values, _seal(values): own_digest(values)}
    return json.dumps(sealed, ensure_ascii=False, indent=2).encode() + b"\n"


def own_digest(values: Mapping[str, Any]) -> str:
    """SHA-256 of the manifest without its own digest, in canonical form."""
    rest = {key: value for key, value in values.items() if key != _seal(values)}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def seal(values: Mapping[str, Any]) -> str | None:
    """The digest that the manifest carries of itself, if it carries one."""
    found = values.get(_seal(values))
    return found if isinstance(found, str) else None


def _seal(values: Mapping[str, Any]) -> str:
    """Where the manifest's own digest stands: a full one's `sha256` is its archive's."""
    return "sha256" if values.get("type") == "quick" else "manifestSha256"


def read(path: Path) -> Backup:
    """Read a manifest; what cannot be read is a backup with a problem, never an exception."""
    backup_id = id_of(path.name)
    if backup_id is None:
        raise ValueError(path.name)
    try:
        return parse(backup_id, load(path))
    except (OSError, ValueError, TypeError, KeyError, ArithmeticError) as error:
        return unreadable(backup_id, f"{path.name} {_why(error)}")


def load(path: Path) -> dict[str, Any]:
    """The manifest's values as they stand in the file.

    Raises:
        OSError, ValueError, TypeError: with a clause that says what is wrong.
    """
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise TypeError("is no file")
    if found.st_size > _LARGEST:
        raise ValueError("is far too large for a manifest")
    values = orjson.loads(path.read_bytes())
    if not isinstance(values, dict):
        raise TypeError("is not a JSON object")
    return values


def unreadable(backup_id: str, problem: str) -> Backup:
    """What can be said of a manifest that cannot be read."""
    return Backup(id=backup_id, type=type_of(backup_id), timestamp=instant(milliseconds(backup_id)), problem=problem)


def _why(error: Exception) -> str:
    """One clause about what is wrong with a manifest."""
    if isinstance(error, OSError):
        return f"cannot be read: {error.strerror}"
    if isinstance(error, json.JSONDecodeError):
        return "is not JSON"
    if isinstance(error, KeyError):
        return f"lacks the key {error}"
    return one_line(str(error), _CLAUSE)


def parse(backup_id: str, values: Mapping[str, Any]) -> Backup:
    """Make a backup of a manifest's values.

    Raises:
        ValueError, TypeError, KeyError: with a clause that says what is wrong.
    """
    for key in ("id", "type", "timestamp", "commitHash", "commitMessage", "branch"):
        if not isinstance(values[key], str):
            raise TypeError(f"has no text as {key}")
    if values["id"] != backup_id or values["type"] != type_of(backup_id):
        raise ValueError(f"says that it is {str(values['id'])[:40]}")
    return Backup(
        id=backup_id,
        type=type_of(backup_id),
        timestamp=_time(values["timestamp"]),
        commit_hash=values["commitHash"],
        commit_message=values["commitMessage"],
        branch=values["branch"],
        notes=_text(values, "notes") or "",
        **_ours(values),
    )


def _ours(values: Mapping[str, Any]) -> dict[str, Any]:
    """The further keys, each unknown where it is missing."""
    snapshot = _text(values, "snapshotTimestamp")
    return {
        "purpose": _PURPOSES.get(_text(values, "purpose") or ""),
        "label": _text(values, "label"),
        "created_by": _text(values, "createdBy"),
        "deployment": _deployment(values.get("deployment")),
        "size": _count(values.get("exportSizeBytes")),
        "sha256": _text(values, "sha256"),
        "tables": _tables(values.get("tables")),
        "snapshot_timestamp": _time(snapshot) if snapshot else None,
        "schema_hash": _text(values, "convexSchemaHash"),
        "operation_id": _text(values, "operationId"),
    }


def _text(values: Mapping[str, Any], key: str) -> str | None:
    """A text, or None."""
    found = values.get(key)
    return found if isinstance(found, str) else None


def _count(found: object) -> int | None:
    """A number of bytes or rows, or None."""
    return found if isinstance(found, int) and not isinstance(found, bool) and found >= 0 else None


def _deployment(found: object) -> dict[str, str] | None:
    """The label and the instance of a deployment, where they are texts."""
    texts = {key: value for key, value in found.items() if isinstance(value, str)} if isinstance(found, dict) else {}
    return texts or None


def _time(text: str) -> datetime:
    """An aware time; one without a zone is UTC."""
    at = datetime.fromisoformat(text)
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _tables(found: object) -> dict[str, Table] | None:
    """Rows, bytes and fingerprint by table, where the manifest has them."""
    if not isinstance(found, dict):
        return None
    return {name: Table(rows=int(t["rows"]), bytes=int(t["bytes"]), fingerprint=str(t["fingerprint"])) for name, t in found.items()}
