"""Which backups stay and why: the rule word by word, then what must hold whatever lies in the folder."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ops import retaining
from ops.facts import UNKNOWN, Facts
from ops.manifest import parse, unreadable
from ops.purposes import Purpose
from ops.retention import ClockStepped, Kept, Plan, Rule, keep, plan, soon
from ops.settings import Retention
from ops.trash import Trash
from tests.shelves import GOOD, lay, name, opened, values

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
POLICY = Retention()
SMALL = Retention(quick=2, full=2)


def one(number: int, days: float, **more: Any) -> Kept:
    """A good full routine backup, so many days old."""
    facts: dict[str, Any] = {"type": "full", "purpose": Purpose.ROUTINE, "good": True, **more}
    return Kept(id=f"{facts['type']}-{number:013d}", timestamp=NOW - timedelta(days=days), **facts)


def several(count: int, start: float = 0, first: int = 1000, **more: Any) -> list[Kept]:
    return [one(first - number, start + number * 0.01, **more) for number in range(count)]


def left(backups: Sequence[Kept], policy: Retention = POLICY, now: datetime = NOW) -> list[str]:
    return [leaving.id for leaving in plan(backups, policy, now).leaving]


def why(backups: Sequence[Kept], which: Kept, policy: Retention = POLICY) -> list[Rule]:
    return [reason.rule for reason in plan(backups, policy, NOW).kept.get(which.id, ())]


# -- the rule ------------------------------------------------------------------------------------------------------------


def test_the_newest_ten_quick_ones_stay_whatever_their_purpose() -> None:
    quick = several(12, type="quick")
    mixed = [replace(backup, purpose=purpose) for backup, purpose in zip(quick, [*Purpose, None, None, None], strict=True)]

    assert left(mixed) == [mixed[11].id, mixed[10].id]
    assert plan(mixed, POLICY, NOW).leaving[0].why == "12th newest quick backup; the newest 10 stay"


def test_the_newest_five_of_the_routine_and_automated_full_ones_stay() -> None:
    routine = several(7)
    assert left(routine) == [routine[6].id, routine[5].id]

    mixed = [replace(backup, purpose=Purpose.AUTOMATED) if number % 2 else backup for number, backup in enumerate(routine)]
    assert left(mixed) == [mixed[6].id]
    assert plan(mixed, POLICY, NOW).leaving[0].why == "7th newest of the routine and automated full backups; the newest 5 stay"


def test_quick_and_full_ones_are_counted_apart() -> None:
    assert left([*several(10, type="quick"), *several(5)]) == []


@pytest.mark.parametrize(
    ("purpose", "days"),
    [
        (Purpose.AUTOMATED, 30),
        (Purpose.PRE_DEPLOYMENT, 90),
        (Purpose.PRE_MIGRATION, 90),
        (Purpose.CRITICAL, 365),
        (Purpose.PRE_RELEASE, 365),
        (Purpose.POST_INCIDENT, 365),
        (Purpose.PRE_INFRASTRUCTURE, 90),
        (Purpose.SAFETY, 30),
    ],
)
def test_a_full_backup_stays_for_the_age_of_its_purpose(purpose: Purpose, days: int) -> None:
    newer = several(6)
    last_day, over = one(1, days, purpose=purpose), one(1, days + 0.001, purpose=purpose)

    assert left([*newer, last_day]) == [newer[5].id]
    assert left([*newer, over]) == [over.id, newer[5].id]
    assert plan([*newer, over], POLICY, NOW).leaving[0].why == f"{purpose}, {days + 1} days old; {days} days stay"


def test_a_count_never_takes_a_full_backup_whose_age_is_not_over() -> None:
    busy = several(40, purpose=Purpose.PRE_DEPLOYMENT)
    automated = several(20, start=1, first=500, purpose=Purpose.AUTOMATED)
    assert left([*busy, *automated]) == []


def test_an_automated_one_among_the_newest_five_stays_beyond_its_age() -> None:
    newest = one(9, 0, type="quick")
    old = [replace(backup, purpose=Purpose.AUTOMATED) for backup in several(6, start=40)]
    assert left([newest, *old]) == [old[5].id]


@pytest.mark.parametrize(
    ("facts", "rule"),
    [
        ({"pinned": True}, Rule.PINNED),
        ({"in_use": True}, Rule.IN_USE),
        ({"unreadable": True, "good": False}, Rule.UNREADABLE),
        ({"restore_verified": True}, Rule.LAST_RESTORED),
        ({"purpose": None}, Rule.UNKNOWN),
    ],
)
def test_an_old_one_stays_for_what_it_is(facts: dict[str, Any], rule: Rule) -> None:
    old = one(1, 900, **facts)
    assert why([*several(6), old], old) == [rule]


def test_only_the_last_restored_one_stays_for_that() -> None:
    older, newer = one(1, 900, restore_verified=True), one(2, 800, restore_verified=True)
    assert left([*several(5), older, newer]) == [older.id]


def test_the_last_good_one_of_each_type_stays_however_old_and_whatever_was_taken_since() -> None:
    full, quick = one(1, 900), one(2, 900, type="quick")
    failed = [*several(9, good=False), *several(30, good=False, type="quick")]
    assert {full.id, quick.id} <= plan([full, quick, *failed], SMALL, NOW).kept.keys()
    assert Rule.LAST_GOOD in why([full, quick, *failed], full, SMALL)


def test_one_that_failed_its_check_takes_no_place_among_the_newest() -> None:
    good, bad = several(2, start=3, first=500), several(5, start=1, good=False)
    assert left([*good, *bad], SMALL) == []
    assert why([*good, *bad], bad[0], SMALL) == [Rule.NOT_COUNTED]

    newer = several(2, first=1500)
    assert set(left([*newer, *good, *bad], SMALL)) == {backup.id for backup in [*good, *bad]}


def test_an_unknown_purpose_stays_until_a_person_releases_it_and_then_goes_by_count() -> None:
    unknown = one(1, 5, purpose=None)
    assert left([*several(5), unknown]) == []
    assert left([*several(5), replace(unknown, released=True)]) == [unknown.id]
    assert left([*several(4), replace(unknown, released=True)]) == []


def test_ages_stand_still_while_no_good_backup_is_taken() -> None:
    stopped = [one(1, 89 + 500, purpose=Purpose.PRE_MIGRATION), one(2, 500), *several(9, good=False)]
    decided = plan(stopped, SMALL, NOW)

    assert stopped[0].id in decided.kept
    assert decided.kept[stopped[0].id][0].text == "pre-migration, 89 days older than the newest good backup; 90 days stay"


def test_a_clock_that_went_back_takes_nothing() -> None:
    backups = [*several(30), one(9999, -0.01)]
    with pytest.raises(ClockStepped) as caught:
        keep(backups, POLICY, NOW)
    assert "full-0000000009999 was taken later" in caught.value.message

    decided = plan(backups, POLICY, NOW)
    assert (decided.leaving, len(decided.kept)) == ((), 31)
    assert decided.held
    assert soon(backups, POLICY, NOW, timedelta(days=900)) == ()


def test_a_fall_of_rows_takes_nothing_until_somebody_explains_it() -> None:
    backups = several(9)
    fallen = [backups[0], replace(backups[1], warnings=("users fell from 100 to 3 rows",)), *backups[2:]]
    decided = plan(fallen, POLICY, NOW)

    assert decided.leaving == ()
    assert decided.held == (
        f"{backups[1].id} has fewer rows than the backup before it (users fell from 100 to 3 rows), and nobody has said why."
    )
    assert len(left(backups)) == 4


def test_what_leaves_soon_is_said_before() -> None:
    backups = [*several(3), one(1, 25, purpose=Purpose.SAFETY)]
    assert soon(backups, POLICY, NOW, timedelta(days=4)) == ()
    assert [leaving.id for leaving in soon(backups, POLICY, NOW, timedelta(days=6))] == [backups[3].id]


# -- what must hold whatever lies there ----------------------------------------------------------------------------------

kept = st.builds(
    Kept,
    id=st.integers(0, 10**6).map(lambda number: f"x-{number:013d}"),
    type=st.sampled_from(["quick", "full"]),
    timestamp=st.floats(0, 800).map(lambda days: NOW - timedelta(days=round(days, 1))),
    purpose=st.sampled_from([*Purpose, None]),
    pinned=st.integers(0, 9).map(lambda number: number == 0),
    released=st.booleans(),
    good=st.integers(0, 3).map(bool),
    unreadable=st.integers(0, 9).map(lambda number: number == 0),
    restore_verified=st.integers(0, 9).map(lambda number: number == 0),
    in_use=st.integers(0, 9).map(lambda number: number == 0),
)
catalogues = st.lists(kept, max_size=40, unique_by=lambda backup: backup.id)
policies = st.builds(Retention, quick=st.integers(1, 4), full=st.integers(1, 4))


@given(catalogues, policies)
@settings(max_examples=300, deadline=None)
def test_a_good_backup_of_each_type_that_has_one_always_stays(backups: list[Kept], policy: Retention) -> None:
    stays = keep(backups, policy, NOW)
    for kind in ("quick", "full"):
        good = [backup for backup in backups if backup.type == kind and backup.good]
        assert not good or max(good, key=lambda backup: (backup.timestamp, backup.id)).id in stays


@given(catalogues, policies)
@settings(max_examples=300, deadline=None)
def test_what_leaves_is_kept_by_no_rule(backups: list[Kept], policy: Retention) -> None:
    newest = max((backup.timestamp for backup in backups if backup.good), default=NOW)
    for leaving in _those(backups, plan(backups, policy, NOW)):
        assert not any((leaving.pinned, leaving.in_use, leaving.unreadable))
        days = policy.days.of(leaving.purpose) if leaving.type == "full" else None
        assert days is None or newest - leaving.timestamp > timedelta(days=days)
        newer = [
            backup
            for backup in backups
            if backup.type == leaving.type
            and backup.good
            and backup.counted
            and (backup.timestamp, backup.id) > (leaving.timestamp, leaving.id)
        ]
        assert not leaving.counted or len(newer) >= (policy.quick if leaving.type == "quick" else policy.full)


@given(catalogues, policies)
@settings(max_examples=200, deadline=None)
def test_every_backup_stays_or_leaves_and_each_has_a_reason(backups: list[Kept], policy: Retention) -> None:
    decided = plan(backups, policy, NOW)
    assert decided.kept.keys() | {leaving.id for leaving in decided.leaving} == {backup.id for backup in backups}
    assert not decided.kept.keys() & {leaving.id for leaving in decided.leaving}
    assert all(reason.text for reasons in decided.kept.values() for reason in reasons)
    assert all(leaving.why for leaving in decided.leaving)


@given(catalogues, policies, st.randoms())
@settings(max_examples=200, deadline=None)
def test_the_order_of_the_list_decides_nothing_and_once_is_as_good_as_twice(backups: list[Kept], policy: Retention, random: Any) -> None:
    first = keep(backups, policy, NOW)
    assert keep(random.sample(backups, len(backups)), policy, NOW) == first
    assert keep([backup for backup in backups if backup.id in first], policy, NOW).keys() == first.keys()


@given(catalogues, policies, st.floats(0, 900))
@settings(max_examples=200, deadline=None)
def test_later_nothing_stays_that_would_have_left_before(backups: list[Kept], policy: Retention, days: float) -> None:
    assert keep(backups, policy, NOW + timedelta(days=days)).keys() <= keep(backups, policy, NOW).keys()


@given(catalogues, policies, kept)
@settings(max_examples=200, deadline=None)
def test_one_more_that_is_not_good_takes_no_other_away(backups: list[Kept], policy: Retention, more: Kept) -> None:
    assume(more.id not in {backup.id for backup in backups})
    bad = replace(more, good=False, restore_verified=False)
    assert keep(backups, policy, NOW).keys() <= keep([*backups, bad], policy, NOW).keys()


@given(catalogues, policies, st.integers(0, 39))
@settings(max_examples=200, deadline=None)
def test_pinning_one_takes_no_other_away(backups: list[Kept], policy: Retention, place: int) -> None:
    assume(place < len(backups))
    pinned = [replace(backup, pinned=True) if number == place else backup for number, backup in enumerate(backups)]
    assert keep(pinned, policy, NOW).keys() == keep(backups, policy, NOW).keys() | {backups[place].id}


@given(catalogues, policies)
@settings(max_examples=100, deadline=None)
def test_generous_counts_keep_what_mean_ones_keep(backups: list[Kept], policy: Retention) -> None:
    generous = policy.model_copy(update={"quick": policy.quick + 1, "full": policy.full + 1})
    assert keep(backups, policy, NOW).keys() <= keep(backups, generous, NOW).keys()


def _those(backups: list[Kept], decided: Plan) -> list[Kept]:
    gone = {leaving.id for leaving in decided.leaving}
    return [backup for backup in backups if backup.id in gone]


# -- from the catalogue to the trash -------------------------------------------------------------------------------------


def _judged(facts: Facts, used: set[str] | None = None) -> Kept:
    backup_id = name("full", 1)
    return retaining.judged(replace(parse(backup_id, values(backup_id)), facts=facts), used or set())


def test_a_backup_is_judged_by_its_facts() -> None:
    assert _judged(GOOD).good
    assert not _judged(replace(GOOD, failed="its archive is not there")).good
    assert not _judged(Facts(level=1)).good
    assert _judged(UNKNOWN).pinned
    assert _judged(Facts(known=False)).pinned
    assert _judged(replace(GOOD, released=True)).released
    assert _judged(GOOD, {name("full", 1)}).in_use
    assert retaining.judged(unreadable(name("full", 1), "is not JSON"), set()).unreadable


def test_what_may_leave_moves_to_the_trash_with_its_reason(tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    made = [lay(folder, name("quick", number)) for number in range(5)]
    catalogue = opened(folder)
    trash = Trash(catalogue, 24)
    for leaving in retaining.plan(catalogue, SMALL, {made[0]}, datetime.now(UTC)).leaving:
        trash.throw(catalogue.get(leaving.id), retaining.WHO, leaving.why)

    assert [backup.id for backup in catalogue.all()] == [made[4], made[3], made[0]]
    assert {each.backup.facts.trash_reason for each in trash.all()} == {
        "3rd newest quick backup; the newest 2 stay",
        "4th newest quick backup; the newest 2 stay",
    }
    assert {each.backup.facts.trashed_by for each in trash.all()} == {"retention"}
