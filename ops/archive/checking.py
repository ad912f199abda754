"""Look at an archive, level by level. Runs in a process of its own: see ``ops.archive.check``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from ops.archive.counting import Counter, lines
from ops.archive.ids import Ids
from ops.archive.inflating import blocks
from ops.archive.layout import Member, Unreadable, read
from ops.archive.words import Checked, Expected, Table

L0, L1, L2, L3 = range(4)
_MOST = 20  # problems that are told


@dataclass(kw_only=True)
class _Look:
    """What was seen so far."""

    path: Path
    expected: Expected
    wanted: int
    tables: dict[str, Table] = field(default_factory=dict)
    listed: dict[str, set[str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    items: int = 0
    level: int | None = None
    sha256: str = ""
    size: int = 0

    def result(self) -> Checked:
        """What was found."""
        return Checked(
            level=self.level,
            sha256=self.sha256,
            size=self.size,
            tables=self.tables,
            problems=tuple(self.problems[:_MOST]),
            items=self.items,
        )


def look(path: Path, expected: Expected, wanted: int) -> Checked:
    """Look as far as the wanted level; stop at the first level that is not reached."""
    seen = _Look(path=path, expected=expected, wanted=wanted)
    for level, step in ((L0, _there), (L1, _as_recorded), (L2, _whole), (L3, _parsed)):
        if level > wanted:
            break
        step(seen)
        if seen.problems:
            break
        seen.level = level
    return seen.result()


def _there(seen: _Look) -> None:
    """L0: the file is there and has the recorded length."""
    if not seen.path.is_file():
        seen.problems.append("its archive is not there")
        return
    seen.size = seen.path.stat().st_size
    if not seen.size:
        seen.problems.append("its archive is empty")
    elif seen.expected.size not in (None, seen.size):
        seen.problems.append(f"its archive has {seen.size} bytes, and {seen.expected.size} were recorded")


def _as_recorded(seen: _Look) -> None:
    """L1: its SHA-256 is the recorded one."""
    with seen.path.open("rb") as file:
        seen.sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    if seen.expected.sha256 not in (None, seen.sha256):
        seen.problems.append("its archive was changed after it was taken (sha256 differs)")


def _whole(seen: _Look) -> None:
    """L2: every member's CRC, every listed table there, every row counted as recorded."""
    try:
        members = read(seen.path)
        for member in members:
            _read(seen, member)
    except Unreadable as error:
        seen.problems.append(str(error))
        return
    seen.problems += _missing(seen, members)
    seen.problems += _differing(seen.expected.tables, seen.tables)
    if not any(member.lists_tables for member in members):
        seen.problems.append("it holds no list of tables: it is no Convex export")


def _read(seen: _Look, member: Member) -> None:
    """Read one member to its end; its CRC is checked on the way."""
    seen.items += 1
    with seen.path.open("rb") as file:
        if member.table is None:
            for _ in blocks(file, member):
                pass
        elif member.lists_tables:
            seen.listed[member.component] = {_name(row) for rows in lines(blocks(file, member), member.name) for row in rows}
        else:
            seen.tables[member.table] = _count(seen, lines(blocks(file, member), member.name), member)


def _count(seen: _Look, rows: Iterable[list[bytes]], member: Member) -> Table:
    """Count and fingerprint a table."""
    counter = Counter()
    counter.bytes = member.size
    for several in rows:
        counter.add(several)
    seen.items += counter.rows
    return counter.table()


def _name(row: bytes) -> str:
    """The name in a line of the list of tables."""
    try:
        return str(json.loads(row)["name"])
    except (ValueError, KeyError, TypeError):
        raise Unreadable("its list of tables cannot be read") from None


def _missing(seen: _Look, members: Iterable[Member]) -> list[str]:
    """Tables that are listed and not there, or there and not listed."""
    there = {member.table for member in members if member.table and not member.lists_tables}
    listed = {f"{component}/{name}".lstrip("/") for component, names in seen.listed.items() for name in names}
    unlisted = {name for name in there - listed if not name.split("/")[-1].startswith("_")}
    return [f"the table {name} is listed and not there" for name in sorted(listed - there)] + [
        f"the table {name} is there and not listed" for name in sorted(unlisted)
    ]


def _differing(recorded: Mapping[str, Table] | None, found: Mapping[str, Table]) -> list[str]:
    """Tables whose rows are not those that were recorded."""
    if recorded is None:
        return []
    return [
        _difference(name, recorded.get(name), found.get(name))
        for name in sorted(recorded.keys() | found.keys())
        if recorded.get(name) != found.get(name)
    ]


def _difference(name: str, recorded: Table | None, found: Table | None) -> str:
    """How a table differs."""
    if recorded is None or found is None:
        return f"the table {name} was {'not ' if recorded is None else ''}recorded and is {'not ' if found is None else ''}there"
    if recorded.rows != found.rows:
        return f"the table {name} has {found.rows} rows, and {recorded.rows} were recorded"
    return f"the table {name} has other rows than were recorded"


def _parsed(seen: _Look) -> None:
    """L3: every row parses, and no `_id` stands twice in a table."""
    for member in read(seen.path):
        if member.table and not member.lists_tables:
            seen.problems += _unparsed(seen.path, member)


def _unparsed(path: Path, member: Member) -> list[str]:
    """What is wrong with the rows of a table."""
    ids, number = Ids(), 0
    with path.open("rb") as file:
        for rows in lines(blocks(file, member), member.name):
            for row in rows:
                number += 1
                try:
                    ids.add(orjson.loads(row)["_id"])
                except (orjson.JSONDecodeError, KeyError, TypeError):
                    return [f"row {number} of {member.table} cannot be read"]
    return [f"an _id stands twice in {member.table}"] if ids.twice() else []
