"""The folder is the truth of backups: what lies in it is listed, whatever the database knows, and whatever else lies there."""

import json
import os
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ops import manifest
from ops.catalogue import Catalogue, read_facts
from ops.database import BackupRow, open_database, reading
from ops.errors import UnknownBackup
from ops.facts import UNKNOWN, Facts
from tests.shelves import GOOD, lay, name, opened, values

DOCUMENT = {
    "id": "full-1701450000000",
    "type": "full",
    "timestamp": "2024-12-01T20:00:00.000Z",
    "commitHash": "abc123def456",
    "commitMessage": "Last commit message here",
    "branch": "master",
    "convexExportPath": "./backups/full/convex-1701450000000.zip",
    "exportSizeBytes": 5242880,
    "notes": "Pre-schema-migration backup",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backups"


def put(folder: Path, backup_id: str, text: str | bytes) -> Path:
    """A file with a manifest's name."""
    path = folder / manifest.type_of(backup_id) / manifest.file_name(backup_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def ids(catalogue: Catalogue) -> list[str]:
    return [backup.id for backup in catalogue.all()]


def test_backups_of_both_types_are_listed_newest_first(folder: Path) -> None:
    made = [lay(folder, name(kind, number)) for number, kind in enumerate(["quick", "full", "quick", "full"])]

    assert ids(opened(folder)) == made[::-1]


def test_an_empty_folder_has_no_backups(folder: Path) -> None:
    assert opened(folder).all() == ()


def test_what_comes_and_goes_is_seen_at_the_next_look(folder: Path) -> None:
    catalogue = opened(folder)
    for number in range(20):
        made = lay(folder, name("quick", number))
        assert ids(catalogue) == [made]
        catalogue.path(made).unlink()
        assert ids(catalogue) == []


def test_a_manifest_that_is_edited_in_place_is_read_again(folder: Path) -> None:
    made = lay(folder, name("quick", 1), notes="before")
    catalogue = opened(folder)
    assert catalogue.get(made).notes == "before"

    catalogue.path(made).write_bytes(manifest.dump(values(made, notes="edited by hand")))
    limit = datetime.now(UTC) + timedelta(seconds=30)
    while catalogue.get(made).notes == "before" and datetime.now(UTC) < limit:
        pass
    assert catalogue.get(made).notes == "edited by hand"


def test_a_folder_without_a_database_is_listed_and_counts_as_pinned(folder: Path) -> None:
    ours = lay(folder, name("full", 1))
    found = lay(folder, name("full", 2), facts=None)
    catalogue = Catalogue(folder, open_database(f"sqlite:///{folder}/.state/bot.sqlite"))

    assert [backup.id for backup in catalogue.rebuild()] == [found, ours]
    assert (catalogue.get(ours).good, catalogue.get(ours).facts.pinned) == (True, False)
    assert (catalogue.get(found).good, catalogue.get(found).facts) == (False, UNKNOWN)
    assert catalogue.rebuild() == ()
    with reading(catalogue.engine) as session:
        rows = {row.id: (row.state, row.purpose) for row in session.query(BackupRow)}
    assert rows == {ours: ("present", "routine"), found: ("present", "routine")}


def test_a_manifest_with_only_the_documents_keys_is_listed(folder: Path) -> None:
    put(folder, "full-1701450000000", json.dumps(DOCUMENT))

    found = opened(folder).get("full-1701450000000")

    assert (found.problem, found.size, found.tables, found.facts.pinned) == (None, 5242880, None, True)


STRANGE: dict[str, str | bytes] = {
    "not JSON": "not json",
    "nothing": "",
    "a list": "[]",
    "a tower": "[" * 200_000,
    "no text": b"\xff\xfe\x00",
    "a lone surrogate": json.dumps({**values(name("full", 1)), "notes": "\ud800"}),
    "another's id": json.dumps(values(name("full", 2))),
    "a path as id": json.dumps({**values(name("full", 1)), "id": "../../etc/passwd"}),
    "a far time": json.dumps({**values(name("full", 1)), "timestamp": "0001-01-01T00:00:00+14:00"}),
    "endless rows": json.dumps({**values(name("full", 1)), "tables": {"users": {"rows": 1e308, "bytes": "x", "fingerprint": ""}}}),
    "60 MB": b"[" + b" " * 60_000_000 + b"]",
}


@pytest.mark.parametrize("content", STRANGE)
def test_a_manifest_that_is_none_has_a_problem_and_hides_nothing(folder: Path, content: str) -> None:
    sound = lay(folder, name("full", 3))
    put(folder, name("full", 1), STRANGE[content])

    found = {backup.id: backup for backup in opened(folder).all()}

    problem = found[name("full", 1)].problem
    assert problem
    assert len(problem) < 250
    assert found[sound].good


def test_what_is_no_file_has_a_problem_and_hides_nothing(folder: Path) -> None:
    sound = lay(folder, name("full", 9))
    shelf = folder / "full"
    (shelf / manifest.file_name(name("full", 1))).mkdir()
    (shelf / manifest.file_name(name("full", 2))).symlink_to("nowhere")
    (shelf / manifest.file_name(name("full", 3))).symlink_to(manifest.file_name(name("full", 3)))
    os.mkfifo(shelf / manifest.file_name(name("full", 4)))
    (shelf / manifest.file_name(name("full", 5))).symlink_to("/dev/zero")
    (shelf / manifest.file_name(name("full", 6))).symlink_to("/etc/passwd")
    (shelf / "full-backup-12.json").write_text("{}")
    (shelf / "notes.json").write_text("{}")

    found = opened(folder).all()

    assert [backup.id for backup in found] == [sound, *(name("full", number) for number in range(6, 0, -1))]
    assert all(backup.problem for backup in found[1:])
    assert "root" not in str([backup.problem for backup in found])


def test_odd_values_are_unknown_and_never_trusted(folder: Path) -> None:
    odd = {
        "exportSizeBytes": True,
        "deployment": {"label": 7, "instance": "bright"},
        "purpose": ["routine"],
        "createdBy": {},
        "notes": None,
    }
    put(folder, name("full", 1), json.dumps({**values(name("full", 1)), **odd}))

    found = opened(folder).get(name("full", 1))

    assert (found.problem, found.size, found.purpose, found.created_by, found.notes) == (None, None, None, None, "")
    assert found.deployment == {"instance": "bright"}


@pytest.mark.parametrize(
    "text", ["../../etc/passwd", "full-1", "", "x" * 40_000, "full-1760000000000\n", "quick-１７０１４５０００００００"]
)
def test_what_is_no_id_is_no_backup(folder: Path, text: str) -> None:
    with pytest.raises(UnknownBackup) as caught:
        opened(folder).get(text)
    assert len(caught.value.message) < 100


def test_what_is_learnt_stands_in_the_row_and_beside_the_manifest(folder: Path) -> None:
    made = lay(folder, name("full", 1))
    catalogue, other = opened(folder), opened(folder)
    assert not other.get(made).facts.pinned

    catalogue.learn(made, lambda facts: replace(facts, pinned=True, pin_reason="legal"))

    assert read_facts(catalogue.facts_path(made)) == catalogue.get(made).facts
    assert other.get(made).facts.pin_reason == "legal"
    assert opened(folder).get(made).facts.pinned


def test_what_two_learn_at_once_is_learnt_by_both(folder: Path) -> None:
    made = lay(folder, name("full", 1))
    catalogues = [opened(folder) for _ in range(3)]

    def more(facts: Facts) -> Facts:
        return replace(facts, warnings=(*facts.warnings, "x"))

    def learn(catalogue: Catalogue) -> None:
        for _ in range(5):
            catalogue.learn(made, more)

    threads = [threading.Thread(target=learn, args=(catalogue,)) for catalogue in catalogues]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert len(opened(folder).get(made).facts.warnings) == 15


def test_facts_keep_their_types_and_pass_over_what_is_newer() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    facts = Facts(level=3, level_at=at, pinned=True, pinned_by="U0ALICE", warnings=("a", "b"), restored_at=at, released=True)

    assert Facts.parse(facts.dump()) == facts
    assert Facts.parse({**facts.dump(), "of_tomorrow": {}}) == facts
    assert Facts.parse({"level_at": "2026-01-01T00:00:00"}).level_at == at


def test_an_id_is_never_given_twice(folder: Path) -> None:
    now = manifest.instant(1_760_000_000_000)
    catalogue = opened(folder)
    assert catalogue.next_id("full", now) == "full-1760000000000"

    lay(folder, "full-1760000000000")
    assert catalogue.next_id("full", now) == "full-1760000000001"
    assert catalogue.next_id("quick", now) == "quick-1760000000000"

    catalogue.rebuild()
    catalogue.path("full-1760000000000").unlink()
    assert catalogue.next_id("full", now) == "full-1760000000001"


def test_the_predecessor_is_the_newest_good_full_backup_of_the_same_deployment(folder: Path) -> None:
    table = {"users": {"rows": 1, "bytes": 1, "fingerprint": "0" * 64}}
    sturgeon, trout = {"label": "sturgeon", "instance": "a"}, {"label": "trout", "instance": "b"}
    good = lay(folder, name("full", 1), tables=table, deployment=sturgeon)
    lay(folder, name("full", 2), tables=table, deployment=trout)
    lay(folder, name("full", 3), replace(GOOD, failed="damaged"), tables=table, deployment=sturgeon)
    lay(folder, name("full", 4), deployment=sturgeon)
    lay(folder, name("quick", 5))
    newest = lay(folder, name("full", 6), tables=table, deployment=sturgeon)
    catalogue = opened(folder)

    found = catalogue.predecessor(catalogue.get(newest))

    assert found
    assert found.id == good
    assert catalogue.predecessor(found) is None


def test_room_is_counted_with_the_trash_and_without_the_database(folder: Path) -> None:
    catalogue = opened(folder)
    assert catalogue.used() == 0
    for place in ("quick", "full", "env", "config", ".state/trash/full-1"):
        (folder / place).mkdir(parents=True, exist_ok=True)
        (folder / place / "file").write_bytes(bytes(10))

    assert catalogue.used() == 50
