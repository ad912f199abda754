"""Backups laid into a folder without taking them, and a process that dies while it moves one."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import event

from ops import manifest
from ops.catalogue import Catalogue, write_facts
from ops.database import open_database
from ops.facts import Facts
from ops.trash import Trash

FIRST = 1_760_000_000_000
GOOD = Facts(level=2)
ARCHIVE = b"PK\x05\x06" + bytes(18)
_TOUCHES = {"os.rename", "os.mkdir", "os.rmdir", "os.remove", "os.chmod"}


def name(kind: str, number: int) -> str:
    """The id of a backup taken so many minutes after the first."""
    return f"{kind}-{FIRST + number * 60_000}"


def values(backup_id: str, **more: Any) -> dict[str, Any]:
    """What a manifest says."""
    return {
        "id": backup_id,
        "type": manifest.type_of(backup_id),
        "timestamp": manifest.timestamp_text(manifest.instant(manifest.milliseconds(backup_id))),
        "commitHash": "ab12" * 10,
        "commitMessage": "Open the shop",
        "branch": "master",
        "notes": "",
        "purpose": "routine",
        **more,
    }


def lay(folder: Path, backup_id: str, facts: Facts | None = GOOD, **more: Any) -> str:
    """Lay a backup into the folder; return its id."""
    shelf = folder / manifest.type_of(backup_id)
    shelf.mkdir(parents=True, exist_ok=True)
    (shelf / manifest.file_name(backup_id)).write_bytes(manifest.dump(values(backup_id, **more)))
    if backup_id.startswith("full"):
        (shelf / manifest.archive_name(backup_id)).write_bytes(ARCHIVE)
    if facts:
        write_facts((shelf / manifest.file_name(backup_id)).with_suffix(".facts.json"), facts)
    return backup_id


def opened(folder: Path) -> Catalogue:
    """The catalogue of a folder, its database brought up to date."""
    catalogue = Catalogue(folder, open_database(f"sqlite:///{folder}/.state/bot.sqlite"))
    catalogue.rebuild()
    return catalogue


def files_of(folder: Path, backup_id: str) -> dict[str, set[str]]:
    """The names of a backup's files on the shelf, and in the trash."""
    number = backup_id[-13:]
    places = {"shelf": folder / manifest.type_of(backup_id), "trash": folder / ".state/trash" / backup_id}
    return {
        place: {path.name for path in where.glob("*") if number in path.name and not path.name.endswith(".part")}
        for place, where in places.items()
    }


def deed(folder: Path, what: str, backup_id: str) -> None:
    """Throw a backup, or bring it back."""
    catalogue = opened(folder)
    trash = Trash(catalogue, 24)
    if what == "throw":
        trash.throw(catalogue.get(backup_id), "U0ALICE", "too old")
    else:
        trash.bring_back(backup_id, "U0ALICE")
    catalogue.engine.dispose()


def _die_at(moment: int) -> Callable[..., None]:
    """Count what touches the disk, and die before the one of that number."""
    left = moment

    def count(what: str, _arguments: Any = None) -> None:
        nonlocal left
        if what in _TOUCHES:
            left -= 1
            if left < 0:
                os._exit(9)

    return count


def _crash(folder: Path, what: str, backup_id: str, moment: int) -> None:
    """Do the deed in this process, which dies at that moment or ends well."""
    catalogue = opened(folder)
    count = _die_at(moment)
    event.listen(catalogue.engine, "commit", lambda _connection: count("os.rename"))
    sys.addaudithook(count)
    trash = Trash(catalogue, 24)
    if what == "throw":
        trash.throw(catalogue.get(backup_id), "U0ALICE", "too old")
    else:
        trash.bring_back(backup_id, "U0ALICE")
    os._exit(0)


def main(template: str, into: str, what: str, backup_id: str) -> None:
    """Crash at each moment in a copy of the template, until a deed ends well; each copy is left as it was then."""
    for moment in range(100):
        folder = Path(into, f"{moment:02d}")
        shutil.copytree(template, folder, symlinks=True)
        child = os.fork()
        if not child:
            _crash(folder, what, backup_id, moment)
        _, status = os.waitpid(child, 0)
        if not status:
            return
        assert os.waitstatus_to_exitcode(status) == 9, status
    raise AssertionError("it never ended")


if __name__ == "__main__":
    main(*sys.argv[1:])
