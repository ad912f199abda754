"""Walk along two archives whose tables are in the order of ``_id``, as Convex exports them: rows whose bytes are equal are not parsed.

The order is checked on the way, row by row; where it is another one, nothing that was counted is used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from operator import lt
from pathlib import Path

import orjson

from ops.archive.ahead import Contents, contents
from ops.archive.counting import lines
from ops.archive.layout import Member, Unreadable, read
from ops.loss import TableLoss
from ops.loss.marks import CHANGED, CREATED, Marks, digest

_ID = re.compile(rb'\{"_creationTime":[0-9.eE+-]+,"_id":"([^"\\]+)"')  # how nearly every row begins


class Unordered(Exception):
    """The rows, or the tables, come in another order."""


def walk(old: Path, new: Path, marks: Path | None, *, ahead: bool) -> list[TableLoss]:
    """What became of every table of either.

    Args:
        old: the backup's archive.
        new: the export of now.
        marks: where the ids of created and changed rows are written down, if anywhere.
        ahead: whether each archive is inflated in a process of its own.

    Raises:
        Unordered: they cannot be walked along.
        Unreadable: with which archive, and what is wrong with it.
    """
    with _side("the backup", old, ahead) as before, _side("the export of now", new, ahead) as after:
        names = [name for name in before.names if name in after.tables]
        if names != [name for name in after.names if name in before.tables]:
            raise Unordered
        found = [loss for name in names for loss in _up_to(name, before, after, marks)]
        found += [TableLoss(name=name, deleted=rows) for name, rows in before.rest()]
        found += [_created(after, name, marks) for name in after.open_rest()]
    return found


def _up_to(name: str, before: _Side, after: _Side, marks: Path | None) -> Iterator[TableLoss]:
    """What lies before a table that both have, and that table."""
    yield from (TableLoss(name=passed, deleted=rows) for passed, rows in before.pass_to(name))
    yield from (_created(after, passed, marks) for passed in after.open_to(name))
    with Marks(marks, name) as noted:
        yield merge(name, before.rows(name), after.rows(name), noted)


def _created(after: _Side, name: str, marks: Path | None) -> TableLoss:
    """A table that the backup has not."""
    with Marks(marks, name) as noted:
        return merge(name, iter(()), after.rows(name), noted)


class _Side:
    """One archive, read from its beginning to its end."""

    def __init__(self, what: str, path: Path, ahead: bool) -> None:
        self._what, self._path, self._ahead = what, path, ahead

    def __enter__(self) -> _Side:
        with _told(self._what):
            self._members = read(self._path)
            self._opening = contents(self._path, self._members, busy=self._ahead)
            self._opened: Contents = self._opening.__enter__()
        self.tables = {member.table: member for member in self._members if member.table and not member.lists_tables}
        self.names = list(self.tables)
        self._left = iter(self._members)
        return self

    def __exit__(self, *error: object) -> None:
        self._opening.__exit__(*error)  # type: ignore[arg-type] # as they were given

    def rows(self, name: str) -> Iterator[list[bytes]]:
        """The rows of the table that comes next."""
        member = self.tables[name]
        with _told(self._what):
            yield from lines(self._opened.blocks(member), member)

    def open_to(self, name: str) -> Iterator[str]:
        """The tables before this one, each to be read before the next."""
        return self._tables(name)

    def open_rest(self) -> Iterator[str]:
        """The tables that are left, each to be read before the next."""
        return self._tables(None)

    def pass_to(self, name: str) -> Iterator[tuple[str, int]]:
        """The tables before this one with their rows."""
        return ((passed, sum(map(len, self.rows(passed)))) for passed in self._tables(name))

    def rest(self) -> Iterator[tuple[str, int]]:
        """The tables that are left with their rows."""
        return ((passed, sum(map(len, self.rows(passed)))) for passed in self._tables(None))

    def _tables(self, until: str | None) -> Iterator[str]:
        """Go on, past what is no table."""
        for member in self._left:
            if member.table is None or member.lists_tables:
                self._skip(member)
            elif member.table == until:
                return
            else:
                yield member.table

    def _skip(self, member: Member) -> None:
        """The members come in the order of the file, and none is left out."""
        with _told(self._what):
            for _ in self._opened.blocks(member):
                pass


def _side(what: str, path: Path, ahead: bool) -> _Side:
    """One archive."""
    return _Side(what, path, ahead)


class _told:  # noqa: N801 # reads as a word of the with statement
    """Says which archive it is that cannot be read."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        return

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, OSError):
            raise Unreadable(f"{self._what} cannot be read ({error.strerror})") from None
        if isinstance(error, Unreadable) and not str(error).startswith(self._what):
            raise Unreadable(f"{self._what} is damaged: {error}") from None


class _Rows:
    """One side's rows: what is at hand, and where in it we are."""

    def __init__(self, name: str, several: Iterator[list[bytes]]) -> None:
        self._name, self._several = name, several
        self.rows: Sequence[bytes] = ()
        self.at = 0
        self._last = b""

    def more(self) -> bool:
        """Whether there is a row; reads on where what was at hand is over."""
        while self.at >= len(self.rows):
            rows = next(self._several, None)
            if rows is None:
                return False
            self.rows, self.at = rows, 0
            self._require_order(rows)
        return True

    def _require_order(self, rows: list[bytes]) -> None:
        """Every id after the one before."""
        ids = [self._last, *(identity(row, self._name) for row in rows)]
        if not all(map(lt, ids, ids[1:])):
            raise Unordered
        self._last = ids[-1]


def merge(name: str, old: Iterator[list[bytes]], new: Iterator[list[bytes]], marks: Marks) -> TableLoss:
    """Both sides of one table, walked along their ids; as many equal rows as there are go by at once."""
    before, after = _Rows(name, old), _Rows(name, new)
    created = changed = deleted = same = 0
    there, here = before.more(), after.more()
    while there and here:
        alike = _alike(before, after)
        same += alike
        before.at, after.at = before.at + alike, after.at + alike
        there, here = before.more(), after.more()
        if not (there and here) or before.rows[before.at] == after.rows[after.at]:
            continue
        was, now = identity(before.rows[before.at], name), identity(after.rows[after.at], name)
        if was == now:
            changed += 1
            marks.note(CHANGED, digest(now.decode()))
        elif was > now:
            created += 1
            marks.note(CREATED, digest(now.decode()))
        deleted += was < now
        before.at, after.at = before.at + (was <= now), after.at + (was >= now)
        there, here = before.more(), after.more()
    while before.more():
        deleted, before.at = deleted + len(before.rows) - before.at, len(before.rows)
    while after.more():
        for row in after.rows[after.at :]:
            marks.note(CREATED, digest(identity(row, name).decode()))
        created, after.at = created + len(after.rows) - after.at, len(after.rows)
    return TableLoss(name=name, created=created, changed=changed, deleted=deleted, same=same)


def _alike(before: _Rows, after: _Rows) -> int:
    """How many rows from here on are equal, of those at hand."""
    most = min(len(before.rows) - before.at, len(after.rows) - after.at)
    low, step = 0, most
    while low < most:  # halve until the first difference: comparing slices costs next to nothing
        if before.rows[before.at + low : before.at + low + step] == after.rows[after.at + low : after.at + low + step]:
            low += step
            step = min(step, most - low)
        elif step == 1:
            break
        else:
            step //= 2
    return low


def identity(row: bytes, table: str) -> bytes:
    """A row's id.

    Raises:
        Unreadable: it has none.
    """
    if found := _ID.match(row):
        return found[1]
    try:
        return str(orjson.loads(row)["_id"]).encode()
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise Unreadable(f"a row of {table} cannot be read") from None
