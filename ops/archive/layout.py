"""What an archive's directory says, before anything in it is read: names, sizes, which member is which table."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROWS = "documents.jsonl"
TABLES = "_tables"
_RATIO = 1100  # deflate cannot do better than 1:1032
_MOST = 100_000  # members: 10,000 tables have 20,003


class Unreadable(Exception):  # house style: named by what is so
    """The file is no archive that can be read; the text is a clause about it."""


@dataclass(frozen=True, kw_only=True)
class Member:
    """One file in the archive."""

    name: str
    start: int  # of its compressed bytes
    compressed: int
    size: int
    crc: int
    stored: bool  # not compressed

    @property
    def table(self) -> str | None:
        """The table whose rows it holds: "orders", "component/orders", "_storage"; None for any other file."""
        parts = self.name.split("/")
        if parts[-1] != ROWS or len(parts) < 2:
            return None
        component = [part for part in parts[:-2] if part != "_components"]
        return "/".join([*component, parts[-2]])

    @property
    def lists_tables(self) -> bool:
        """Whether it is the list of a component's tables."""
        return self.name.split("/")[-2:] == [TABLES, ROWS]

    @property
    def component(self) -> str:
        """The component it belongs to: "" for the app itself."""
        return "/".join(part for part in self.name.split("/")[:-2] if part != "_components")


def read(path: Path) -> list[Member]:
    """The members of an archive, in the order of the file.

    Raises:
        Unreadable: no ZIP, cut, with junk around it, or with names that no export has.
    """
    try:
        with zipfile.ZipFile(path) as archive, path.open("rb") as file:
            infos = archive.infolist()
            _require_whole(path, archive)
            _require_sane(infos)
            return [_member(info, file) for info in sorted(infos, key=lambda info: info.header_offset)]
    except (zipfile.BadZipFile, OSError, struct.error, ValueError) as error:
        raise Unreadable(f"it is no ZIP that can be read ({error})") from None


def _require_whole(path: Path, archive: zipfile.ZipFile) -> None:
    """Nothing before the first member and nothing after the directory."""
    first = min((info.header_offset for info in archive.infolist()), default=0)
    if first:
        raise Unreadable(f"{first} bytes stand before its first member")
    with path.open("rb") as file:
        file.seek(-22, 2)
        tail = file.read(22)
    if not archive.comment and tail[:4] != b"PK\x05\x06":
        raise Unreadable("something was appended to it")


def _require_sane(infos: Iterable[zipfile.ZipInfo]) -> None:
    """Names as an export has them, each once; sizes that deflate can make."""
    seen: set[str] = set()
    for count, info in enumerate(infos, start=1):
        if count > _MOST:
            raise Unreadable(f"it has more than {_MOST} members")
        if info.filename in seen:
            raise Unreadable(f"it holds {info.filename[:80]!r} twice")
        seen.add(info.filename)
        _require_plain(info)


def _require_plain(info: zipfile.ZipInfo) -> None:
    """One member that is neither a trap nor beyond us."""
    name = info.filename[:80]
    parts = info.filename.split("/")
    if info.filename.startswith("/") or ".." in parts or "\\" in info.filename or "\x00" in info.filename:
        raise Unreadable(f"it holds a member named {name!r}, which no export has")
    if info.flag_bits & 1:
        raise Unreadable(f"its member {name!r} is encrypted")
    if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise Unreadable(f"its member {name!r} is compressed in a way that no export uses")
    if info.file_size > info.compress_size * _RATIO + 1024:
        raise Unreadable(f"its member {name!r} claims to hold {info.file_size} bytes in {info.compress_size}")


def _member(info: zipfile.ZipInfo, file: IO[bytes]) -> Member:
    """Where a member's bytes begin: behind its local header, whose name must be the directory's."""
    file.seek(info.header_offset)
    header = file.read(30)
    if header[:4] != b"PK\x03\x04":
        raise Unreadable(f"the header of {info.filename[:80]!r} is damaged")
    name, extra = struct.unpack("<HH", header[26:30])
    if file.read(name) != info.orig_filename.encode("utf-8" if info.flag_bits & 0x800 else "cp437"):
        raise Unreadable(f"the name of {info.filename[:80]!r} is damaged")
    return Member(
        name=info.filename,
        start=info.header_offset + 30 + name + extra,
        compressed=info.compress_size,
        size=info.file_size,
        crc=info.CRC,
        stored=info.compress_type == zipfile.ZIP_STORED,
    )
