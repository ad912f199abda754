"""Archives as Convex streams them, and damages of them."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from base64 import b64encode
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from ops.archive import Table

STORED = b"\x00\xff\x00\xff"
README = b"# Welcome to your Convex snapshot export!\n"
UNIFORM = b'"uniform"\n'

Row = Mapping[str, Any]
Members = dict[str, bytes]


class _Stream(io.RawIOBase):
    """A file without seek(): zipfile then writes sizes behind the data, as a server that streams must."""

    def __init__(self) -> None:
        self.written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.written += data
        return len(data)


def line(row: Row) -> bytes:
    return json.dumps(row, separators=(",", ":")).encode() + b"\n"


def rows(table: str, count: int) -> list[Row]:
    return [{"_creationTime": 1.7e12 + n, "_id": f"{table}{n:08d}", "text": f"the {n}th of {table}"} for n in range(count)]


def members(tables: Mapping[str, Iterable[Row]], *, component: str = "") -> Members:
    """The files of an export: the list of tables, then each table."""
    prefix = "".join(f"_components/{part}/" for part in component.split("/") if part)
    listed = b"".join(line({"id": 10001 + n, "name": name}) for n, name in enumerate(name for name in tables if not name.startswith("_")))
    found = {f"{prefix}_tables/documents.jsonl": listed}
    for name, content in tables.items():
        found[f"{prefix}{name}/documents.jsonl"] = b"".join(map(line, content))
        found[f"{prefix}{name}/generated_schema.jsonl"] = UNIFORM
    return found


def export() -> Members:
    """A small export with all that there may be: an empty table, components, one inside another, files."""
    return {
        "README.md": README,
        **members({"empty": [], "users": rows("u", 3), "orders": rows("o", 40)}),
        **members({"users": rows("c", 5)}, component="waitlist"),
        **members({"tokens": rows("t", 2)}, component="waitlist/auth"),
        "_storage/documents.jsonl": line(
            {"_id": "kg2", "_creationTime": 1.0, "sha256": b64encode(sha256(STORED).digest()).decode(), "size": 4, "contentType": None}
        ),
        "_storage/kg2.bin": STORED,
    }


def packed(content: Mapping[str, bytes], *, streamed: bool = True, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP of these files."""
    seekable = io.BytesIO()
    stream = _Stream()
    with zipfile.ZipFile(stream if streamed else seekable, "w", method) as archive:
        for name, data in content.items():
            entry = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            entry.compress_type, entry.external_attr = method, 0o100644 << 16
            with archive.open(entry, "w") as member:
                member.write(data)
    return bytes(stream.written) if streamed else seekable.getvalue()


def written(path: Path, content: Mapping[str, bytes] | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else packed(content))
    return path


def table(content: bytes) -> Table:
    """What the documents say a table is, computed in the plainest way."""
    lines = content.splitlines()
    total = sum(int.from_bytes(sha256(row).digest(), "big") for row in lines)
    return Table(rows=len(lines), bytes=len(content), fingerprint=f"{total % 2**256:064x}")


def with_entry(content: bytes, name: str, **fields: int) -> bytes:
    """The ZIP with numbers of one member's directory entry changed."""
    offsets = {"flags": ("<H", 8), "method": ("<H", 10), "crc": ("<L", 16), "compressed": ("<L", 20), "size": ("<L", 24)}
    offsets |= {"attributes": ("<L", 38), "header": ("<L", 42)}
    changed = bytearray(content)
    place = _entry(content, name.encode())
    for field, value in fields.items():
        kind, offset = offsets[field]
        struct.pack_into(kind, changed, place + offset, value)
    return bytes(changed)


def _entry(content: bytes, name: bytes) -> int:
    """Where a member's entry in the directory begins."""
    place: int = struct.unpack_from("<L", content, len(content) - 6)[0]
    while content[place + 46 : place + 46 + struct.unpack_from("<H", content, place + 28)[0]] != name:
        place += 46 + sum(struct.unpack_from("<3H", content, place + 28))
    return place


def with_method_in_header(content: bytes, name: str, method: int) -> bytes:
    """The ZIP with the method in a member's local header changed."""
    (place,) = struct.unpack_from("<L", content, _entry(content, name.encode()) + 42)
    return content[: place + 8] + struct.pack("<H", method) + content[place + 10 :]


def renamed(content: bytes, old: str, new: str) -> bytes:
    """The ZIP with a member renamed in both places, to a name of the same length."""
    assert len(old) == len(new)
    return content.replace(old.encode(), new.encode())


def zip64(content: Mapping[str, bytes]) -> bytes:
    """The same ZIP with a 64-bit end record, and one entry whose sizes and place stand in the 64-bit field."""
    plain = packed(content)
    end = plain.rindex(b"PK\x05\x06")
    count, size, start = struct.unpack_from("<HLL", plain, end + 10)
    entry, rest = plain[start:end], b""
    name, extra = struct.unpack_from("<HH", entry, 28)
    first, rest = entry[: 46 + name + extra], entry[46 + name + extra :]
    compressed, whole = struct.unpack_from("<LL", first, 20)
    (header,) = struct.unpack_from("<L", first, 42)
    field = struct.pack("<HHQQQ", 1, 24, whole, compressed, header)
    wide = bytearray(first + field)
    struct.pack_into("<LL", wide, 20, 0xFFFFFFFF, 0xFFFFFFFF)
    struct.pack_into("<H", wide, 30, len(field))
    struct.pack_into("<L", wide, 42, 0xFFFFFFFF)
    directory = bytes(wide) + rest
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, len(directory), start)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, start + len(directory), 1)
    return plain[:start] + directory + record + locator + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, size, 0xFFFFFFFF, 0)
