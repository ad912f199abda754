"""A deleted backup waits for a day, and no crash and no second process loses one."""

import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ops import activity, files, manifest
from ops.catalogue import Catalogue
from ops.errors import OpsError, Refused, UnknownBackup
from ops.facts import UNKNOWN, Facts
from ops.manifest import Backup
from ops.services.git import Git
from ops.trash import Trash, require_deletable
from tests.remotes import Remote
from tests.shelves import ARCHIVE, GOOD, deed, files_of, lay, name, opened, values

FULL = name("full", 1)
QUICK = name("quick", 1)
WHOLE = {f"full-backup-{FULL[-13:]}.json", f"full-backup-{FULL[-13:]}.facts.json", f"convex-{FULL[-13:]}.zip"}
ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in (1, 2):
        lay(tmp_path / "backups", name("full", number))
        lay(tmp_path / "backups", name("quick", number))
    return tmp_path / "backups"


@pytest.fixture
def catalogue(folder: Path) -> Catalogue:
    return opened(folder)


@pytest.fixture
def trash(catalogue: Catalogue) -> Trash:
    return Trash(catalogue, 24)


def where(catalogue: Catalogue, backup_id: str) -> str:
    """On the shelf or in the trash, whole, and nowhere else."""
    found = files_of(catalogue.folder, backup_id)
    present = backup_id in {backup.id for backup in catalogue.all()}
    thrown = backup_id in {each.backup.id for each in Trash(catalogue, 24).all()}
    if found == {"shelf": WHOLE, "trash": set()} and present and not thrown:
        return "shelf"
    assert found == {"shelf": set(), "trash": WHOLE}
    assert thrown
    assert not present
    return "trash"


def test_a_deleted_backup_leaves_whole_and_comes_back_whole(catalogue: Catalogue, trash: Trash) -> None:
    before = catalogue.get(FULL)
    thrown = trash.throw(before, "U0ALICE", "too old")

    assert where(catalogue, FULL) == "trash"
    assert thrown.until - datetime.now(UTC) > timedelta(hours=23)
    assert (thrown.backup.facts.trashed_by, thrown.backup.facts.trash_reason) == ("U0ALICE", "too old")

    assert trash.bring_back(FULL, "U0BOB") == before
    assert where(catalogue, FULL) == "shelf"
    assert catalogue.archive(FULL).read_bytes() == ARCHIVE
    assert [line.text for line in activity.lines(catalogue.engine, 2)] == [f"Backup brought back: {FULL}", f"Backup deleted: {FULL}"]


def test_a_quick_backup_does_not_take_the_archive_of_a_full_one_of_its_millisecond(catalogue: Catalogue, trash: Trash) -> None:
    trash.throw(catalogue.get(QUICK), "U0ALICE", "")

    assert where(catalogue, FULL) == "shelf"
    assert trash.bring_back(QUICK, "U0ALICE").id == QUICK


@pytest.mark.parametrize("backup_id", [FULL, "../../etc/passwd", name("full", 9), "full-" + "9" * 13])
def test_what_is_not_in_the_trash_cannot_be_brought_back(trash: Trash, backup_id: str) -> None:
    with pytest.raises(UnknownBackup):
        trash.bring_back(backup_id, "U0ALICE")


def test_who_deletes_second_is_told_that_it_is_gone(catalogue: Catalogue, trash: Trash) -> None:
    backup = catalogue.get(FULL)
    trash.throw(backup, "U0ALICE", "")

    with pytest.raises(UnknownBackup):
        trash.throw(backup, "U0BOB", "")
    assert where(catalogue, FULL) == "trash"


@pytest.mark.parametrize("lost", [False, True], ids=["its database stays", "its database is lost"])
@pytest.mark.parametrize("what", ["throw", "bring back"])
def test_a_crash_at_any_moment_leaves_a_backup_that_is_whole_or_is_made_whole(folder: Path, tmp_path: Path, what: str, lost: bool) -> None:
    opened(folder).engine.dispose()
    if what == "bring back":
        deed(folder, "throw", FULL)
    into = tmp_path / "crashes"
    into.mkdir()
    subprocess.run([sys.executable, "-m", "tests.shelves", str(folder), str(into), what, FULL], cwd=ROOT, check=True, timeout=120)
    ends = []
    for crashed in sorted(into.iterdir()):
        if lost:
            for path in (crashed / ".state").glob("bot.sqlite*"):
                path.unlink()
        ends.append(_finished(crashed))
    assert len(ends) > 6
    start, end = ("shelf", "trash") if what == "throw" else ("trash", "shelf")
    assert ends == sorted(ends, key=[start, end].index)
    assert (ends[0], ends[-1]) == (start, end)


def _finished(folder: Path) -> str:
    """Where a backup is after the next start; from there it can be deleted, brought back, and deleted again."""
    catalogue = opened(folder)
    trash = Trash(catalogue, 24)
    trash.finish()
    catalogue.rebuild()
    place = where(catalogue, FULL)
    assert trash.finish() == []
    if place == "trash":
        trash.bring_back(FULL, "U0ALICE")
    assert catalogue.get(FULL).good
    trash.throw(catalogue.get(FULL), "U0ALICE", "")
    assert where(catalogue, FULL) == "trash"
    catalogue.engine.dispose()
    return place


def test_a_disk_that_says_no_leaves_the_backup_where_it_was(catalogue: Catalogue, trash: Trash, monkeypatch: pytest.MonkeyPatch) -> None:
    move = files.move

    def refuse(source: Path, target: Path) -> None:
        if source.suffix == ".zip":
            raise OSError(5, "Input/output error")
        move(source, target)

    monkeypatch.setattr(files, "move", refuse)
    with pytest.raises(OSError, match="Input/output error"):
        trash.throw(catalogue.get(FULL), "U0ALICE", "")
    monkeypatch.undo()

    trash.finish()
    assert where(catalogue, FULL) == "trash"
    assert trash.bring_back(FULL, "U0ALICE").good


def test_a_backup_whose_row_was_lost_comes_back_from_the_trash(folder: Path, catalogue: Catalogue, trash: Trash) -> None:
    trash.throw(catalogue.get(FULL), "U0ALICE", "too old")
    catalogue.engine.dispose()
    for path in (folder / ".state").glob("bot.*"):
        path.unlink()

    again = opened(folder)
    found = Trash(again, 24).bring_back(FULL, "U0ALICE")

    assert (found.good, found.facts.trashed_at) == (True, None)
    assert where(again, FULL) == "shelf"


def test_two_processes_at_once_leave_every_backup_whole(folder: Path) -> None:
    ids = [lay(folder, name("full", number)) for number in range(10, 22)]
    catalogues = [opened(folder), opened(folder)]
    seen: list[str] = []

    def throw_all(catalogue: Catalogue) -> None:
        for backup_id in ids:
            try:
                Trash(catalogue, 24).throw(catalogue.get(backup_id), "U0ALICE", "")
            except UnknownBackup:
                continue
            seen.append(backup_id)

    threads = [threading.Thread(target=throw_all, args=(catalogue,)) for catalogue in catalogues]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert sorted(seen) == sorted(ids)
    assert all(files_of(folder, backup_id)["shelf"] == set() for backup_id in ids)
    assert {each.backup.id for each in Trash(catalogues[0], 24).all()} == set(ids)


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    made = Remote(tmp_path)
    made.land("Open the shop", {"a": "1"})
    return made


def test_after_a_day_it_is_gone_for_good_with_its_tag(catalogue: Catalogue, trash: Trash, remote: Remote, tmp_path: Path) -> None:
    git = Git(str(remote.path), tmp_path / "clone.git")
    git.anchor(FULL, git.head("master").hash)
    now = trash.throw(catalogue.get(FULL), "U0ALICE", "").until

    assert trash.empty(git, now - timedelta(seconds=1)) == []
    assert where(catalogue, FULL) == "trash"
    assert trash.empty(git, now) == [FULL]
    assert trash.all() == []
    assert git.anchors() == {}
    assert files_of(catalogue.folder, FULL) == {"shelf": set(), "trash": set()}
    assert catalogue.next_id("full", manifest.instant(int(FULL[-13:]))) != FULL


def test_while_the_remote_does_not_answer_the_trash_stays(catalogue: Catalogue, trash: Trash, tmp_path: Path) -> None:
    until = trash.throw(catalogue.get(FULL), "U0ALICE", "").until

    assert trash.empty(Git(str(tmp_path / "nowhere"), tmp_path / "clone.git"), until) == []
    assert where(catalogue, FULL) == "trash"


def test_what_is_on_its_way_out_does_not_come_back(catalogue: Catalogue) -> None:
    trash = Trash(catalogue, 0)
    trash.throw(catalogue.get(FULL), "U0ALICE", "")

    with pytest.raises(UnknownBackup, match="being removed"):
        trash.bring_back(FULL, "U0ALICE")


@pytest.mark.parametrize(
    "facts", ["", "[]", "{", '{"level": "2"}', '{"trashed_at": 7}', '{"warnings": [1]}', "[" * 100_000], ids=lambda text: text[:20]
)
def test_facts_that_cannot_be_read_stop_nothing(catalogue: Catalogue, trash: Trash, facts: str) -> None:
    trash.throw(catalogue.get(FULL), "U0ALICE", "")
    (trash.folder / FULL / f"full-backup-{FULL[-13:]}.facts.json").write_text(facts)

    assert trash.finish() == []
    assert [each.backup.id for each in trash.all()] == [FULL]
    assert trash.bring_back(FULL, "U0ALICE").facts.pinned


def test_strange_things_in_the_trash_are_left_alone(trash: Trash, catalogue: Catalogue) -> None:
    (trash.folder / "full-1").mkdir(parents=True)
    (trash.folder / "a-file").write_text("")
    (trash.folder / name("full", 7)).mkdir()
    (trash.folder / name("quick", 7)).symlink_to(catalogue.folder)

    assert trash.all() == []
    assert trash.finish() == []


def _backup(backup_id: str, facts: Facts = GOOD) -> Backup:
    return replace(manifest.parse(backup_id, values(backup_id)), facts=facts)


@pytest.mark.parametrize(
    ("facts", "others", "in_use", "says"),
    [
        (GOOD, [], (), "is the last good full backup"),
        (GOOD, [replace(GOOD, failed="its archive is not there")], (), "is the last good full backup"),
        (GOOD, [UNKNOWN], (), "is the last good full backup"),
        (replace(GOOD, pinned=True, pin_reason="legal"), [GOOD], (), "is pinned: legal"),
        (UNKNOWN, [GOOD], (), "is pinned: found in the folder"),
        (GOOD, [GOOD], (FULL,), "is in use: an operation works with it, a signature is waited for, or an undo still goes back to it"),
        (GOOD, [GOOD], (), None),
        (replace(GOOD, failed="damaged"), [], (), None),
        (Facts(), [], (), None),
    ],
)
def test_what_must_stay_is_not_deleted(facts: Facts, others: list[Facts], in_use: tuple[str, ...], says: str | None) -> None:
    backup = _backup(FULL, facts)
    catalogue = [backup, _backup(QUICK), *(_backup(name("full", 5 + number), each) for number, each in enumerate(others))]

    if says is None:
        require_deletable(backup, catalogue, in_use)
        return
    with pytest.raises(Refused) as caught:
        require_deletable(backup, catalogue, in_use)
    assert says in caught.value.message
    assert isinstance(caught.value, OpsError)
    assert caught.value.remedy
