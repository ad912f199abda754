"""X9: each of the fourteen ways in which an archive goes bad is seen by the verifier's own eyes, and a sound copy passes."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from ops import archive, damages
from ops.archive import checking
from tests.archives import export, members, written

OF_ROWS = ("a table present and empty", "a table with half its rows", "a table cut in the middle of a row", "a row twice")


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    return written(tmp_path / "sound.zip", {name: content for name, content in export().items() if not name.startswith("_storage")})


@pytest.mark.parametrize("name", damages.DAMAGES)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_it_is_seen_without_the_recorded_length_and_hash(sound: Path, tmp_path: Path, name: str, seed: int) -> None:
    tables = checking.look(sound, None, 2).tables
    copy = tmp_path / "copy.zip"
    damages.do(name, sound, copy, seed)
    assert checking.look(copy, archive.Expected(tables=tables), 3).problems


def test_a_sound_copy_passes(sound: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.zip"
    copy.write_bytes(sound.read_bytes())
    seen = archive.check(copy, expected=archive.Expected(tables=archive.check(sound).tables), level=3)
    assert (seen.problems, seen.level) == ((), 3)


def test_the_seed_says_which_damage_it_is_and_in_time_each_comes_up(sound: Path, tmp_path: Path) -> None:
    assert {damages.choose(seed) for seed in range(400)} == set(damages.DAMAGES)
    one, same = tmp_path / "one.zip", tmp_path / "same.zip"
    for path in (one, same):
        damages.do("a byte of the rows flipped", sound, path, 8812)
    assert one.read_bytes() == same.read_bytes() != sound.read_bytes()


def test_an_archive_without_any_row_is_damaged_in_a_way_that_needs_none_and_that_is_seen(tmp_path: Path) -> None:
    bare = written(tmp_path / "bare.zip", members({"orders": [], "users": []}))
    tables = checking.look(bare, None, 2).tables
    names = {damages.choose(seed, rows=False) for seed in range(400)}
    assert len(names) == len(damages.DAMAGES) - 6
    for name in sorted(names):
        copy = tmp_path / f"{name}.zip"
        damages.do(name, bare, copy, 1)
        assert checking.look(copy, archive.Expected(tables=tables), 3).problems, name


def test_damaging_a_large_table_takes_no_more_memory_than_a_few_rows(tmp_path: Path) -> None:
    rows = ({"_id": f"{number:032d}", "_creationTime": float(number), "text": "x" * 10_000} for number in range(4_000))
    large = written(tmp_path / "large.zip", members({"orders": rows}))
    tracemalloc.start()
    try:
        for place, name in enumerate((*OF_ROWS, "the archive of another deployment")):
            damages.do(name, large, tmp_path / f"{place}.zip", 1)
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()
