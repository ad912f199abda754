"""How an archive's tables differ from those of a record: of its own manifest, or of the backup before. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from ops.archive.words import Table, holds_files, lists_files
from ops.words import counted, number

FALL = 0.2  # a table that lost more than this share of its rows is told
FEW = 10  # rows; a smaller loss is no news


def differing(recorded: Mapping[str, Table] | None, found: Mapping[str, Table]) -> list[str]:
    """Say which tables do not hold the rows that were recorded."""
    if recorded is None:
        return []
    names = sorted(recorded.keys() | found.keys())
    return [_difference(name, recorded.get(name), found.get(name)) for name in names if recorded.get(name) != found.get(name)]


def _difference(name: str, recorded: Table | None, found: Table | None) -> str:
    """How a table differs."""
    if recorded is None or found is None:
        return f"the table {name} was {'not ' if recorded is None else ''}recorded and is {'not ' if found is None else ''}there"
    if recorded.rows != found.rows:
        were = "was" if recorded.rows == 1 else "were"
        return f"the table {name} has {counted(found.rows, 'row')}, and {number(recorded.rows)} {were} recorded"
    return f"the table {name} has other rows than were recorded"


def compare(old: Mapping[str, Table], new: Mapping[str, Table]) -> tuple[str, ...]:
    """Say which tables fell against the backup before; stored files that were not asked for this time are no news."""
    files = holds_files(new)
    names = [name for name in sorted(old) if files or not lists_files(name)]
    return tuple(_fall(name, old[name].rows, new[name].rows if name in new else None) for name in names if _fell(old[name], new.get(name)))


def _fell(before: Table, now: Table | None) -> bool:
    """Whether a table lost so much that a person should look."""
    if now is None:
        return before.rows > 0
    lost = before.rows - now.rows
    return lost > 0 and (now.rows == 0 or (lost > FEW and lost > before.rows * FALL))


def _fall(name: str, before: int, now: int | None) -> str:
    """The fall in words."""
    if now is None:
        return f"{name} is gone; it had {counted(before, 'row')}"
    return f"{name} fell from {number(before)} to {counted(now, 'row')}"
