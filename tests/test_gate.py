"""A9, X6: the gate's decision."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ops.facts import Facts as Learnt
from ops.gate import Code, Colour, Facts, Held, Rules, Verdict, decide
from ops.manifest import Backup, Type

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LIVE = "a" * 40
RULES = Rules(warn_after=timedelta(hours=1))


def made(kind: Type = "quick", minutes: float = 5, commit: str = LIVE, facts: Learnt | None = None) -> Backup:
    at = NOW - timedelta(minutes=minutes)
    return Backup(
        id=f"{kind}-{int(at.timestamp() * 1000)}", type=kind, timestamp=at, commit_hash=commit, facts=facts or Learnt(level=2, level_at=at)
    )


def verdict(*backups: Backup, rules: Rules = RULES, schema: bool = False, changed: float | None = None, **more: object) -> Verdict:
    changed_at = None if changed is None else NOW - timedelta(minutes=changed)
    facts = Facts(live=LIVE, schema_changed=schema, backups=backups, changed_at=changed_at, **more)  # type: ignore[arg-type] # named in each test
    return decide(facts, rules, NOW)


def test_a_fresh_backup_of_what_is_live_opens_the_gate() -> None:
    found = verdict(made())
    assert found.colour is Colour.OPEN
    assert not found.reasons
    assert found.backup == made()


def test_without_any_backup_the_gate_is_closed_and_says_which_one_would_open_it() -> None:
    found = verdict()
    assert found.colour is Colour.CLOSED
    assert found.only_backup_missing
    assert found.reasons[0].sentence == "There is no backup yet."
    assert found.reasons[0].mend == "Take a quick backup now; the deploy goes on by itself once it is verified."


@pytest.mark.parametrize(("minutes", "colour"), [(59, Colour.OPEN), (60, Colour.OPEN), (61, Colour.AMBER), (6000, Colour.AMBER)])
def test_a_backup_older_than_an_hour_makes_the_gate_amber(minutes: float, colour: Colour) -> None:
    assert verdict(made(minutes=minutes)).colour is colour


def test_a_backup_dated_far_ahead_of_the_clock_is_not_fresh_and_a_little_ahead_is() -> None:
    assert verdict(made(minutes=-4)).colour is Colour.OPEN
    found = verdict(made(minutes=-90))
    assert found.colour is Colour.CLOSED
    assert "it is dated 1 h 30 m ahead of this machine's clock, so its age is unknown." in found.reasons[0].sentence
    assert verdict(made(minutes=-90), made()).backup == made()


def test_a_backup_of_another_deployment_does_not_count() -> None:
    other = replace(made("full"), deployment={"label": "trout"})
    found = verdict(other, label="sturgeon")
    assert (found.colour, found.latest) == (Colour.CLOSED, None)
    assert "it is of the deployment trout, not of sturgeon." in found.reasons[0].sentence
    assert verdict(other, made(), label="sturgeon").backup == made()


def test_an_amber_gate_says_the_age() -> None:
    assert "3 h 20 m old" in verdict(made(minutes=200)).reasons[0].sentence


def test_an_amber_gate_asks_for_a_reason_only_where_the_team_wants_one() -> None:
    assert not verdict(made(minutes=200)).asks_reason
    strict = Rules(warn_after=timedelta(hours=1), reason_when_amber=True)
    assert verdict(made(minutes=200), rules=strict).asks_reason
    assert not verdict(made(), rules=strict).asks_reason


def test_a_changed_schema_needs_a_full_backup_whatever_quick_ones_there_are() -> None:
    found = verdict(made("quick"), schema=True)
    assert found.colour is Colour.CLOSED
    assert found.needs == "full"
    assert found.reasons[0].sentence == "There is no full backup yet."
    assert verdict(made("full", minutes=7), made("quick"), schema=True).backup == made("full", minutes=7)


def test_a_full_backup_does_where_a_quick_one_would() -> None:
    assert verdict(made("full")).colour is Colour.OPEN


def test_a_backup_of_another_commit_than_the_live_one_does_not_count() -> None:
    found = verdict(made(commit="b" * 40))
    assert found.colour is Colour.CLOSED
    assert "it is of bbbbbb, and aaaaaa is live now" in found.reasons[0].sentence


def test_a_backup_taken_before_production_last_changed_does_not_count() -> None:
    found = verdict(made(minutes=10), changed=5)
    assert found.colour is Colour.CLOSED
    assert "before production last changed (5 m 00 s ago)" in found.reasons[0].sentence
    assert verdict(made(minutes=10), changed=15).colour is Colour.OPEN


def test_a_backup_that_nobody_verified_or_that_failed_does_not_count() -> None:
    assert "nobody has looked at it" in verdict(made(facts=Learnt())).reasons[0].sentence
    assert verdict(made(facts=Learnt(level=1))).colour is Colour.CLOSED
    assert "its tag is gone" in verdict(made(facts=Learnt(level=2, failed="its tag is gone"))).reasons[0].sentence


def test_an_older_usable_backup_counts_where_the_newest_does_not() -> None:
    good, bad = made(minutes=30), made(minutes=5, facts=Learnt(level=2, failed="damaged"))
    assert verdict(bad, good).backup == good


def test_beyond_the_greatest_age_a_backup_does_not_count_at_all() -> None:
    strict = Rules(warn_after=timedelta(hours=1), max_age=timedelta(hours=12))
    assert verdict(made(minutes=11 * 60), rules=strict).colour is Colour.AMBER
    assert "and 12 h 00 m is the most" in verdict(made(minutes=13 * 60), rules=strict).reasons[0].sentence


def test_rows_that_fell_in_the_backup_ask_for_a_reason() -> None:
    found = verdict(made("full", facts=Learnt(level=2, warnings=("orders fell from 100 to 3",))))
    assert (found.colour, found.asks_reason) == (Colour.AMBER, True)
    assert "orders fell from 100 to 3" in found.reasons[0].sentence


def test_a_hold_closes_the_gate_with_who_and_why_whatever_backups_there_are() -> None:
    held = Held(reason="checkout double-charges", by="U0BOB", since=NOW - timedelta(hours=2))
    found = verdict(made(), held=held)
    assert found.colour is Colour.CLOSED
    assert found.has(Code.HELD)
    assert not found.only_backup_missing
    assert "U0BOB" in found.reasons[0].sentence
    assert "checkout double-charges" in found.reasons[0].sentence


def test_a_freeze_closes_the_gate_with_its_reason() -> None:
    found = verdict(made(), frozen="Deploys are frozen until Monday 08:00: weekend.")
    assert (found.colour, found.reasons[0].code) == (Colour.CLOSED, Code.FROZEN)


def test_every_reason_is_told_not_only_the_first() -> None:
    held = Held(reason="x", by="U0BOB", since=NOW)
    assert [reason.code for reason in verdict(held=held, frozen="frozen.").reasons] == [Code.HELD, Code.FROZEN, Code.NO_BACKUP]
