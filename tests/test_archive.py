"""An archive is counted and fingerprinted in one look, by a process of its own."""

import threading
import zipfile
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops import archive
from ops.archive import Expected, Table, ahead, checking
from ops.archive.counting import Counter
from ops.errors import Failed
from ops.services.process import Stopped
from tests import archives

NAMES = {
    "empty": "empty/documents.jsonl",
    "users": "users/documents.jsonl",
    "orders": "orders/documents.jsonl",
    "waitlist/users": "_components/waitlist/users/documents.jsonl",
    "waitlist/auth/tokens": "_components/waitlist/_components/auth/tokens/documents.jsonl",
    "_storage": "_storage/documents.jsonl",
}


@pytest.fixture
def content() -> archives.Members:
    return archives.export()


@pytest.fixture
def path(tmp_path: Path, content: archives.Members) -> Path:
    return archives.written(tmp_path / "convex.zip", content)


def recorded(content: archives.Members) -> dict[str, Table]:
    return {table: archives.table(content[name]) for table, name in NAMES.items()}


def test_every_table_is_counted_and_fingerprinted_with_those_of_components(path: Path, content: archives.Members) -> None:
    checked = archive.check(path)

    assert (checked.level, checked.problems) == (2, ())
    assert checked.tables == recorded(content)
    assert checked.size == path.stat().st_size
    assert checked.items == 1 + len(content) + sum(table.rows for table in checked.tables.values())


@pytest.mark.parametrize("level", [0, 1, 2, 3])
def test_a_sound_archive_reaches_the_level_that_was_asked_for(path: Path, content: archives.Members, level: int) -> None:
    first = archive.check(path)
    expected = Expected(sha256=first.sha256, size=first.size, tables=recorded(content))

    checked = archive.check(path, expected=expected, level=level)

    assert (checked.level, checked.problems) == (level, ())
    assert checked.items > 0


@pytest.mark.parametrize("content_of", ["streamed", "seekable", "stored", "zip64"])
def test_every_way_to_write_a_zip_is_read(tmp_path: Path, content: archives.Members, content_of: str) -> None:
    made = {
        "streamed": lambda: archives.packed(content),
        "seekable": lambda: archives.packed(content, streamed=False),
        "stored": lambda: archives.packed(content, method=zipfile.ZIP_STORED, streamed=False),
        "zip64": lambda: archives.zip64(content),
    }[content_of]()

    checked = archive.check(archives.written(tmp_path / "a.zip", made), level=3)

    assert (checked.level, checked.problems) == (3, ())
    assert checked.tables == recorded(content)


def test_one_core_and_two_find_the_same(path: Path, content: archives.Members, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "_WORTH_IT", 0)
    found = []
    for cores in (1, 2):
        monkeypatch.setattr(ahead, "_cores", lambda cores=cores: cores)
        found.append(checking.look(path, None, 3))

    assert found[0] == found[1]
    assert found[0].tables == recorded(content)


def test_rows_are_only_counted_where_nothing_was_recorded_to_compare_them_with(path: Path) -> None:
    full = archive.check(path)

    counted = archive.check(path, expected=Expected(sha256=full.sha256, size=full.size))

    assert (counted.level, counted.problems, counted.items) == (2, (), full.items)
    assert {name: table.rows for name, table in counted.tables.items()} == {name: table.rows for name, table in full.tables.items()}


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"orders": Table(rows=41, bytes=1, fingerprint="")}, "the table orders has 40 rows, and 41 were recorded"),
        ({"orders": None}, "the table orders was not recorded and is there"),
        ({"gone": Table(rows=1, bytes=1, fingerprint="")}, "the table gone was recorded and is not there"),
    ],
)
def test_rows_other_than_those_recorded_are_said(path: Path, content: archives.Members, changed: dict[str, Any], says: str) -> None:
    tables = {name: table for name, table in {**recorded(content), **changed}.items() if table}

    checked = archive.check(path, expected=Expected(tables=tables))

    assert (checked.level, checked.problems) == (1, (says,))


def test_as_many_rows_with_another_in_them_are_not_those_recorded(tmp_path: Path, content: archives.Members) -> None:
    other = {**content, NAMES["users"]: content[NAMES["users"]].replace(b"the 1th", b"the 9th")}

    checked = archive.check(archives.written(tmp_path / "a.zip", other), expected=Expected(tables=recorded(content)))

    assert (checked.level, checked.problems) == (1, ("the table users has other rows than were recorded",))


def test_an_archive_that_is_another_than_the_recorded_one_stays_below_l1(path: Path) -> None:
    checked = archive.check(path, expected=Expected(sha256="0" * 64), level=1)
    assert (checked.level, checked.problems) == (0, ("its archive was changed after it was taken (sha256 differs)",))

    size = path.stat().st_size
    checked = archive.check(path, expected=Expected(size=size + 1))
    assert (checked.level, checked.problems) == (None, (f"its archive has {size} bytes, and {size + 1} were recorded",))


@given(st.lists(st.binary(min_size=1, max_size=40)), st.randoms())
def test_the_fingerprint_is_that_of_a_set_of_rows(rows: list[bytes], random: Any) -> None:
    mixed = random.sample(rows, len(rows))
    one, other = Counter(), Counter()
    one.add(rows)
    for row in mixed:
        other.add([row])

    assert one.table(7) == other.table(7)
    assert one.rows == len(rows)


def test_a_row_longer_than_many_blocks_is_one_row(tmp_path: Path) -> None:
    long = {"_id": "a", "text": "x" * 1_000_000}
    content = archives.members({"long": [long, {"_id": "b"}, long | {"_id": "c"}]})

    checked = archive.check(archives.written(tmp_path / "a.zip", content), level=3)

    assert (checked.level, checked.problems) == (3, ())
    assert checked.tables["long"] == archives.table(content["long/documents.jsonl"])


def test_ten_thousand_tables_are_looked_at_in_little_memory(tmp_path: Path) -> None:
    content = archives.members({f"table_{n}": [{"_id": f"i{n}"}] for n in range(10_000)})
    path = archives.written(tmp_path / "a.zip", content)

    checked = archive.check(path)

    assert (checked.level, checked.problems, len(checked.tables)) == (2, (), 10_000)


def test_a_look_that_is_stopped_ends_and_leaves_no_process(tmp_path: Path) -> None:
    content = archives.members({"users": [{"_id": f"u{n:07d}", "text": "x" * 400} for n in range(60_000)]})
    path = archives.written(tmp_path / "a.zip", archives.packed(content, method=zipfile.ZIP_STORED, streamed=False))
    stop = threading.Event()
    stop.set()

    with pytest.raises(Stopped):
        archive.check(path, stop=stop)

    assert not [child for child in psutil.Process().children(recursive=True) if "ops.archive" in child.cmdline()]


def test_how_far_it_is_comes_as_it_goes(tmp_path: Path) -> None:
    content = archives.members({"users": [{"_id": f"u{n:07d}", "text": "x" * 400} for n in range(80_000)]})
    told: list[Any] = []

    archive.check(archives.written(tmp_path / "a.zip", content), progress=told.append)

    assert [facts["done"] // 25_000_000 for facts in told] == [1]


def test_a_look_that_dies_is_a_failure_without_a_traceback(path: Path) -> None:
    with pytest.raises(Failed) as caught:
        archive.check(path, level="two")  # type: ignore[arg-type]  # what it makes of this is a defect

    assert "ended early (code 1)" in caught.value.message
    assert "Traceback" not in str(caught.value)


def test_a_table_that_fell_is_told_and_a_small_loss_is_not() -> None:
    def tables(**rows: int) -> dict[str, Table]:
        return {name: Table(rows=count, bytes=0, fingerprint="") for name, count in rows.items()}

    fallen = archive.compare(
        tables(gone=5, none=0, emptied=3, much=100, little=100, few=12), tables(emptied=0, much=79, little=80, few=2, new=9)
    )

    assert fallen == ("emptied fell from 3 to 0 rows", "gone is gone; it had 5 rows", "much fell from 100 to 79 rows")
    alone = archive.compare(tables(gone=1, many=10_000), tables(many=1_000))
    assert alone == ("gone is gone; it had 1 row", "many fell from 10\u202f000 to 1\u202f000 rows")
