"""X2: what going back would lose, counted table by table from two archives."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.views import changing
from ops.errors import Failed
from ops.loss import Loss, TableLoss, compare, keep
from ops.loss.marks import digest, place
from ops.loss.walking import Unordered, walk
from ops.services.process import Stopped

Tables = dict[str, dict[str, str]]


def archive(path: Path, tables: Tables, seed: int | None = 0) -> Path:
    """An export with these rows, in any order; without a seed in that of their ids, as Convex exports them."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("_tables/documents.jsonl", "".join(json.dumps({"name": name, "id": 1}) + "\n" for name in tables))
        for name, rows in sorted(tables.items()) if seed is None else tables.items():
            lines = [line(found, body) for found, body in sorted(rows.items())]
            if seed is not None:
                random.Random(seed).shuffle(lines)
            out.writestr(f"{name}/documents.jsonl", "".join(lines))
    return path


def line(row_id: str, body: str) -> str:
    """A row; some begin as nearly every one of Convex does, some with a field that stands before it."""
    first = {"Above": 1} if len(row_id) % 3 == 0 else {}
    return json.dumps({**first, "_creationTime": 1.5, "_id": row_id, "body": body}, separators=(",", ":")) + "\n"


def counted(folder: Path, old: Tables, new: Tables, cores: int = 2) -> dict[str, TableLoss]:
    found = compare(archive(folder / "old.zip", old, 1), archive(folder / "new.zip", new, 2), scratch=folder, deadline=60, cores=cores)
    return {table.name: table for table in found.tables}


def naive(name: str, old: dict[str, str], new: dict[str, str]) -> TableLoss:
    both = old.keys() & new.keys()
    changed = sum(old[each] != new[each] for each in both)
    return TableLoss(
        name=name, created=len(new.keys() - old.keys()), deleted=len(old.keys() - new.keys()), changed=changed, same=len(both) - changed
    )


def test_rows_created_changed_and_deleted_since_are_counted_by_table(tmp_path: Path) -> None:
    old: Tables = {"orders": {"a": "1", "b": "2", "c": "3"}, "users": {"u": "1"}, "gone": {"x": "1"}}
    new: Tables = {"orders": {"a": "1", "b": "other", "d": "4"}, "users": {"u": "1"}, "fresh": {"y": "1", "z": "2"}}
    found = counted(tmp_path, old, new)
    assert found["orders"] == TableLoss(name="orders", created=1, changed=1, deleted=1, same=1)
    assert found["users"] == TableLoss(name="users", same=1)
    assert found["gone"] == TableLoss(name="gone", deleted=1)
    assert found["fresh"] == TableLoss(name="fresh", created=2, absent=True)
    assert found["fresh"].sentence == "fresh: 2 created since; the backup has no such table"


def test_the_most_affected_table_comes_first_and_is_told_in_a_sentence(tmp_path: Path) -> None:
    old: Tables = {"orders": {"a": "1"}, "users": {"u": "1"}}
    new: Tables = {"orders": {"a": "1", "b": "2"}, "users": {"u": "2", "v": "1"}}
    loss = compare(archive(tmp_path / "a.zip", old), archive(tmp_path / "b.zip", new), scratch=tmp_path, deadline=60)
    assert loss.sentences() == ["users: 1 created, 1 changed since", "orders: 1 created since"]
    assert (loss.lost, loss.returning, loss.any) == (3, 0, True)
    assert Loss.load(json.loads(json.dumps(loss.as_json()))).affected == loss.affected


def test_what_would_be_lost_is_said_with_its_digits_grouped_everywhere() -> None:
    loss = Loss(tables=(TableLoss(name="orders", created=10_000, changed=1),))
    assert loss.sentences() == ["orders: 10\u202f000 created, 1 changed since"]
    assert "The 10\u202f000 rows created since can be brought back afterwards." in loss.kept
    assert changing.proof({"proof": {"of": 10_002, "equal": 10_002, "different": []}}) == [
        "10\u202f002 of 10\u202f002 tables equal to the backup, row by row"
    ]


def test_only_rows_that_were_created_are_said_to_come_back() -> None:
    def kept(created: int, changed: int) -> str:
        modules = TableLoss(name="_modules", created=5)  # Convex's own: nothing without what it speaks of
        return Loss(tables=(TableLoss(name="orders", created=created, changed=changed), modules)).kept

    back, read = "can be brought back afterwards.", "now, to be read: nothing brings"
    one = f"The row changed since is kept as it is {read} it back by itself."
    assert (kept(0, 0), kept(2, 0), kept(0, 1)) == ("", f"The 2 rows created since {back}", one)
    assert kept(1, 3) == f"The row created since {back} The 3 rows changed since are kept as they are {read} them back by itself."


def test_files_that_were_stored_since_are_said_to_be_in_the_safety_backup_only() -> None:
    files = "in the safety backup only: bringing rows back brings no file."
    assert Loss(tables=(TableLoss(name="_storage", created=1),)).kept == f"The file that was stored since is {files}"
    two = (TableLoss(name="_storage", created=1), TableLoss(name="shop/_storage", created=1))
    assert Loss(tables=two).kept == f"The 2 files that were stored since are {files}"


def test_nothing_written_since_is_said(tmp_path: Path) -> None:
    same: Tables = {"orders": {str(number): "x" for number in range(50)}}
    loss = compare(archive(tmp_path / "a.zip", same, 1), archive(tmp_path / "b.zip", same, 2), scratch=tmp_path, deadline=60)
    assert not loss.any
    assert loss.sentences() == ["Nothing was written since the backup."]


ROWS = st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.sampled_from(["1", "2", "3"]), max_size=30)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    old=st.dictionaries(st.sampled_from(["orders", "users"]), ROWS, min_size=1),
    new=st.dictionaries(st.sampled_from(["orders", "users"]), ROWS, min_size=1),
)
def test_it_finds_what_a_comparison_in_memory_finds(tmp_path: Path, old: Tables, new: Tables) -> None:
    found = counted(tmp_path, old, new, cores=1)
    wanted = {name: replace(naive(name, old.get(name, {}), new.get(name, {})), absent=name not in old) for name in {*old, *new}}
    assert found == wanted


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    old=st.dictionaries(st.sampled_from(["orders", "users", "zoo"]), ROWS, min_size=1),
    new=st.dictionaries(st.sampled_from(["orders", "users", "zoo"]), ROWS, min_size=1),
)
def test_walked_along_in_order_it_finds_the_same_and_marks_what_was_created_and_changed(tmp_path: Path, old: Tables, new: Tables) -> None:
    with tempfile.TemporaryDirectory(dir=tmp_path) as kept:
        folder = Path(kept)
        before, after = archive(folder / "old.zip", old, None), archive(folder / "new.zip", new, None)
        found = {table.name: table for table in walk(before, after, folder, ahead=False)}
        assert found == {name: naive(name, old.get(name, {}), new.get(name, {})) for name in {*old, *new}}
        for name, rows in new.items():
            was = old.get(name, {})
            changed = {each for each in rows.keys() & was.keys() if rows[each] != was[each]}
            for sort, ids in (("created", rows.keys() - was.keys()), ("changed", changed)):
                assert place(folder, sort, name).read_bytes() == b"".join(digest(each) for each in sorted(ids))


@pytest.mark.parametrize("side", ["old", "new"])
def test_rows_in_another_order_are_never_walked_along(tmp_path: Path, side: str) -> None:
    rows: Tables = {"orders": {f"{number:03d}": "x" for number in range(100)}}
    paths = [archive(tmp_path / f"{name}.zip", rows, 1 if name == side else None) for name in ("old", "new")]
    with pytest.raises(Unordered):
        walk(paths[0], paths[1], None, ahead=False)
    assert not compare(paths[0], paths[1], scratch=tmp_path, deadline=60).any


def test_an_id_that_stands_twice_is_told_though_its_neighbours_are_in_order(tmp_path: Path) -> None:
    old, new = archive(tmp_path / "old.zip", {"t": {"a": "1"}}, None), tmp_path / "new.zip"
    with zipfile.ZipFile(new, "w") as out:
        out.writestr("_tables/documents.jsonl", '{"name": "t", "id": 1}\n')
        out.writestr("t/documents.jsonl", line("a", "1") + line("a", "2"))
    with pytest.raises(Failed, match="stands twice in t of the export of now"):
        compare(old, new, scratch=tmp_path, deadline=60)


@pytest.mark.parametrize("seed", [None, 3], ids=["in order", "in any order"])
def test_ten_thousand_tables_are_compared_and_kept_like_any(tmp_path: Path, seed: int | None) -> None:
    names = [f"t{number:05}" for number in range(10_000)]
    before = archive(tmp_path / "old.zip", {name: {"a": "1"} for name in names}, seed)
    after = archive(tmp_path / "new.zip", {name: {"a": "1", "b": "2"} for name in names}, seed)
    loss, tables = keep(before, after, into=tmp_path / "delta.zip", scratch=tmp_path, deadline=120, stop=threading.Event())
    assert (loss.lost, len(loss.losing), len(tables)) == (10_000, 10_000, 10_000)
    with zipfile.ZipFile(tmp_path / "delta.zip") as kept:
        assert kept.read("t09999/documents.jsonl").decode() == line("b", "2")


@pytest.mark.parametrize("seed", [None, 3], ids=["in order", "in any order"])
def test_numbers_that_look_alike_are_told_apart_by_their_bytes(tmp_path: Path, seed: int | None) -> None:
    """Convex writes a float64 with a dot and an int64 without; parsed as JSON the two are equal."""
    old: Tables = {"t": {"a": "1"}}
    before, after = archive(tmp_path / "old.zip", old, seed), tmp_path / "new.zip"
    with zipfile.ZipFile(before) as source, zipfile.ZipFile(after, "w") as target:
        for name in source.namelist():
            target.writestr(name, source.read(name).replace(b'"_creationTime":1.5', b'"n":2.0,"_creationTime":1.5'))
    other = tmp_path / "other.zip"
    with zipfile.ZipFile(after) as source, zipfile.ZipFile(other, "w") as target:
        for name in source.namelist():
            target.writestr(name, source.read(name).replace(b'"n":2.0', b'"n":2'))
    loss, tables = keep(after, other, into=tmp_path / "delta.zip", scratch=tmp_path, deadline=60, stop=threading.Event())
    assert [table.sentence for table in loss.affected] == ["t: 1 changed since"]
    assert tables[0]["changed"]["rows"] == 1


@pytest.mark.parametrize("seed", [None, 3], ids=["in order", "in any order"])
def test_what_is_kept_are_the_very_bytes_of_the_rows(tmp_path: Path, seed: int | None) -> None:
    old: Tables = {"orders": {"a": "1", "b": "2", "c": "3"}, "users": {"u": "1"}}
    new: Tables = {"orders": {"a": "1", "b": "other", "d": "4", "e": "5"}, "users": {"u": "1"}, "fresh": {"y": "1"}}
    before, after, into = archive(tmp_path / "old.zip", old, seed), archive(tmp_path / "new.zip", new, seed), tmp_path / "delta.zip"
    loss, tables = keep(before, after, into=into, scratch=tmp_path, deadline=60, stop=threading.Event())
    assert loss.lost == 4
    assert {table["name"]: [(table[sort] or {}).get("rows") for sort in ("created", "changed")] for table in tables} == {
        "orders": [2, 1],
        "fresh": [1, None],
    }
    with zipfile.ZipFile(into) as kept:
        assert sorted(kept.read("orders/documents.jsonl").decode().splitlines(keepends=True)) == [line("d", "4"), line("e", "5")]
        assert kept.read("changed/orders/documents.jsonl").decode() == line("b", "other")
        named = [json.loads(each)["name"] for each in kept.read("_tables/documents.jsonl").splitlines()]
        assert sorted(named) == ["fresh", "orders"]


def test_a_table_far_larger_than_a_run_is_compared_in_bounded_memory(tmp_path: Path) -> None:
    """450,000 rows are three runs; in a dict they would take well over 100 MB."""
    count, body = 450_000, "x" * 60
    old = {"big": {f"row-{number}": body for number in range(count)}}
    new = {"big": {f"row-{number}": body if number % 1000 else "y" for number in range(7, count + 5)}}
    paths = archive(tmp_path / "a.zip", old, 1), archive(tmp_path / "b.zip", new, 2)
    del old, new
    peak, over = [0], threading.Event()

    def watch() -> None:
        ours = psutil.Process()
        while not over.wait(0.02):
            sizes = [0]
            for child in ours.children(recursive=True):
                try:
                    sizes.append(child.memory_full_info().uss)
                except psutil.Error:
                    continue
            peak[0] = max(peak[0], *sizes)

    watcher = threading.Thread(target=watch)
    watcher.start()
    found = compare(*paths, scratch=tmp_path, deadline=120)
    over.set()
    watcher.join()
    assert found.tables[0] == TableLoss(name="big", created=5, changed=449, deleted=7, same=count - 7 - 449)
    assert 0 < peak[0] < 90 * 1000**2


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-40]), "the export of now is damaged"),
        (lambda path: path.write_bytes(b"no zip"), "the export of now is damaged"),
        (lambda path: path.unlink(), "the export of now cannot be read"),
    ],
    ids=["cut", "no zip", "gone"],
)
def test_an_archive_that_cannot_be_read_is_named(tmp_path: Path, damage: object, sentence: str) -> None:
    old, new = archive(tmp_path / "a.zip", {"t": {"a": "1"}}), archive(tmp_path / "b.zip", {"t": {"a": "1"}})
    damage(new)  # type: ignore[operator] # a function
    with pytest.raises(Failed, match=sentence):
        compare(old, new, scratch=tmp_path, deadline=60)


@pytest.mark.parametrize("row", ["no json", '{"body": 1}', "[]"])
def test_a_row_that_is_no_document_is_told_with_its_table(tmp_path: Path, row: str) -> None:
    old, new = archive(tmp_path / "a.zip", {"t": {"a": "1"}}), tmp_path / "b.zip"
    with zipfile.ZipFile(new, "w") as out:
        out.writestr("_tables/documents.jsonl", '{"name": "t", "id": 1}\n')
        out.writestr("t/documents.jsonl", f"{row}\n")
    with pytest.raises(Failed, match="a row of t cannot be read"):
        compare(old, new, scratch=tmp_path, deadline=60)


def test_an_id_that_stands_twice_is_told(tmp_path: Path) -> None:
    old, new = archive(tmp_path / "a.zip", {"t": {"a": "1"}}), tmp_path / "b.zip"
    with zipfile.ZipFile(new, "w") as out:
        out.writestr("_tables/documents.jsonl", '{"name": "t", "id": 1}\n')
        out.writestr("t/documents.jsonl", '{"_id": "b", "x": 1}\n{"_id": "b", "x": 2}\n')
    with pytest.raises(Failed, match="an _id stands twice in t of the export of now"):
        compare(old, new, scratch=tmp_path, deadline=60)


def test_a_stop_and_a_deadline_end_it_and_leave_nothing(tmp_path: Path) -> None:
    big = {"t": {f"{number}": "x" * 50 for number in range(300_000)}}
    paths = archive(tmp_path / "a.zip", big, 1), archive(tmp_path / "b.zip", big, 2)
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    with pytest.raises(Stopped):
        compare(*paths, scratch=tmp_path, deadline=60, stop=stop)
    with pytest.raises(Failed, match="took longer than"):
        compare(*paths, scratch=tmp_path, deadline=0.2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip", "b.zip"]


def test_no_child_outlives_a_killed_parent(tmp_path: Path) -> None:
    big = {"t": {f"{number}": "x" * 50 for number in range(300_000)}}
    paths = archive(tmp_path / "a.zip", big, 1), archive(tmp_path / "b.zip", big, 2)
    work = (
        "import sys, pathlib; from ops.loss import compare\n"
        "a, b, s = map(pathlib.Path, sys.argv[1:]); compare(a, b, scratch=s, deadline=60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", work, *map(str, paths), str(tmp_path)], env=os.environ.copy())
    end = time.monotonic() + 30
    while len(found := psutil.Process(parent.pid).children(recursive=True)) < 3:
        assert time.monotonic() < end, "the comparison never began"
        time.sleep(0.01)
    parent.kill()
    parent.wait()
    gone, alive = psutil.wait_procs(found, timeout=30)
    assert gone
    assert not alive


@pytest.mark.parametrize("seed", [None, 3])
def test_where_the_import_leaves_tables_alone_that_the_backup_lacks_none_of_their_rows_is_said_to_go(
    tmp_path: Path, seed: int | None
) -> None:
    old = archive(tmp_path / "old.zip", {"orders": {"a1": "x"}}, seed)
    new = archive(tmp_path / "new.zip", {"orders": {"a1": "x", "a2": "y"}, "late": {"b1": "z"}}, seed)
    ways: dict[str, Any] = {"scratch": tmp_path, "deadline": 60.0}
    assert {each.name: each.created for each in compare(old, new, **ways).tables} == {"orders": 1, "late": 1}
    found = compare(old, new, shared=True, **ways)
    assert {each.name: each.created for each in found.tables} == {"orders": 1}
    assert Loss.load(found.as_json()).sentences()[1:] == ["Tables that the backup does not have stay as they are: late"]
    counted, kept = keep(old, new, into=tmp_path / "kept.zip", stop=threading.Event(), shared=True, **ways)
    assert (counted.lost, [each["name"] for each in kept]) == (1, ["orders"])
