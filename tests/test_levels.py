"""What is believed of a backup: a failure stays until a look that goes as far passes, and a level keeps the age of its own proof."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from ops import deciding, deltas, retention, verification, verify
from ops.errors import Failed, Refused
from ops.facts import Facts
from ops.restore import moment
from ops.restore.workflow import proven
from ops.restoring import around, data
from ops.retention import Kept
from ops.settings import Retention, SpotCheck
from ops.spots import Spot
from ops.spots.__main__ import look
from ops.verify import Verdict
from tests.archives import README, members, written

NOW = datetime(2026, 3, 4, tzinfo=UTC)
BEFORE = NOW - timedelta(days=9)
RESTORED = Facts(level=5, level_at=BEFORE, restored_at=BEFORE)


def test_a_lower_look_neither_takes_a_level_away_nor_makes_it_look_fresh() -> None:
    assert verify.noted(RESTORED, Verdict(level=2, items=9), NOW) == RESTORED
    again = verify.noted(replace(RESTORED, level=2), Verdict(level=2, items=9), NOW)
    assert (again.level, again.level_at) == (2, NOW)


def test_a_restore_that_proved_less_than_before_leaves_the_higher_level_its_own_age() -> None:
    less = verification.noted(RESTORED, 4, 10, NOW)
    assert (less.level, less.level_at, less.restored_at) == (5, BEFORE, NOW)
    more = verification.noted(replace(RESTORED, level=2), 4, 10, NOW)
    assert (more.level, more.level_at) == (4, NOW)


@pytest.mark.parametrize(
    ("failed_level", "looked", "good"),
    [(4, 2, False), (4, 3, False), (4, 4, True), (3, 2, False), (3, 3, True), (None, 1, False), (None, 2, True)],
)
def test_what_failed_is_sound_again_only_by_a_look_that_goes_as_far(failed_level: int | None, looked: int, good: bool) -> None:
    unsound = Facts(level=2, level_at=BEFORE, failed="rows differ", failed_level=failed_level)
    found = verify.noted(unsound, Verdict(level=looked, items=1), NOW)
    assert (found.failed is None, found.good) == (good, good)


def test_a_failure_remembers_the_highest_level_that_it_failed() -> None:
    once = verify.noted(RESTORED, Verdict(level=2, failed="a row does not parse."), NOW)
    assert (once.failed_level, once.level) == (3, 5)
    assert verify.noted(replace(once, failed_level=4), Verdict(level=0, failed="its sha256 differs."), NOW).failed_level == 4
    assert Facts.parse(once.dump()) == once


def test_nothing_is_said_to_leave_tomorrow_while_no_good_backup_comes_any_more() -> None:
    def kept(days: int) -> Kept:
        values: dict[str, Any] = dict.fromkeys(Kept.__dataclass_fields__, False) | {"size": 1, "warnings": (), "purpose": None}
        return Kept(**values | {"id": f"full-{days}", "type": "full", "timestamp": NOW - timedelta(days=days), "good": True})

    backups = [kept(days) for days in range(60, 70)]
    assert retention.soon(backups, Retention(), NOW, timedelta(days=1)) == ()


def test_a_restore_says_only_what_its_proof_showed() -> None:
    def said(**result: Any) -> str:
        return proven(cast("Any", SimpleNamespace(result=result)))

    assert said(proof={"of": 3, "equal": 3, "different": []}) == "every table is the backup's, row by row"
    assert said(proof={"of": 3, "equal": 2, "different": ["orders"]}).endswith("written meanwhile: orders")
    assert said() == "its data are not proven"


def test_a_table_that_is_called_changed_is_told_from_the_rows_that_changed() -> None:
    assert not deltas._is_changed("changed/documents.jsonl")  # the decision itself
    assert deltas._is_changed("changed/orders/documents.jsonl")


@pytest.mark.parametrize("text", ["2026-11-26T09:40+05:00", "09:40Z", "20261126", "9", "09:40 +0500"])
def test_a_moment_with_an_offset_or_without_a_time_is_refused_rather_than_read_otherwise(text: str) -> None:
    with pytest.raises(Refused, match="is no time"):
        moment(text, ZoneInfo("Australia/Melbourne"), NOW)


def test_a_stored_files_row_is_not_brought_back_whatever_component_it_is_of() -> None:
    rows = [
        deltas.Kept(name=name, created={"rows": 3}, changed=None).rows
        for name in ("orders", "_storage", "waitlist/_storage", "waitlist/users")
    ]
    assert rows == [3, 0, 0, 3]


def test_what_a_restore_found_wanting_is_sound_again_only_by_a_restore_that_is_proven() -> None:
    wanting = data.unsound(RESTORED, "it could not be restored to production: rows differ", NOW)
    assert not wanting.good
    assert not verify.noted(wanting, Verdict(level=3, items=9), NOW).good
    assert data.proven(wanting, NOW).good


@pytest.mark.parametrize(
    ("step", "possible"),
    [
        ("data", True),
        ("maintenance on", True),
        (None, True),
        ("safety export", False),
        ("backup manifest", False),
        ("imports before", False),
        ("no other import", False),
    ],
)
def test_a_person_can_vouch_for_a_step_but_for_no_backup_that_was_not_taken(step: str | None, possible: bool) -> None:
    assert deciding.by_hand(step) is possible


def test_a_spot_check_that_nobody_could_look_at_is_not_taken_for_good() -> None:
    found = Spot(what="active memberships", found=0, at_least=0, unknown="The spot checks ended early (code 137).")
    assert not found.good
    assert not found.wanting
    assert found.sentence == "active memberships could not be looked at: The spot checks ended early (code 137)."


def test_only_rows_that_were_looked_at_and_are_too_few_halt_production() -> None:
    enough, unseen = Spot(what="users", found=5, at_least=5), Spot(what="orders", found=0, at_least=1, unknown="The disk is full.")
    misnamed = Spot(what="ordes", found=0, at_least=1, misnamed="the table “ordes”, which this backup does not have")
    around.require_wanted([enough, unseen, misnamed])
    with pytest.raises(Failed, match="users of the last 7 days: 4, and 5 are wanted") as halted:
        around.require_wanted([misnamed, Spot(what="users of the last 7 days", found=4, at_least=5)])
    assert "ordes" not in halted.value.message
    assert "take the step as done" in halted.value.remedy


@pytest.mark.parametrize(
    ("check", "said"),
    [
        ({"table": "ordes"}, "[[spot_check]] names the table “ordes”, which this backup does not have: look whether the name is right"),
        ({"table": "ordes", "at_least": 0}, "names the table “ordes”, which this backup does not have"),
        ({"table": "orders", "where": {"usr": "b"}}, "names the field “usr” of “orders”, which no row of this backup has"),
        ({"table": "orders", "where": {"user": "b", "paid": True}}, "orders with user = b and paid = True: 0, and 1 are wanted"),
        ({"table": "orders", "where": {"user": "a"}}, "orders with user = a: 2"),
        ({"table": "carts", "where": {"usr": "b"}}, "carts with usr = b: 0, and 1 are wanted"),  # without rows, no field can be told
    ],
)
def test_a_spot_check_that_names_what_is_not_there_says_so_and_blames_no_row(tmp_path: Path, check: dict[str, Any], said: str) -> None:
    rows: list[dict[str, Any]] = [{"_id": "o1", "user": "a", "paid": True}, {"_id": "o2", "user": "a"}, {"_id": "o3", "user": "b"}]
    path = written(tmp_path / "spots.zip", {"README.md": README, **members({"orders": rows, "carts": []})})
    (found,) = look(path, [SpotCheck(**check)], NOW.timestamp(), seed=1)
    assert said in found.sentence
    assert bool(found.misnamed) is ("names the" in said)
    assert found.wanting is ("are wanted" in said)


def test_a_table_that_another_backup_has_is_missing_here_and_not_misnamed(tmp_path: Path) -> None:
    path = written(tmp_path / "spots.zip", {"README.md": README, **members({"orders": []})})
    (found,) = look(path, [SpotCheck(table="users")], NOW.timestamp(), seed=1, known={"users"})
    assert (found.wanting, found.sentence) == (True, "users: 0, and 1 are wanted")
