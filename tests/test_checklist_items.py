"""B5, B6, decided without Slack: when an item counts as done, and what it says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.views import checklist as views
from ops.checklists import WEEKLY, Checklist, access, making
from ops.checklists.items import State
from ops.journal import OperationView, Status
from tests.alerting import view

DUE = datetime(2026, 3, 4, 3, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def automated(began: datetime, status: Status = Status.SUCCEEDED, **more: Any) -> OperationView:
    """An automated backup."""
    result = {"backup": {"id": "full-1"}, "level": 3}
    return view("full backup", status, began, id=f"automated-{began:%Y-%m-%d-%H%M}", finished_at=began + HOUR / 60, result=result, **more)


@pytest.mark.parametrize(
    ("began", "now", "state", "words"),
    [
        (DUE, DUE + HOUR, State.DONE, "`full-1`, Wed 2026-03-04 03:00 UTC, in "),
        (DUE + 5 * HOUR, DUE + 6 * HOUR, State.DONE, "Wed 2026-03-04 08:00 UTC"),  # late, and there
        (DUE - 24 * HOUR, DUE + HOUR, State.OPEN, "One was due Wed 2026-03-04 03:00 UTC"),  # it may still be taken
        (DUE - 12 * 24 * HOUR, DUE + 3 * HOUR, State.WRONG, "The one before it: `full-1`, Fri 2026-02-20 03:00 UTC."),
    ],
)
def test_the_last_automated_backup_is_ticked_only_where_it_is_the_one_that_was_due_last(
    began: datetime, now: datetime, state: State, words: str
) -> None:
    item = making.last_automated([automated(began)], DUE, now)
    assert item.state is state
    assert words in item.evidence


def test_an_automated_backup_that_failed_is_wrong_and_one_that_never_was_is_open() -> None:
    failed = making.last_automated([automated(DUE, Status.FAILED)], DUE, DUE + HOUR)
    assert (failed.state, failed.evidence) == (State.WRONG, "Wed 2026-03-04 03:00 UTC: It broke.")
    assert making.last_automated([], DUE, DUE + HOUR).state is State.OPEN


def test_a_list_that_was_asked_for_promises_no_verification_that_does_not_come() -> None:
    item = making.verified([], DUE)
    assert (item.state, item.evidence) == (
        State.OPEN,
        "None has begun yet: it waits for staging to be free, or for `/backup verify weekly`.",
    )
    monthly = making.every_verification([], DUE, None)
    assert monthly.evidence == "No verification succeeded since the last list."  # a restore that somebody asked for is none


def test_a_full_backup_that_came_after_an_automated_one_that_failed_or_never_came_takes_its_place() -> None:
    by_hand = view("full backup", Status.SUCCEEDED, DUE + HOUR, result={"backup": {"id": "full-2"}, "level": 2}, finished_at=DUE + 2 * HOUR)
    for last in (automated(DUE, Status.FAILED), automated(DUE - 24 * HOUR)):
        item = making.last_automated([by_hand, last], DUE, DUE + 9 * HOUR)
        assert (item.state, item.text) == (State.DONE, "A full backup came after the last automated one")
        assert item.evidence == "`full-2`, Wed 2026-03-04 04:00 UTC, in 1 h 00 m, L2"
    item = making.last_automated([by_hand, automated(DUE)], DUE, DUE + 9 * HOUR)
    assert (item.text, "`full-1`" in item.evidence) == ("The last automated backup succeeded", True)


def test_what_is_red_says_what_to_do() -> None:
    failed = making.last_automated([automated(DUE, Status.FAILED)], DUE, DUE + HOUR)
    found = Checklist(id="weekly-1", kind=WEEKLY, due=DUE, since=DUE, items=(failed,))
    said = views.red(found, "production · sturgeon", found.red(DUE + HOUR))
    assert "Take one now: `/backup full`." in str(said)
    assert "Take full backup" in str(said)


def audit(**groups: list[str] | None) -> dict[str, Any]:
    """Who holds what, as an audit keeps it."""
    return {"roles": {"cto": ["S0LEADS"]}, "groups": groups, "stand_ins": [], "tokens": []}


def test_an_audit_does_not_say_that_nothing_changed_where_slack_did_not_name_a_groups_members() -> None:
    unknown = "so who came or went is unknown"
    assert access.changes(audit(S0LEADS=["U0CAROL"]), audit(S0LEADS=["U0CAROL"])) == ["Nothing changed since the last audit."]
    (now,) = access.changes(audit(S0LEADS=["U0CAROL"]), audit(S0LEADS=None))
    assert now == f"group S0LEADS: Slack did not name its members, {unknown}"
    (before,) = access.changes(audit(S0LEADS=None), audit(S0LEADS=["U0MALLORY"]))
    assert before == f"group S0LEADS: Slack did not name its members at the last audit, {unknown}"
    assert access.changes(audit(), audit(S0LEADS=["U0CAROL"])) == ["Nothing changed since the last audit."]  # the role's line has it
    assert access.changes(audit(S0LEADS=["U0CAROL"]), audit(S0LEADS=["U0MALLORY"])) == [
        "group S0LEADS: U0MALLORY came",
        "group S0LEADS: U0CAROL went",
    ]
