"""Look at an archive, level by level, in one pass. Runs in a process of its own: see ``ops.archive.check``."""

from __future__ import annotations

import hashlib
from collections import Counter as Tally
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from ops.archive.ahead import Contents, contents
from ops.archive.counting import Counter, count, lines
from ops.archive.ids import Ids
from ops.archive.layout import Member, Unreadable, is_table_name, read
from ops.archive.recorded import differing
from ops.archive.stored import Stored
from ops.archive.words import NO_TABLE, Checked, Expected, Table

L0, L1, L2, L3 = range(4)
_MOST = 20  # problems that are told
_LISTED = 100_000  # tables in a list; Convex allows 10,000
_STEP = 25 * 1000**2  # bytes between two words of progress

Progress = Callable[[int, int], None]


def _unheard(_done: int, _whole: int) -> None:
    """Nobody listens."""


@dataclass(kw_only=True)
class _Look:
    """What was seen so far."""

    path: Path
    expected: Expected | None
    wanted: int
    progress: Progress
    tables: dict[str, Table] = field(default_factory=dict)
    listed: Tally[str] = field(default_factory=Tally)
    problems: dict[int, list[str]] = field(default_factory=lambda: {level: [] for level in (L0, L1, L2, L3)})
    items: int = 0
    done: int = 0  # bytes
    stored: Stored = field(default_factory=Stored)
    sha256: str = ""
    size: int = 0

    @property
    def recorded(self) -> Expected:
        """What was recorded, as far as anything was."""
        return self.expected or Expected()

    @property
    def fingerprints(self) -> bool:
        """Whether each row is hashed: for the record, or to compare with one; not where a record has none."""
        return self.expected is None or self.expected.tables is not None

    def told(self) -> list[str]:
        """The problems, the lowest level's first."""
        return [problem for level in sorted(self.problems) for problem in self.problems[level]]

    def result(self) -> Checked:
        """What was found; the level is the last before the first problem."""
        failed = min((level for level, problems in self.problems.items() if problems), default=self.wanted + 1)
        return Checked(
            level=min(failed - 1, self.wanted) if failed else None,
            sha256=self.sha256,
            size=self.size,
            tables=self.tables,
            problems=tuple(self.told()[:_MOST]),
            items=self.items,
        )


def look(path: Path, expected: Expected | None, wanted: int, progress: Progress = _unheard) -> Checked:
    """Look as far as the wanted level; the file is read once."""
    seen = _Look(path=path, expected=expected, wanted=wanted, progress=progress)
    try:
        _there(seen)
        if seen.size and wanted >= L1:
            _through(seen)
    except OSError as error:
        seen.problems[L0].append(f"its archive cannot be read ({error.strerror or error})")
    return seen.result()


def _there(seen: _Look) -> None:
    """L0: the file is there and has the recorded length."""
    if not seen.path.is_file():
        seen.problems[L0].append("its archive is not there")
        return
    seen.size, seen.items = seen.path.stat().st_size, 1
    if not seen.size:
        seen.problems[L0].append("its archive is empty")
    elif seen.recorded.size not in (None, seen.size):
        seen.problems[L0].append(f"its archive has {seen.size} bytes, and {seen.recorded.size} were recorded")


def _through(seen: _Look) -> None:
    """L1 and what lies above it."""
    if seen.wanted < L2 or seen.problems[L0]:
        seen.sha256 = _sha256(seen.path)
    else:
        _whole(seen)
    if seen.recorded.sha256 not in (None, seen.sha256):
        seen.problems[L1].append("its archive was changed after it was taken (sha256 differs)")


def _sha256(path: Path) -> str:
    """The hash of a file that is not read for anything else."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _whole(seen: _Look) -> None:
    """L2: every member's CRC, every listed table there, every row counted as recorded. L3 on the way: every row parses."""
    members: list[Member] = []
    try:
        members = read(seen.path)
    except Unreadable as error:
        seen.problems[L2].append(str(error))
    busy = seen.fingerprints or seen.wanted >= L3
    with contents(seen.path, members, busy=busy) as found:
        if not seen.problems[L2] and _read_all(seen, found, members):
            seen.problems[L2] += [*_listing(seen, members), *seen.stored.problems(), *differing(seen.recorded.tables, seen.tables)]
            seen.sha256 = found.sha256()
    if not seen.sha256:
        seen.sha256 = _sha256(seen.path)


def _read_all(seen: _Look, found: Contents, members: Iterable[Member]) -> bool:
    """Read the members up to the first that is damaged; say whether none is."""
    try:
        for member in members:
            _read(seen, member, _heard(seen, found.blocks(member)))
            seen.items += 1
    except Unreadable as error:
        seen.problems[L2].append(str(error))
        return False
    return True


def _heard(seen: _Look, blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The blocks, with a word of progress now and then."""
    for block in blocks:
        before, seen.done = seen.done, seen.done + len(block)
        if seen.done // _STEP > before // _STEP:
            seen.progress(seen.done, seen.items)
        yield block


def _read(seen: _Look, member: Member, blocks: Iterator[bytes]) -> None:
    """Read one member to its end; its CRC is checked on the way."""
    if Stored.is_file(member):
        seen.stored.file(member, blocks)
    elif member.table is None:
        for _ in blocks:
            pass
    elif member.lists_tables:
        _read_list(seen, member, blocks)
    else:
        seen.tables[member.table] = _table(seen, member, blocks)
        seen.items += seen.tables[member.table].rows


def _table(seen: _Look, member: Member, blocks: Iterator[bytes]) -> Table:
    """Count a table, fingerprint it where that is wanted, and parse its rows where that is."""
    files = Stored.lists(member)
    if seen.wanted < L3 and not seen.fingerprints and not files:
        return count(blocks, member)
    counter, rows = Counter(), lines(blocks, member)
    rows = seen.stored.rows(member, rows) if files else rows
    for several in _parsed(seen, member, rows) if seen.wanted >= L3 else rows:
        counter.add(several)
    return counter.table(member.entry.size)


def _parsed(seen: _Look, member: Member, rows: Iterator[list[bytes]]) -> Iterator[list[bytes]]:
    """L3: every row is a document, and no `_id` stands twice; the rows are handed on."""
    with Ids() as ids:
        number, whole = 0, True
        for several in rows:
            if whole and (bad := _first_bad(several, ids)):
                seen.problems[L3].append(f"row {number + bad} of {member.table} cannot be read")
                whole = False
            number += len(several)
            yield several
        if whole and ids.twice():
            seen.problems[L3].append(f"an _id stands twice in {member.table}")


def _first_bad(rows: list[bytes], ids: Ids) -> int | None:
    """Which of these rows is the first that is no document; the ids of those before it are noted."""
    for place, row in enumerate(rows, start=1):
        try:
            found = orjson.loads(row)["_id"]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return place
        if not isinstance(found, str):
            return place
        ids.add(found)
    return None


def _read_list(seen: _Look, member: Member, blocks: Iterator[bytes]) -> None:
    """Note which tables a component lists."""
    prefix = f"{member.component}/" if member.component else ""
    for rows in lines(blocks, member):
        seen.listed.update(prefix + _name(row) for row in rows)
        if len(seen.listed) > _LISTED:
            raise Unreadable(f"it lists more than {_LISTED:,} tables")


def _name(row: bytes) -> str:
    """The name in a line of the list of tables."""
    try:
        name = orjson.loads(row)["name"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise Unreadable("its list of tables cannot be read") from None
    if not isinstance(name, str) or not is_table_name(name):
        raise Unreadable(f"its list of tables names {str(name)[:80]!r}, which is no table")
    return name


def _listing(seen: _Look, members: Iterable[Member]) -> Iterator[str]:
    """Where the list of tables and the tables differ; zero tables checked is a failure."""
    there = {member.table for member in members if member.table and not member.lists_tables}
    if not any(member.lists_tables and not member.component for member in members):
        yield "it holds no list of tables: it is no Convex export"
    if not there and not seen.listed:
        yield NO_TABLE
    yield from (f"the table {name} is listed and not there" for name in sorted(seen.listed.keys() - there))
    yield from (f"the table {name} is listed {times} times" for name, times in sorted(seen.listed.items()) if times > 1)
    unlisted = (name for name in there - seen.listed.keys() if not name.split("/")[-1].startswith("_"))
    yield from (f"the table {name} is there and not listed" for name in sorted(unlisted))
