"""What is known of an archive: its tables, what was expected of it, what was found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

NO_TABLE = "it holds no table, so nothing in it could be checked"  # what is wrong with the export of a deployment that has none
STORAGE = "_storage"  # Convex's own table of stored files; a component has one of its own


def lists_files(table: str) -> bool:
    """Whether a table's rows are stored files. Pure."""
    return table.rsplit("/", 1)[-1] == STORAGE


def holds_files(tables: Iterable[str]) -> bool:
    """Whether an archive with these tables was taken with stored files: an import of it replaces all that are there. Pure."""
    return any(map(lists_files, tables))


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """A table as exported."""

    rows: int
    bytes: int  # of the rows, line ends included
    fingerprint: str  # 64 hex digits: the sum modulo 2^256 of the SHA-256 of each row; "" where rows were only counted


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What a manifest says of its archive; None where it says nothing."""

    sha256: str | None = None
    size: int | None = None
    tables: Mapping[str, Table] | None = None

    def dump(self) -> dict[str, Any]:
        """As JSON."""
        tables = None if self.tables is None else {name: asdict(table) for name, table in self.tables.items()}
        return {"sha256": self.sha256, "size": self.size, "tables": tables}

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Expected:
        """From JSON."""
        tables = values["tables"]
        return cls(
            sha256=values["sha256"], size=values["size"], tables=None if tables is None else {n: Table(**t) for n, t in tables.items()}
        )


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What a look at an archive found."""

    level: int | None  # the highest level it passed
    sha256: str
    size: int
    tables: Mapping[str, Table] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    items: int = 0  # the file, its members and their rows, as far as they were looked at

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Checked:
        """From JSON."""
        tables = {name: Table(**table) for name, table in values["tables"].items()}
        return cls(**{**values, "tables": tables, "problems": tuple(values["problems"])})
