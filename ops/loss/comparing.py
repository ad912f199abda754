"""Compare two archives row by row. Where both are in the order of ``_id`` they are walked along, which holds next to nothing.

Else each row is 32 bytes, of its id and of its content, in sorted runs on the disk, then merged: memory is that of one run,
however many rows a table has and in whatever order they come. Each archive is read by a process of its own where there are two
cores; a table whose rows have the same sum of hashes in both is not merged at all.
"""

from __future__ import annotations

import heapq
import json
import multiprocessing
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

import orjson

from ops.archive.ahead import contents
from ops.archive.counting import lines
from ops.archive.layout import Member, Unreadable, read
from ops.archive.words import holds_files, lists_files
from ops.loss import TableLoss
from ops.loss.marks import CHANGED, CREATED, WIDTH, Marks, digest, file_name, place
from ops.loss.walking import Unordered, walk

_RUN = 200_000  # rows that are sorted at once: 20 MB
_BLOCK = 2048 * 2 * WIDTH  # bytes read at once of a run
_MODULUS = 1 << 128
_SIDES = {"old": "the backup", "new": "the export of now"}  # by the folder in which their rows are sorted


@dataclass(frozen=True, kw_only=True)
class Spilled:
    """A table's rows on the disk."""

    rows: int
    total: int  # of the rows' hashes
    runs: int


def compare(  # noqa: PLR0913 # the facts of one comparison
    old: Path, new: Path, folder: Path, cores: int, marks: Path | None = None, *, shared: bool = False
) -> dict[str, Any]:
    """What became of every table of either, the most affected first; the ids of what was created and changed go to ``marks``.

    Those that only the new archive has are no more than named where ``shared``: an import that replaces table by table leaves them alone.
    Stored files are compared where the old archive has them: else they stay, and who knows that archive says so.

    Raises:
        Unreadable: with which archive, and what is wrong with it.
    """
    found = _found(old, new, folder, cores, marks)
    if not found:
        raise Unreadable("neither archive holds a table")
    there = {str(member.table) for member in read(old) if member.table}
    found = [replace(each, absent=each.name not in there) for each in found]
    going = [each for each in found if not (each.absent and (shared or _stay(each.name, there)))]
    staying = {each.name for each in found} - {each.name for each in going}
    if marks is not None:
        for name in staying:
            place(marks, CREATED, name).unlink(missing_ok=True)
    going = sorted(going, key=lambda each: (-(each.created + each.changed + each.deleted), each.name))
    return {"tables": [asdict(each) for each in going], "staying": sorted(name for name in staying if not _stay(name, there))}


def _stay(name: str, there: Collection[str]) -> bool:
    """Whether a table lists stored files, where the archive with these tables was taken without: its import leaves them alone. Pure."""
    return lists_files(name) and not holds_files(there)


def _found(old: Path, new: Path, folder: Path, cores: int, marks: Path | None) -> list[TableLoss]:
    """Every table: walked along where both are in order, else from sorted runs on the disk."""
    with suppress(Unordered):
        return walk(old, new, marks, ahead=cores > 1)
    jobs = [(_SIDES["old"], old, folder / "old"), (_SIDES["new"], new, folder / "new")]
    before, after = _both(jobs) if cores > 1 else [spill(*job) for job in jobs]
    return [_table(name, before.get(name), after.get(name), folder, marks) for name in sorted({*before, *after})]


def _both(jobs: Sequence[tuple[str, Path, Path]]) -> list[dict[str, Spilled]]:
    """Read both archives at once; a process that dies takes the other one with it."""
    context = multiprocessing.get_context("fork")
    children = [context.Process(target=_spill_to, args=job, daemon=True) for job in jobs]
    for child in children:
        child.start()
    for child in children:
        child.join()
    return [_spilled(folder, child.exitcode) for (_, _, folder), child in zip(jobs, children, strict=True)]


def _spill_to(name: str, path: Path, folder: Path) -> None:
    """The other process: what it found goes to a file."""
    folder.mkdir()
    try:
        answer: dict[str, Any] = {"tables": {table: asdict(found) for table, found in spill(name, path, folder).items()}}
    except Unreadable as error:
        answer = {"problem": str(error)}
    (folder / "answer.json").write_text(json.dumps(answer))


def _spilled(folder: Path, code: int | None) -> dict[str, Spilled]:
    """What the other process found."""
    path = folder / "answer.json"
    if code or not path.exists():
        raise Unreadable(f"the process that reads it ended with {code}")
    answer = json.loads(path.read_bytes())
    if "problem" in answer:
        raise Unreadable(answer["problem"])
    return {table: Spilled(**found) for table, found in answer["tables"].items()}


def spill(name: str, path: Path, folder: Path) -> dict[str, Spilled]:
    """Sort every table's rows onto the disk.

    Raises:
        Unreadable: with which archive it is.
    """
    folder.mkdir(exist_ok=True)
    try:
        members = read(path)
        with contents(path, members, busy=True) as opened:
            return dict(_tables(members, opened, folder))
    except OSError as error:
        raise Unreadable(f"{name} cannot be read ({error.strerror})") from None
    except Unreadable as error:
        raise Unreadable(f"{name} is damaged: {error}") from None


def _tables(members: Iterable[Member], opened: Any, folder: Path) -> Iterator[tuple[str, Spilled]]:
    """Each table of an archive; the members come in the order of the file, and none is left out."""
    for member in members:
        blocks = opened.blocks(member)
        if member.table is None or member.lists_tables:
            for _ in blocks:
                pass
        else:
            yield member.table, _runs(member, blocks, folder)


def _runs(member: Member, blocks: Iterator[bytes], folder: Path) -> Spilled:
    """One table's rows in sorted runs."""
    run: list[bytes] = []
    rows = total = number = 0
    for several in lines(blocks, member):
        pairs = [_pair(row, member) for row in several]
        total = (total + sum(int.from_bytes(pair[WIDTH:], "big") for pair in pairs)) % _MODULUS
        rows += len(pairs)
        run += pairs
        if len(run) >= _RUN:
            _write(run, run_path(folder, str(member.table), number))
            run, number = [], number + 1
    if run:
        _write(run, run_path(folder, str(member.table), number))
        number += 1
    return Spilled(rows=rows, total=total, runs=number)


def _pair(row: bytes, member: Member) -> bytes:
    """The hashes of a row's id and of the row."""
    try:
        found = orjson.loads(row)["_id"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise Unreadable(f"a row of {member.table} cannot be read") from None
    return digest(found) + blake2b(row, digest_size=WIDTH).digest()


def _write(run: list[bytes], path: Path) -> None:
    """A sorted run."""
    run.sort()
    path.write_bytes(b"".join(run))


def run_path(folder: Path, table: str, number: int) -> Path:
    """Where a run lies."""
    return folder / f"{file_name(table)}.{number}"


def _table(name: str, old: Spilled | None, new: Spilled | None, folder: Path, marks: Path | None) -> TableLoss:
    """What became of one table."""
    if old == new or (old and new and (old.rows, old.total) == (new.rows, new.total)):
        return TableLoss(name=name, same=new.rows if new else 0)
    if new is None:
        return TableLoss(name=name, deleted=old.rows if old else 0)
    if old is None and marks is None:
        return TableLoss(name=name, created=new.rows)
    before = _sorted(folder / "old", name, old) if old else iter(())
    with Marks(marks, name) as marked:
        return _merged(name, before, _sorted(folder / "new", name, new), marked)


def _sorted(folder: Path, name: str, spilled: Spilled) -> Iterator[bytes]:
    """A table's pairs in the order of their ids, each id once.

    Raises:
        Unreadable: an id stands twice.
    """
    previous = b""
    for pair in heapq.merge(*(_pairs(run_path(folder, name, number)) for number in range(spilled.runs))):
        if pair[:WIDTH] == previous:
            raise Unreadable(f"an _id stands twice in {name} of {_SIDES[folder.name]}")
        previous = pair[:WIDTH]
        yield pair


def _pairs(path: Path) -> Iterator[bytes]:
    """The pairs of a run."""
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            for at in range(0, len(block), 2 * WIDTH):
                yield block[at : at + 2 * WIDTH]


def _merged(name: str, old: Iterator[bytes], new: Iterator[bytes], marks: Marks) -> TableLoss:
    """Both sides, walked along their ids."""
    created = changed = deleted = same = 0
    before, after = next(old, None), next(new, None)
    while before is not None or after is not None:
        if before is None or (after is not None and after[:WIDTH] < before[:WIDTH]):
            if after is not None:
                marks.note(CREATED, after[:WIDTH])
            created, after = created + 1, next(new, None)
        elif after is None or before[:WIDTH] < after[:WIDTH]:
            deleted, before = deleted + 1, next(old, None)
        else:
            if before == after:
                same += 1
            else:
                changed += 1
                marks.note(CHANGED, after[:WIDTH])
            before, after = next(old, None), next(new, None)
    return TableLoss(name=name, created=created, changed=changed, deleted=deleted, same=same)
