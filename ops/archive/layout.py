"""Which member of an archive is what, decided by its directory alone, before anything in it is read."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ops.archive.directory import Entry, Unreadable, entries

__all__ = ["Member", "Unreadable", "is_table_name", "read"]

ROWS = "documents.jsonl"
TABLES = "_tables"
SHAPE = "generated_schema.jsonl"  # beside a table's rows
LOCAL_HEADER = 30  # bytes, before a member's name
_STORED, _DEFLATED = 0, 8
_ENCRYPTED = 1 | 1 << 6 | 1 << 13
_RATIO = 1100  # deflate cannot do better than 1:1032
_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_IN_FOLDERS = re.compile(rf"((?:_components/{_NAME}/)*)({_NAME})/{re.escape(ROWS)}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """One file in the archive."""

    entry: Entry
    component: str = ""  # "" for the app itself, "a/b" for b inside a
    table: str | None = None  # its full name: "orders", "component/orders", "_storage"; None for a file without rows
    lists_tables: bool = False  # it is the list of a component's tables

    @property
    def name(self) -> str:
        """Its path in the archive."""
        return self.entry.name

    @property
    def stored(self) -> bool:
        """Whether it is not compressed."""
        return self.entry.method == _STORED


def is_table_name(text: str) -> bool:
    """Whether Convex takes this as a table's name."""
    return re.fullmatch(_NAME, text) is not None


def read(path: Path) -> list[Member]:
    """The members of an archive, in the order of the file.

    Raises:
        Unreadable: no ZIP, cut, with junk around it, or with members that no export has.
    """
    with path.open("rb") as file:
        found = list(entries(file))
    _require_once(found)
    ordered = sorted(found, key=lambda entry: entry.header)
    _require_apart(ordered)
    return [_member(entry) for entry in ordered]


def _require_once(found: Iterable[Entry]) -> None:
    """Each name once."""
    seen: set[str] = set()
    for entry in found:
        if entry.name in seen:
            raise Unreadable(f"it holds {entry.name[:80]!r} twice")
        seen.add(entry.name)


def _require_apart(ordered: Sequence[Entry]) -> None:
    """From the first byte on, no member inside another: overlapping ones make a small file hold anything."""
    end = 0
    for entry in ordered:
        if entry.header < end:
            raise Unreadable(f"its member {entry.name[:80]!r} lies inside another")
        if not end and entry.header:
            raise Unreadable(f"{entry.header} bytes stand before its first member")
        end = entry.header + LOCAL_HEADER + len(entry.raw_name) + entry.compressed


def _member(entry: Entry) -> Member:
    """What a member is, when it is neither a trap nor beyond us."""
    _require_plain(entry)
    _require_possible(entry)
    if not entry.name.endswith(f"/{ROWS}"):
        return Member(entry=entry)
    found = _IN_FOLDERS.fullmatch(entry.name)
    if not found:
        raise _strange(entry)
    component = "/".join(part for part in found[1].split("/") if part and part != "_components")
    return Member(entry=entry, component=component, table="/".join(filter(None, [component, found[2]])), lists_tables=found[2] == TABLES)


def _require_plain(entry: Entry) -> None:
    """A name that stays in its folder, and a file that is one."""
    parts = entry.name.removesuffix("/").split("/")
    if {"", ".", ".."} & set(parts) or "\\" in entry.name or not entry.name.isprintable():
        raise _strange(entry)
    if stat.S_ISLNK(entry.attributes) or (entry.name.endswith("/") and entry.size):
        raise Unreadable(f"its member {entry.name[:80]!r} is no file")


def _require_possible(entry: Entry) -> None:
    """Compressed as exports are, to a size that deflate can make."""
    name = f"its member {entry.name[:80]!r}"
    if entry.flags & _ENCRYPTED:
        raise Unreadable(f"{name} is encrypted")
    if entry.method not in {_STORED, _DEFLATED}:
        raise Unreadable(f"{name} is compressed in a way that no export uses")
    if entry.size > entry.compressed * _RATIO + 1024 or (entry.method == _STORED and entry.size != entry.compressed):
        raise Unreadable(f"{name} claims to hold {entry.size} bytes in {entry.compressed}")


def _strange(entry: Entry) -> Unreadable:
    """A name that no export has."""
    return Unreadable(f"it holds a member named {entry.name[:80]!r}, which no export has")
