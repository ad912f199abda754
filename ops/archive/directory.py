"""The central directory of a ZIP, read strictly and in bounded memory.

`zipfile` forgives what an archive that Convex wrote never has: junk before it, a wrong count, a directory of any size.
Here each of these is damage. Every number is checked before it is used.

Source: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3.12 to 4.3.16 and 4.5.3.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

_END = struct.Struct("<4s4H2LH")
_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_FULL16, _FULL32 = 0xFFFF, 0xFFFFFFFF  # "the real number stands in a 64-bit field"
_ZIP64 = 1  # the extra field that holds those
_MOST = 300_000  # members: 10,000 tables have 20,003, and each stored file is one


class Unreadable(Exception):  # house style: named by what is so
    """The file is no archive that can be read; the text is a clause about it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """What the directory says of one member."""

    name: str
    raw_name: bytes
    flags: int
    method: int
    crc: int
    compressed: int
    size: int
    header: int  # where its local header begins
    attributes: int


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Where the directory lies."""

    start: int
    size: int
    count: int


def entries(file: IO[bytes]) -> Iterator[Entry]:
    """The members of a ZIP, in the directory's order.

    Raises:
        Unreadable: it is none, it is cut, something was appended or put before it, or its directory is damaged.
    """
    place = _place(file)
    file.seek(place.start)
    end = place.start + place.size
    for _ in range(place.count):
        yield _entry(file, end)
    if file.tell() != end:
        raise Unreadable("its directory is damaged")


def skip_local_header(header: bytes, entry: Entry) -> int:
    """Given the 30 bytes of a member's local header, return how many more stand before its name's end and its data.

    Raises:
        Unreadable: it is not the header of this member.
    """
    if len(header) < _LOCAL.size:
        raise Unreadable(f"{entry.name} is cut")
    mark, _, flags, method, _, _, _, _, _, name, extra = _LOCAL.unpack(header)
    if mark != b"PK\x03\x04" or (flags, method, name) != (entry.flags, entry.method, len(entry.raw_name)):
        raise Unreadable(f"the header of {entry.name} is damaged")
    return int(name + extra)


def _place(file: IO[bytes]) -> _Place:
    """Where the directory lies; it must end where the file's end record begins, and that must end the file."""
    at = file.seek(0, 2) - _END.size
    if at < 0 or _read(file, at, 4) != b"PK\x05\x06":
        raise Unreadable("it is no ZIP, it is cut, or something was appended to it")
    _, disk, first_disk, here, count, size, start, comment = _END.unpack(_read(file, at, _END.size))
    if (disk, first_disk, comment) != (0, 0, 0) or here != count:
        raise Unreadable("its end is damaged")
    if at >= _LOCATOR.size and _read(file, at - _LOCATOR.size, 4) == b"PK\x06\x07":
        at, size, start, count = _place64(file, at - _LOCATOR.size)
    elif count == _FULL16 or _FULL32 in {size, start}:
        raise Unreadable("its end is damaged")
    return _checked(_Place(start=start, size=size, count=count), at)


def _place64(file: IO[bytes], locator: int) -> tuple[int, int, int, int]:
    """Where a large archive's directory lies: its end record, then the directory's size, start and count."""
    _, _, at, _ = _LOCATOR.unpack(_read(file, locator, _LOCATOR.size))
    if at + _END64.size != locator:
        raise Unreadable("its end is damaged")
    mark, _, _, _, disk, first_disk, here, count, size, start = _END64.unpack(_read(file, at, _END64.size))
    if mark != b"PK\x06\x06" or (disk, first_disk) != (0, 0) or here != count:
        raise Unreadable("its end is damaged")
    return at, size, start, count


def _checked(place: _Place, end: int) -> _Place:
    """The place, when it is possible."""
    if place.count > _MOST:
        raise Unreadable(f"it has more than {_MOST:,} members")
    if place.start + place.size != end:
        raise Unreadable("its directory is not where it should be: something was put into it or is missing")
    return place


def _entry(file: IO[bytes], end: int) -> Entry:
    """Read one entry of the directory."""
    if end - file.tell() < _ENTRY.size:
        raise Unreadable("its directory is cut")
    (mark, _, _, flags, method, _, _, crc, compressed, size, name, extra, comment, _, _, attributes, header) = _ENTRY.unpack(
        file.read(_ENTRY.size)
    )
    if mark != b"PK\x01\x02" or end - file.tell() < name + extra + comment:
        raise Unreadable("its directory is damaged")
    raw_name, further = file.read(name), file.read(extra)
    file.seek(comment, 1)
    size, compressed, header = _large(further, [size, compressed, header])
    return Entry(
        name=_decoded(raw_name, flags),
        raw_name=raw_name,
        flags=flags,
        method=method,
        crc=crc,
        compressed=compressed,
        size=size,
        header=header,
        attributes=attributes >> 16,
    )


def _decoded(raw_name: bytes, flags: int) -> str:
    """A name as text."""
    try:
        return raw_name.decode("utf-8" if flags & 0x800 else "cp437")
    except UnicodeDecodeError:
        raise Unreadable("a name in its directory is damaged") from None


def _large(extra: bytes, values: list[int]) -> list[int]:
    """The numbers, those that did not fit into 32 bits taken from the 64-bit field."""
    wanting = [place for place, value in enumerate(values) if value == _FULL32]
    field = _field(extra) if wanting else b""
    if len(field) < 8 * len(wanting):
        raise Unreadable("its directory is damaged")
    for place, value in zip(wanting, struct.unpack_from(f"<{len(wanting)}Q", field), strict=True):
        values[place] = value
    return values


def _field(extra: bytes) -> bytes:
    """The 64-bit field among the extra ones; nothing where there is none."""
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<2H", extra)
        if kind == _ZIP64:
            return extra[4 : 4 + length]
        extra = extra[4 + length :]
    return b""


def _read(file: IO[bytes], at: int, count: int) -> bytes:
    """So many bytes from a place."""
    file.seek(at)
    found = file.read(count)
    if len(found) != count:
        raise Unreadable("it is cut")
    return found
