"""Keep the rows that going back takes away: those that were created since, as a ZIP that Convex takes, and those that changed.

The rows are copied as bytes from the export, never re-serialised; each table's shape, without which an int64 would come back
as a float, is copied with them. Memory is that of one slice of ids a table, however many rows there are.
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from ops.archive.ahead import Contents, contents
from ops.archive.counting import Counter, lines
from ops.archive.layout import ROWS, SHAPE, Member, read
from ops.loss.marks import CHANGED, CREATED, SORTS, WIDTH, digest, file_name, place

_SLICE = 500_000  # ids of a table that are looked for in one pass: 60 MB


@dataclass
class Part:
    """The marked rows of one table and sort."""

    member: Member
    sort: str
    marks: Path
    spool: Path
    size: int = 0
    counter: Counter = field(default_factory=Counter)

    @property
    def name(self) -> str:
        """Its name in the ZIP: what was created lies where Convex looks for it."""
        return self.member.name if self.sort == CREATED else f"{CHANGED}/{file_name(str(self.member.table))}/{ROWS}"

    def ids(self, turn: int) -> frozenset[bytes]:
        """The ids that are looked for in a pass; none once all were."""
        with self.marks.open("rb") as file:
            file.seek(turn * _SLICE * WIDTH)
            block = file.read(_SLICE * WIDTH)
        return frozenset(block[at : at + WIDTH] for at in range(0, len(block), WIDTH))

    def add(self, rows: list[bytes]) -> None:
        """Keep rows."""
        with self.spool.open("ab") as file:
            self.size += file.write(b"".join(row + b"\n" for row in rows))
        self.counter.add(rows)

    def dump(self) -> dict[str, Any]:
        """What is in it."""
        table = self.counter.table(self.size)
        return {"rows": table.rows, "bytes": table.bytes, "fingerprint": table.fingerprint}


def keep(new: Path, marks: Path, into: Path) -> list[dict[str, Any]]:
    """Write the marked rows of an export to a ZIP; what each table has in it.

    Args:
        new: the export.
        marks: the folder in which the comparison wrote down which rows were created and which changed.
        into: the ZIP; a name that is free.

    Raises:
        Unreadable: the export.
    """
    members = read(new)
    parts = [part for member in members for part in _parts(member, marks)]
    turn = 0
    while wanted := [(part, ids) for part in parts if (ids := part.ids(turn))]:
        _pass(new, members, wanted)
        turn += 1
    with zipfile.ZipFile(into, "x", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for part in parts:
            archive.write(part.spool, part.name)
        _frame(new, members, {str(part.member.table) for part in parts}, archive)
    tables: dict[str, dict[str, Any]] = {}
    for part in parts:
        tables.setdefault(str(part.member.table), {})[part.sort] = part.dump()
    return [{"name": name, **dict.fromkeys(SORTS), **found} for name, found in tables.items()]


def _parts(member: Member, marks: Path) -> list[Part]:
    """What is to be kept of a member."""
    if member.table is None or member.lists_tables:
        return []
    named = file_name(member.table)
    places = [(sort, place(marks, sort, member.table)) for sort in SORTS]
    return [
        Part(member=member, sort=sort, marks=path, spool=marks / f"rows-{sort}-{named}")
        for sort, path in places
        if path.exists() and path.stat().st_size
    ]


def _pass(new: Path, members: Sequence[Member], wanted: Sequence[tuple[Part, frozenset[bytes]]]) -> None:
    """Read the export once, and keep the rows that are looked for."""
    by_member: dict[str, list[tuple[Part, frozenset[bytes]]]] = {}
    for part, ids in wanted:
        by_member.setdefault(part.member.name, []).append((part, ids))
    with contents(new, members, busy=True) as opened:
        for member in members:
            if mine := by_member.get(member.name):
                _pick(opened, member, mine)
            else:
                _pass_over(opened.blocks(member))


def _pick(opened: Contents, member: Member, mine: Sequence[tuple[Part, frozenset[bytes]]]) -> None:
    """The rows of one table."""
    for rows in lines(opened.blocks(member), member):
        named = [(digest(orjson.loads(row)["_id"]), row) for row in rows]
        for part, ids in mine:
            if found := [row for name, row in named if name in ids]:
                part.add(found)


def _pass_over(blocks: Iterable[bytes]) -> None:
    """The members come in the order of the file, and none is left out."""
    for _ in blocks:
        pass


def _frame(new: Path, members: Sequence[Member], kept: set[str], archive: zipfile.ZipFile) -> None:
    """The lists of tables, and the shape of each that is kept."""
    shapes = {member.name.removesuffix(ROWS) + SHAPE for member in members if member.table in kept}
    with contents(new, members, busy=False) as opened:
        for member in members:
            if member.name in shapes:
                with archive.open(member.name, "w") as file:
                    shutil.copyfileobj(_Blocks(opened.blocks(member)), file)
            elif member.lists_tables:
                rows = [row for several in lines(opened.blocks(member), member) for row in several]
                archive.writestr(member.name, b"".join(row + b"\n" for row in rows if _full(member, row) in kept))
            else:
                _pass_over(opened.blocks(member))


class _Blocks:
    """Blocks, read like a file."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks = iter(blocks)

    def read(self, _size: int = -1) -> bytes:
        """The next block, whatever its size."""
        return next((block for block in self._blocks if block), b"")


def _full(member: Member, row: bytes) -> str:
    """The full name of a table in a list of tables."""
    return "/".join(filter(None, [member.component, str(orjson.loads(row).get("name"))]))
