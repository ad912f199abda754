"""A manifest is complete in itself, and one that cannot be read is said, never fatal."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ops import manifest
from ops.errors import UnknownBackup

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


def written(folder: Path, values: Any, name: str = "full-backup-1701450000000.json") -> Path:
    path = folder / name
    path.write_text(values if isinstance(values, str) else json.dumps(values))
    return path


def test_a_manifest_with_only_the_documents_keys_is_a_backup_and_the_rest_is_unknown(tmp_path: Path) -> None:
    found = manifest.read(written(tmp_path, DOCUMENT))

    assert found.problem is None
    assert (found.id, found.short_commit, found.size, found.notes) == (
        "full-1701450000000",
        "abc123",
        5242880,
        "Pre-schema-migration backup",
    )
    assert (found.purpose, found.label, found.tables, found.sha256, found.rows) == (None, None, None, None, None)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ("not json", "is not JSON"),
        ("", "is not JSON"),
        ("[]", "is not a JSON object"),
        ({**DOCUMENT, "id": "full-1701450000001"}, "says that it is full-1701450000001"),
        ({**DOCUMENT, "commitHash": 7}, "has no text as commitHash"),
        ({key: value for key, value in DOCUMENT.items() if key != "branch"}, "lacks the key 'branch'"),
        ({**DOCUMENT, "timestamp": "yesterday"}, "yesterday"),
        ({**DOCUMENT, "tables": {"users": {"rows": "many"}}}, "full-backup-1701450000000.json"),
    ],
)
def test_a_manifest_that_cannot_be_read_says_why_and_keeps_its_place(tmp_path: Path, values: Any, says: str) -> None:
    found = manifest.read(written(tmp_path, values))

    assert found.problem is not None
    assert says in found.problem
    assert found.id == "full-1701450000000"
    assert found.timestamp == datetime(2023, 12, 1, 17, 0, tzinfo=UTC)
    assert not found.good


@pytest.mark.parametrize(
    "text",
    [
        "../../etc/passwd",
        "full-123",
        "full-17014500000001",
        "FULL-1701450000000",
        "quick-1701450000000\n",
        "",
        "full-１７０１４５０００００００",
    ],
)
def test_only_a_backup_id_is_taken_as_one(text: str) -> None:
    with pytest.raises(UnknownBackup) as caught:
        manifest.check_id(text)
    assert "`/backup list`" in caught.value.remedy


@pytest.mark.parametrize("text", ["FULL-1701450000000", "`full-1701450000000`", " *Full-1701450000000* ", "full-1701450000000\n"])
def test_an_id_is_taken_as_people_type_and_copy_it(text: str) -> None:
    assert manifest.check_id(manifest.as_meant(text)) == "full-1701450000000"


def test_the_timestamp_is_the_instant_of_the_id_in_utc_with_milliseconds() -> None:
    assert manifest.timestamp_text(manifest.instant(1701450000007)) == "2023-12-01T17:00:00.007Z"


@pytest.mark.parametrize("kind", ["quick", "full"])
def test_a_manifest_that_was_changed_no_longer_carries_its_own_digest(kind: str) -> None:
    values = json.loads(manifest.dump({**DOCUMENT, "type": kind, "sha256": "0" * 64}))

    assert manifest.seal(values) == manifest.own_digest(values)
    assert manifest.seal({**values, "notes": "other"}) != manifest.own_digest({**values, "notes": "other"})
    assert (values["sha256"] == "0" * 64) is (kind == "full")


def test_the_documents_keys_come_first_and_in_the_documents_order() -> None:
    assert list(json.loads(manifest.dump({**DOCUMENT, "schemaVersion": 1})))[: len(DOCUMENT)] == list(DOCUMENT)
