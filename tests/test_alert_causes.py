"""B20, decided without Slack: what is wrong, and when it is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from bot.views.alerts import worst_first
from ops import activity, automated, missed, watch
from ops.alerts import answers, causes, looking, records, severity
from ops.alerts.severity import Severity
from ops.automated import Missing
from ops.backstop import Backstop
from ops.by_hand import Restoration
from ops.journal import OperationView, Status
from ops.missed import Missed
from ops.settings import Settings, parse
from tests.alerting import HOUR, NOW, alert_of, engine, facts, kept, view

__all__ = ["engine"]


def test_an_automated_backup_that_did_not_come_is_wrong_until_a_newer_good_one_is_there() -> None:
    missed = Missing(id="automated-1", due=NOW, why="No room.", again=False)
    (found,) = causes.causes(facts(missing=(missed,)), NOW + HOUR)
    assert (found.key, found.severity, found.about) == ("automated-backup", Severity.P0, "automated-1")
    older, newer = (_Full(timestamp=NOW + span) for span in (-HOUR, HOUR))
    assert causes.causes(facts(missing=(missed,), newest=older), NOW + HOUR)
    assert not causes.causes(facts(missing=(missed,), newest=newer), NOW + HOUR)
    alert = alert_of("automated-backup")
    assert causes.over(alert, facts(newest=older)) is None
    assert causes.over(alert, facts()) is None  # it was overtaken by the next moment, and there is still none
    assert causes.over(alert, facts(newest=newer)) == "There is a good full backup again: full-1."


def test_automated_backups_that_never_came_are_one_alert_until_a_newer_good_one_is_there() -> None:
    def never(due: datetime) -> Missed:
        return Missed(id="", due=due, noted=NOW, text="The automated backup did not come: no bot ran then.")

    (found,) = causes.causes(facts(missed=(never(NOW - 24 * HOUR), never(NOW))), NOW + HOUR)
    assert (found.severity, found.title, found.at) == (Severity.P0, "2 automated backups did not come", NOW)
    assert "no bot ran then. It is the last of 2 since 2026-03-03 03:00 UTC." in found.text
    older, newer = (_Full(timestamp=NOW + span) for span in (-HOUR, HOUR))
    assert not causes.causes(facts(missed=(never(NOW),), newest=newer), NOW + HOUR)
    (since,) = causes.causes(facts(missed=(never(NOW - 24 * HOUR), never(NOW)), newest=older), NOW + HOUR)
    assert since.title == "An automated backup did not come"  # the one before it was made up for
    alert = alert_of("missed-backups")
    assert (causes.over(alert, facts()), causes.over(alert, facts(newest=older))) == (None, None)
    assert causes.over(alert, facts(newest=newer)) == "There is a good full backup again: full-1."


def test_an_automated_backup_that_was_tried_late_is_said_to_have_been_due_when_it_was() -> None:
    late = NOW + HOUR
    (missed,) = automated.missing([view("full backup", Status.FAILED, late, id=automated.operation_id(NOW))], late)
    (found,) = causes.causes(facts(missing=(missed,)), late)
    assert found.text == "Due 2026-03-04 03:00 UTC: It broke."
    assert found.at == late  # what was ended by a person before it was tried is news again
    assert causes.causes(facts(missing=(missed,), newest=_Full(timestamp=NOW + HOUR / 2)), late)


@pytest.mark.parametrize(("used", "words"), [(79, ""), (80, "80 %"), (90, "90 %"), (100, "100 %"), (130, "over its limit")])
def test_the_folder_is_told_of_from_four_fifths_on_and_its_words_do_not_change_with_every_backup(used: int, words: str) -> None:
    found = causes.causes(facts(used=used), NOW)
    assert [words in each.title + each.text for each in found] == ([True] if words else [])


def test_a_failed_verification_a_blind_verifier_and_a_week_without_one_are_told_apart() -> None:
    failed = view("verification", Status.FAILED)
    shown = {"repeats": "verification-1", "damage": "a byte", "seed": 1}
    blind = view("verification", Status.FAILED, result={"missed": "a byte"}, params={"bound": {"backup": "full-1"}, "shown": {"seed": 1}})
    again = replace(blind, id="verification-2", created_at=NOW + HOUR, params={"bound": {"backup": "full-1"}, "shown": shown})
    sees = replace(again, result={"verifier": {"damage": "a byte", "seen": "x"}})
    other = replace(again, result={"verifier": {"damage": "a row twice", "seen": "x"}}, status=Status.SUCCEEDED)
    good = view("verification", Status.SUCCEEDED, NOW + HOUR)
    cancelled = view("verification", Status.CANCELLED, NOW + 2 * HOUR)
    assert [each.key for each in causes.causes(facts(verifications=(cancelled, failed)), NOW)] == ["verification"]
    assert [each.key for each in causes.causes(facts(verifications=(blind,)), NOW)] == ["verifier"]
    assert not causes.causes(facts(verifications=(good, failed)), NOW)
    assert causes.over(alert_of("verification"), facts(verifications=(cancelled, failed))) is None
    assert causes.over(alert_of("verification"), facts(verifications=(good, failed))) == "`full-1` was restored to staging and proven."
    for still in ((good, blind), (other, blind), (again, blind)):  # it saw another damage, or missed this one again
        assert [each.key for each in causes.causes(facts(verifications=still), NOW)] == ["verifier"]
        assert causes.over(alert_of("verifier"), facts(verifications=still)) is None
    assert [each.key for each in causes.causes(facts(verifications=(sees, blind)), NOW)] == ["verification"]  # it failed later on
    twice = replace(sees, id="verification-3", params={"bound": {"backup": "full-1"}, "shown": shown | {"repeats": "verification-2"}})
    assert not causes.causes(facts(verifications=(replace(twice, status=Status.SUCCEEDED), again, blind)), NOW)
    assert causes.over(alert_of("verifier"), facts(verifications=(sees, blind))) == "The verifier sees it now: `full-1`, a byte."
    monday = NOW - timedelta(days=2)
    assert not causes.causes(facts(weekly=monday), NOW - timedelta(minutes=1))
    assert [each.key for each in causes.causes(facts(weekly=monday), NOW)] == ["verification-overdue"]
    assert not causes.causes(facts(weekly=monday, verifications=(good,)), NOW + 2 * HOUR)


def test_what_must_not_wait_is_listed_before_the_rest() -> None:
    later, first, sooner = (
        replace(alert_of(key), severity=urgent)
        for key, urgent in (("verification-overdue", Severity.P1), ("halted", Severity.P0), ("storage", Severity.P1))
    )
    assert worst_first([later, first, sooner]) == [first, later, sooner]


def test_no_verification_was_missed_that_was_due_before_backstop_came(tmp_path: Path) -> None:
    values = {"app": {"repository": "x"}, "convex": {each: {"name": each, "url": "http://x"} for each in ("production", "staging")}}
    backstop = Backstop.open(parse(Settings, values, tmp_path), adopts=False)
    try:
        assert looking.due_weekly(backstop, NOW) is None
        activity.record(backstop.engine, who="U0BOB", text="Full backup created", outcome="succeeded")
        assert looking.due_weekly(backstop, datetime.now(UTC)) is None
        due = looking.due_weekly(backstop, datetime.now(UTC) + timedelta(days=8))
        assert due is not None
        assert due > datetime.now(UTC)
    finally:
        backstop.close()


def test_a_backup_that_never_came_is_told_also_where_backstop_stopped_once_that_was_written_down(tmp_path: Path) -> None:
    values = {"app": {"repository": "x"}, "convex": {"production": {"name": "sturgeon"}}}
    first = Backstop.open(parse(Settings, values, tmp_path), adopts=False)
    missed.note(first, NOW - 30 * HOUR, NOW, lambda _moment: "no bot ran then.")
    first.close()
    backstop = Backstop.open(parse(Settings, values, tmp_path), adopts=False)
    try:
        now = datetime.now(UTC)
        looking.look(backstop, looking.gather(backstop, now, late=None, log=None, slack=None), now)
        (alert,) = (each for each in records.open_ones(backstop.engine) if each.key == "missed-backups")
        assert (alert.severity, alert.told) == (Severity.P0, alert.digest)
        answers.close(backstop.engine, alert.id, by="U0CAROL", why="The host was moved")
        looking.look(backstop, looking.gather(backstop, now, late=None, log=None, slack=None), now)
        assert "missed-backups" not in [each.key for each in records.open_ones(backstop.engine)]  # a person's word holds
    finally:
        backstop.close()


def test_a_restoration_that_a_person_found_wrong_is_a_failed_verification_until_one_is_as_it_should_be() -> None:
    bad = Restoration(backup="full-9", by="U0DAVE", at=NOW, wrong=("Application functional",), issues="it asks for a login")
    good = replace(bad, by="U0BOB", at=NOW + HOUR, wrong=())
    (found,) = causes.causes(facts(by_hand=bad), NOW)
    assert (found.key, found.severity, found.at) == ("verification", Severity.P0, NOW)
    assert found.text == "`full-9`, restored by U0DAVE: Application functional: No. Issues found: it asks for a login"
    assert not causes.causes(facts(by_hand=good), NOW + HOUR)
    alert = alert_of("verification")
    assert causes.over(alert, facts(by_hand=bad)) is None
    assert causes.over(alert, facts(by_hand=good)) == "`full-9` was restored by U0BOB, as it should be."
    proven = view("verification", Status.SUCCEEDED, NOW + HOUR)
    assert not causes.causes(facts(by_hand=bad, verifications=(proven,)), NOW + HOUR)
    assert causes.over(alert, facts(by_hand=bad, verifications=(proven,))) == "`full-1` was restored to staging and proven."
    failed = view("verification", Status.FAILED, NOW - HOUR)
    assert not causes.causes(facts(by_hand=good, verifications=(failed,)), NOW + HOUR)


def test_production_half_changed_is_told_until_a_person_decided_and_a_failed_restore_until_one_succeeds() -> None:
    halted = view("deploy", Status.HALTED, finished_at=None)
    (found,) = causes.causes(facts(operations=(halted,)), NOW)
    assert (found.key, found.severity) == ("halted:production", Severity.P0)
    alert = replace(alert_of("halted:production"), about="deploy-1")
    assert causes.over(alert, facts(operations=(halted,))) is None
    assert causes.over(alert, facts(operations=(view("deploy", Status.RUNNING, finished_at=None),))) is None
    assert causes.over(alert, facts(operations=(view("deploy", Status.SUCCEEDED),))) == "It succeeded."
    left = view("deploy", Status.FAILED, result={"left": {"by": "U0BOB"}})
    assert causes.over(alert, facts(operations=(left,))) == "U0BOB ended it as it was, half-way."
    staging = view("staging restore", Status.HALTED, environment="staging", finished_at=None)
    assert not causes.causes(facts(operations=(staging,)), NOW)
    failed, good = view("restore", Status.FAILED), view("full rollback", Status.SUCCEEDED, NOW + HOUR)
    assert [each.key for each in causes.causes(facts(operations=(failed,)), NOW)] == ["restore"]
    assert causes.over(alert_of("restore"), facts(operations=(failed,))) is None
    assert causes.over(alert_of("restore"), facts(operations=(good, failed))) == "The full rollback full rollback-1 succeeded."


def watching(status: Status, *faults: str) -> OperationView:
    """A watch after a restore that saw these, "" where all was well."""
    row: dict[str, Any] = {"bad": 0, "good": 0, "since": None, "fault": ""}
    for turn, fault in enumerate(faults):
        row = watch.in_a_row(row, fault, NOW + turn * timedelta(minutes=2))
    kept: dict[str, Any] = {"progress": {"row": row}} if status is Status.RUNNING else {"result": {"row": row}}
    return view("watch", status, finished_at=None if status is Status.RUNNING else NOW + HOUR, **kept)


def test_two_bad_looks_in_a_row_after_a_restore_are_wrong_until_two_are_good_or_something_newer_was_brought_back() -> None:
    for well in ((), ("",), ("500",), ("500", "", "500")):
        assert not causes.causes(facts(watches=(watching(Status.RUNNING, *well),)), NOW)
    for faults in (("500", "502"), ("500", "502", "503"), ("", "500", "500", "500")):
        (found,) = causes.causes(facts(watches=(watching(Status.RUNNING, *faults),)), NOW)
        assert (found.key, found.severity, found.about, found.text[-3:]) == ("watch", Severity.P0, "watch-1", "500")
    ended = watching(Status.SUCCEEDED, "500", "500")
    undoing = view("restore", Status.RUNNING, finished_at=None)
    assert not causes.causes(facts(watches=(ended,), operations=(undoing,)), NOW + HOUR)
    assert causes.causes(facts(watches=(ended,)), NOW + 24 * HOUR)
    assert not causes.causes(facts(watches=(ended,)), NOW + 26 * HOUR)
    alert = replace(alert_of("watch"), about="watch-1")
    for faults in (("500", "500"), ("500", "500", "")):
        assert causes.over(alert, facts(watches=(watching(Status.RUNNING, *faults),))) is None
    assert causes.over(alert, facts(watches=(watching(Status.RUNNING, "500", "500", "", ""),)))
    back = view("restore", Status.SUCCEEDED, NOW + HOUR)
    assert causes.over(alert, facts(watches=(ended,), operations=(back,))) == "The restore restore-1 succeeded."


def test_a_changed_log_is_told_until_a_person_ends_it_as_what_showed_it_may_be_out_of_sight_by_then(engine: Engine) -> None:
    (found,) = causes.causes(facts(log=("Line 3 was changed.", "Line 9 is missing.")), NOW)
    assert (found.text, found.severity) == ("Line 3 was changed. And 1 more.", Severity.P0)
    assert not causes.causes(facts(log=()), NOW)
    assert (causes.over(alert_of("log"), facts(log=None)), causes.over(alert_of("log"), facts(log=()))) == (None, None)
    alert = kept(engine, found)
    assert activity.reference(engine) is None
    answers.close(engine, alert.id, by="U0CAROL", why="the disk was lost")
    counts = activity.reference(engine)
    assert counts is not None
    assert (counts.who, counts.text) == ("U0CAROL", "The activity log is not as it was written: over. the disk was lost")


def test_a_test_of_the_alerts_that_nobody_answers_for_a_day_is_an_alert_until_one_is() -> None:
    test = replace(alert_of("canary"), severity=severity.Severity.TEST, opened_at=NOW)
    assert not causes.causes(facts(canary=test), NOW + timedelta(hours=23))
    assert [each.key for each in causes.causes(facts(canary=test), NOW + timedelta(days=1))] == ["canary-unanswered"]
    unanswered = alert_of("canary-unanswered")
    assert causes.over(unanswered, facts(canary=test)) is None
    assert causes.over(unanswered, facts(canary=replace(test, resolved_at=NOW)))


class _Full:
    """A good full backup, as far as alerts look at it."""

    def __init__(self, timestamp: datetime) -> None:
        self.timestamp, self.id = timestamp, "full-1"
