"""What was uploaded for an import, read as tables: a ZIP of an export, or one table as JSON lines, a JSON array or CSV.

Rows are read each time they are asked for, so that a large archive is never held in memory.
"""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from sandbox.convex import files, ids
from sandbox.convex.refusals import Refusal
from sandbox.convex.values import Document, floats, from_line

Place = tuple[str, str]
"""A component ("" is the app) and a table in it."""
Rows = Callable[[], Iterator[Document]]

STORAGE: Place = ("", files.STORAGE)

_TABLE = re.compile(r"(?P<prefix>.*/)?(?P<name>[^/]+)/documents\.jsonl")
_FILE = re.compile(r"(?:.*/)?_storage/(?P<id>[^/.]+)(?:\.[^/]*)?")
_UNIFORM = b'"uniform"'
_FORMATS = ("zip", "jsonLines", "jsonArray", "csv")


@dataclass(frozen=True, kw_only=True)
class Incoming:
    """The tables of an import."""

    rows: Mapping[Place, Rows]
    """In the order in which they come; a table that is only named has none."""
    numbers: Mapping[Place, int] = field(default_factory=dict)
    """What ``_tables`` says."""
    stored: Mapping[str, Callable[[], bytes]] = field(default_factory=dict)
    """Files by id."""
    described: Mapping[str, Document] = field(default_factory=dict)
    """What is told of the files, by id."""
    with_files: bool = False

    def number(self, place: Place) -> int | None:
        """The table's number: as ``_tables`` says, or as the first document's id does."""
        if place in self.numbers:
            return self.numbers[place]
        return ids.table_number(next(self.rows[place](), {}).get("_id"))

    def files(self) -> Iterator[tuple[Document, bytes]]:
        """Every file with its document."""
        for identifier, read in self.stored.items():
            content = read()
            yield self.described.get(identifier) or files.describe(content, None, identifier), content


def check_format(form: str, table: str | None) -> None:
    """Refuse what cannot be read."""
    if form not in _FORMATS:
        raise Refusal("InvalidFormat", f"There is no import of {form}")
    if (form == "zip") != (table is None):
        raise Refusal("InvalidName", "A ZIP names its tables itself; anything else needs a table's name")


@contextmanager
def reading(path: Path, form: str, place: Place) -> Iterator[Incoming]:
    """The tables in a file. ``place`` is the component of a ZIP, or the table of anything else."""
    if form == "zip":
        with _opened(path) as archive:
            yield _of_archive(archive, place[0])
    else:
        yield Incoming(rows={place: partial(_single, path, form)})


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise Refusal("InvalidZip", "invalid zip file") from error
    with archive:
        yield archive


def _of_archive(archive: zipfile.ZipFile, base: str) -> Incoming:
    members = set(archive.namelist())
    found = {_place(match, base): match[0] for match in map(_TABLE.fullmatch, archive.namelist()) if match}
    lists = {place: member for place, member in found.items() if place[1] == "_tables"}
    numbers = {(component, name): number for (component, _), member in lists.items() for name, number in _numbers(archive, member)}
    tables = {place: member for place, member in found.items() if not place[1].startswith("_")}
    rows: dict[Place, Rows] = {place: partial(_no_rows) for place in numbers}
    rows |= {place: partial(_rows, archive, member, uniform=_is_uniform(archive, member, members)) for place, member in tables.items()}
    described = found.get((base, STORAGE[1]))
    return Incoming(
        rows=rows,
        numbers=numbers,
        stored={match["id"]: partial(archive.read, match[0]) for match in _files(archive)},
        described={row["_id"]: row for row in _rows(archive, described, uniform=True)} if described else {},
        with_files=described is not None,
    )


def _place(match: re.Match[str], base: str) -> Place:
    parts = re.findall(r"_components/([^/]+)/", match["prefix"] or "")
    return "/".join(([base] if base else []) + parts), match["name"]


def _numbers(archive: zipfile.ZipFile, member: str) -> Iterator[tuple[str, int]]:
    for row in _rows(archive, member, uniform=True):
        yield row["name"], int(row["id"])


def _files(archive: zipfile.ZipFile) -> list[re.Match[str]]:
    matches = (_FILE.fullmatch(name) for name in archive.namelist() if not name.endswith("/documents.jsonl"))
    return [match for match in matches if match and ids.table_number(match["id"]) is not None]


def _is_uniform(archive: zipfile.ZipFile, member: str, members: set[str]) -> bool:
    """Whether whole numbers in it are Int64; without the mark every number is Float64."""
    mark = member.replace("/documents.jsonl", "/generated_schema.jsonl")
    return mark in members and archive.read(mark).strip() == _UNIFORM


def _rows(archive: zipfile.ZipFile, member: str, *, uniform: bool) -> Iterator[Document]:
    with archive.open(member) as lines:
        yield from _parsed(lines, uniform=uniform)


def _no_rows() -> Iterator[Document]:
    return iter(())


def _single(path: Path, form: str) -> Iterator[Document]:
    if form == "csv":
        with path.open(newline="") as text:
            yield from ({name: _cell(cell) for name, cell in row.items()} for row in csv.DictReader(text))
    elif form == "jsonArray":
        yield from _array(path.read_bytes())
    else:
        with path.open("rb") as lines:
            yield from _parsed(lines, uniform=False)


def _parsed(lines: Any, *, uniform: bool) -> Iterator[Document]:
    for number, line in enumerate(lines, 1):
        if line.strip():
            row = _object(_json(line, number), number)
            yield row if uniform else floats(row)


def _array(content: bytes) -> Iterator[Document]:
    found = _json(content, 1)
    if not isinstance(found, list):
        raise Refusal("NotJsonArray", "Not a JSON array")
    for number, row in enumerate(found, 1):
        yield floats(_object(row, number))


def _json(line: bytes, number: int) -> Any:
    try:
        return from_line(line)
    except ValueError as error:
        raise Refusal("JsonInvalidRow", f"Row {number} wasn't valid JSON: {error}") from error


def _object(row: Any, number: int) -> Document:
    if not isinstance(row, dict):
        raise Refusal("NotAnObject", f"Row {number} wasn't an object")
    return row


def _cell(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text
