"""What is written is there whole or not at all, whatever the disk does; leftovers go only when nobody can want them."""

import errno
import os
import shutil
import stat
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from ops import files
from ops.errors import Failed, Refused
from ops.files import DiskFull, NotWritten, Room
from ops.sweep import sweep

ROOT = Path(__file__).resolve().parent.parent
Usage = namedtuple("Usage", "total used free")


def test_a_file_is_written_whole_readable_by_us_only_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "full-backup-1701450000000.json"
    files.write(path, b"old", "op1")
    files.write(path, b"new", "op2")

    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_half_of_the_same_operation_is_written_over(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    files.temporary(path, "op1").write_bytes(b"hal")

    files.write(path, b"whole", "op1")

    assert list(tmp_path.iterdir()) == [path]


CRASH = """
import os, sys
from pathlib import Path
from ops import files
left = int(sys.argv[2])
def watch(what, arguments):
    global left
    if what in ("open", "os.rename", "os.remove") and "a.json" in str(arguments[0]):
        left -= 1
        if left < 0:
            os._exit(9)
sys.addaudithook(watch)
files.write(Path(sys.argv[1]), b"new" * 1000, "op1")
"""


def test_a_crash_at_any_moment_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    codes = []
    for moment in range(5):
        path = tmp_path / str(moment) / "a.json"
        path.parent.mkdir()
        path.write_bytes(b"old")
        codes.append(subprocess.run([sys.executable, "-c", CRASH, str(path), str(moment)], cwd=ROOT, check=False).returncode)
        assert path.read_bytes() == (b"old" if codes[-1] else b"new" * 1000)
    assert codes == [9, 9, 9, 0, 0]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EROFS, errno.EDQUOT])
def test_a_disk_that_says_no_leaves_what_was_there_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"old")

    def refuse(_descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(NotWritten) as caught:
        files.write(path, b"new", "op1")

    assert caught.value.message == f"a.json could not be written: {os.strerror(number)}."
    assert isinstance(caught.value, Failed)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_gone_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotWritten, match="No such file or directory"):
        files.write(tmp_path / "gone" / "a.json", b"new", "op1")


def test_what_another_program_wrote_gets_its_name_and_is_ours_alone(tmp_path: Path) -> None:
    path = tmp_path / "convex-1701450000000.zip"
    part = files.temporary(path, "op1")
    part.write_bytes(b"PK")
    part.chmod(0o644)

    files.keep(part, path)

    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"PK", 0o600)
    assert not part.exists()


def test_a_leftover_carries_the_operation_that_wrote_it(tmp_path: Path) -> None:
    names = ["convex-1.zip", "full-backup-1.json", "a.b.c"]
    for name in names:
        files.temporary(tmp_path / name, "op-1_X").touch()
    for other in (".hidden", ".part", "a.part", ".a.op 1.part", "a.json"):
        (tmp_path / other).touch()

    assert {(path.name, operation) for path, operation in files.leftovers(tmp_path)} == {
        (f".{name}.op-1_X.part", "op-1_X") for name in names
    }
    assert list(files.leftovers(tmp_path / "gone")) == []


def test_only_leftovers_of_operations_that_ended_are_removed(tmp_path: Path) -> None:
    for shelf in ("quick", "full", "deltas"):
        (tmp_path / shelf).mkdir()
    ended, running = (files.temporary(tmp_path / "full" / "convex-1.zip", operation) for operation in ("ended", "running"))
    fresh, old = (files.temporary(tmp_path / "quick" / name, "facts") for name in ("a.facts.json", "b.facts.json"))
    rows = files.temporary(tmp_path / "deltas" / "delta-1.zip", "ended")
    for path in (ended, running, fresh, old, rows):
        path.touch()
    os.utime(old, (0, 0))

    swept = sweep(tmp_path, lambda operation: operation == "ended")

    assert set(swept.removed) == {ended.name, old.name, rows.name}
    assert set(swept.left) == {running.name, fresh.name}
    assert (running.exists(), fresh.exists(), ended.exists(), old.exists()) == (True, True, False, False)


@pytest.mark.parametrize(
    ("total", "free", "refused"),
    [
        (10**9, 199 * 10**6, True),
        (10**9, 200 * 10**6, False),
        (100 * 10**9, 4_999_999_999, True),
        (100 * 10**9, 5 * 10**9, False),
    ],
)
def test_a_nearly_full_volume_refuses_a_backup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, total: int, free: int, refused: bool
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: Usage(total, total - free, free))

    if not refused:
        files.require_room(tmp_path)
        return
    with pytest.raises(DiskFull) as caught:
        files.require_room(tmp_path)
    assert isinstance(caught.value, Refused)
    assert f"Only {free // 10**6} MB are free" in caught.value.message


def test_the_room_of_a_real_volume_is_asked(tmp_path: Path) -> None:
    there = files.room(tmp_path)
    assert 0 < there.free <= there.total
    assert Room(free=1, total=10**12).reserve == 50 * 10**9


def test_a_folder_is_made_for_us_alone_once(tmp_path: Path) -> None:
    files.make_folder(tmp_path / "a" / "b")
    files.make_folder(tmp_path / "a" / "b")
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700


def test_a_link_that_leads_nowhere_is_there(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("nowhere")
    assert files.there(tmp_path / "link")
    assert not files.there(tmp_path / "nowhere")
