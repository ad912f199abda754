"""The fourteen ways in which an archive goes bad, done to a copy: a verifier that misses one must not be trusted (X9).

Half of them are damages of the file, the other half are files that are sound and hold the wrong thing; no single check sees all.
"""

from __future__ import annotations

import random
import shutil
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from io import BufferedReader, RawIOBase
from itertools import islice
from pathlib import Path
from typing import cast

from ops.archive.layout import ROWS, read

Damage = Callable[[Path, Path, random.Random], None]
"""Writes a damaged copy of the first path to the second, which is free."""

Edit = Callable[[Iterable[bytes]], Iterable[bytes]]
"""Gives the rows that a member has instead of its own; it holds a few of them at a time, as a table can be larger than the memory."""

_EOCD = 22  # bytes of a ZIP's end record
_HOLE = 4096  # bytes
_SHARE = 0.6  # of a file that a download had when it broke off
_BLOCK = 1 << 20
_LARGE = 1 << 30  # bytes of a member, from which its sizes may need 64 bits


def choose(seed: int, *, rows: bool = True, again: str | None = None) -> str:
    """The damage of a seed, or this one ``again``; without ``rows`` one that can be done to an archive in which no table has any. Pure."""
    possible = sorted(name for name in DAMAGES if rows or name not in _OF_ROWS)
    return again if again in possible else random.Random(seed).choice(possible)  # to be repeated, no secret


def do(name: str, source: Path, target: Path, seed: int) -> None:
    """Write a copy that is damaged in this way."""
    DAMAGES[name](source, target, random.Random(seed))  # as above


def _empty(_source: Path, target: Path, _chance: random.Random) -> None:
    """Nothing in it."""
    target.write_bytes(b"")


def _truncated(source: Path, target: Path, _chance: random.Random) -> None:
    """The download broke off."""
    _cut(source, target, int(source.stat().st_size * _SHARE))


def _without_end(source: Path, target: Path, _chance: random.Random) -> None:
    """The end record is lost."""
    _cut(source, target, source.stat().st_size - _EOCD)


def _cut(source: Path, target: Path, size: int) -> None:
    """The beginning of a file."""
    shutil.copyfile(source, target)
    with target.open("r+b") as file:
        file.truncate(size)


def _flipped(source: Path, target: Path, chance: random.Random) -> None:
    """A byte of some rows is another."""
    begin, end = _data(source, chance)
    _changed(source, target, chance.randrange(begin, end), lambda byte: byte ^ 0xFF)


def _flipped_name(source: Path, target: Path, _chance: random.Random) -> None:
    """A byte of a name in a local header is another."""
    _changed(source, target, 30, lambda byte: byte ^ 0x20)


def _hole(source: Path, target: Path, chance: random.Random) -> None:
    """A page of the file was never written."""
    shutil.copyfile(source, target)
    begin, end = _data(source, chance)
    with target.open("r+b") as file:
        file.seek(begin)
        was = file.read(min(_HOLE, end - begin))
        file.seek(begin)
        file.write(bytes(len(was)) if any(was) else b"\xff" * len(was))


def _changed(source: Path, target: Path, place: int, how: Callable[[int], int]) -> None:
    """One byte is another."""
    shutil.copyfile(source, target)
    with target.open("r+b") as file:
        file.seek(place)
        was = file.read(1)[0]
        file.seek(place)
        file.write(bytes([how(was)]))


def _data(source: Path, chance: random.Random) -> tuple[int, int]:
    """Where the compressed rows of some table lie."""
    members = [member for member in read(source) if member.table and member.entry.compressed > 2]  # an empty member
    entry = chance.choice(members).entry
    begin = entry.header + 30 + len(entry.raw_name)
    return begin, begin + entry.compressed


def _page(_source: Path, target: Path, _chance: random.Random) -> None:
    """An error page that was saved under the archive's name."""
    target.write_bytes(b"<!doctype html>\n<title>502 Bad Gateway</title>\n<h1>502 Bad Gateway</h1>\n" * 20)


def _junk(source: Path, target: Path, chance: random.Random) -> None:
    """Something was appended."""
    shutil.copyfile(source, target)
    with target.open("ab") as file:
        file.write(chance.randbytes(512))


# -- sound files that hold the wrong thing -----------------------------------------------------------------------------------


def _absent(source: Path, target: Path, chance: random.Random) -> None:
    """A table is listed, and its rows are not there."""
    folder = _some_table(source, chance).removesuffix(ROWS)
    again(source, target, lambda _member: None, without=folder)


def _no_rows(source: Path, target: Path, chance: random.Random) -> None:
    """A table is there and empty."""
    _edit(source, target, chance, lambda _rows: ())


def _half(source: Path, target: Path, chance: random.Random) -> None:
    """A table lost half of its rows."""
    _edit(source, target, chance, lambda rows: islice(rows, 1, None, 2))


def _mid_line(source: Path, target: Path, chance: random.Random) -> None:
    """A table ends in the middle of a row, in a ZIP that is sound."""
    _edit(source, target, chance, lambda rows: _last(rows, lambda last, _: [last[: max(len(last) // 2, 1)]]))


def _twice(source: Path, target: Path, chance: random.Random) -> None:
    """A row is there twice, in place of another where there is one."""
    _edit(source, target, chance, lambda rows: _last(rows, lambda last, first: [first or last] if first else [last, last]))


def _another(source: Path, target: Path, chance: random.Random) -> None:
    """The archive of another deployment: the same tables with other rows."""
    _edit(source, target, chance, lambda rows: (row.replace(b'"_id":"', b'"_id":"0', 1) for row in rows), every=True)


def _last(rows: Iterable[bytes], how: Callable[[bytes, bytes | None], list[bytes]]) -> Iterator[bytes]:
    """All rows, the last one as it is returned; that is told which was the first, if it is another."""
    first = last = None
    for row in rows:
        if last is not None:
            yield last
        first, last = first or last, row
    if last is not None:
        yield from how(last, first)


def _edit(source: Path, target: Path, chance: random.Random, how: Edit, *, every: bool = False) -> None:
    """Pack it again, with other rows in one table, or in every one."""
    name = _some_table(source, chance)
    tables = {member.name for member in read(source) if member.table and not member.lists_tables} if every else {name}
    again(source, target, lambda member: how if member in tables else None)


def _some_table(source: Path, chance: random.Random) -> str:
    """A member with rows."""
    return chance.choice([member.name for member in read(source) if member.table and not member.lists_tables and member.entry.size])


def again(source: Path, target: Path, edits: Callable[[str], Edit | None], *, without: str | None = None) -> None:
    """Pack an archive again, row by row: each member as it is or with other rows; those of the folder ``without`` are left out."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "x", zipfile.ZIP_DEFLATED, compresslevel=1) as new:
        for info in old.infolist():
            if without and info.filename.startswith(without):
                continue
            edit = edits(info.filename)
            with old.open(info) as file, new.open(info.filename, "w", force_zip64=info.file_size > _LARGE) as into:
                if edit is None:
                    shutil.copyfileobj(file, into, _BLOCK)
                else:
                    into.writelines(edit(BufferedReader(cast("RawIOBase", file), _BLOCK)))


DAMAGES: Mapping[str, Damage] = {
    "emptied to 0 bytes": _empty,
    "truncated at 60 %": _truncated,
    "end record lost": _without_end,
    "a byte of the rows flipped": _flipped,
    "a byte of a name flipped": _flipped_name,
    "a hole of 4 KiB": _hole,
    "a table listed and absent": _absent,
    "a table present and empty": _no_rows,
    "a table with half its rows": _half,
    "a table cut in the middle of a row": _mid_line,
    "the archive of another deployment": _another,
    "an error page saved as an archive": _page,
    "junk appended": _junk,
    "a row twice": _twice,
}
"""By the name that a report shows. The fifteenth of the list is none at all: a sound copy must pass."""

_OF_ROWS = frozenset(name for name, damage in DAMAGES.items() if damage in {_absent, _no_rows, _half, _mid_line, _another, _twice})
