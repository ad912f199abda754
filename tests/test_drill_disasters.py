"""The disasters of a drill: one table is struck, or every row is gone, and nothing else."""

from __future__ import annotations

from pathlib import Path

from ops.archive import Table
from ops.drill.scenarios import make, struck


def test_only_a_table_with_rows_is_struck_and_the_seed_repeats_it() -> None:
    tables = {name: Table(rows=rows, bytes=1, fingerprint="") for name, rows in (("a", 5), ("b", 0), ("c", 1), ("_storage", 9), ("d", 2))}
    assert {struck(tables, seed) for seed in range(50)} == {"a", "d"}
    assert struck(tables, 3) == struck(tables, 3)


def test_the_disaster_leaves_every_other_table_alone(tmp_path: Path) -> None:
    from ops import archive
    from tests.archives import export, written

    sound = written(tmp_path / "sound.zip", {name: content for name, content in export().items() if not name.startswith("_storage")})
    before = archive.check(sound).tables
    make("B", sound, tmp_path / "b.zip", "waitlist/users")
    after = archive.check(tmp_path / "b.zip").tables
    assert after["waitlist/users"].rows == 3
    assert {name: table for name, table in after.items() if name != "waitlist/users"} == {
        name: table for name, table in before.items() if name != "waitlist/users"
    }
    make("A", sound, tmp_path / "a.zip", "")
    assert {table.rows for table in archive.check(tmp_path / "a.zip").tables.values()} == {0}


def test_the_loss_of_every_row_leaves_stored_files_where_they_are(tmp_path: Path) -> None:
    from ops import archive
    from tests.archives import export, written

    sound = written(tmp_path / "sound.zip", export())
    make("A", sound, tmp_path / "a.zip", "")
    after = archive.check(tmp_path / "a.zip")
    assert after.problems == ()
    assert {name for name, table in after.tables.items() if table.rows} == {name for name in after.tables if archive.lists_files(name)}
    assert any(map(archive.lists_files, after.tables))
