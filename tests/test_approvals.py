"""B18, B19, X3: who signs what, one start whoever clicks, and what time does to a request for a signature."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session

from ops import activity, approvals, tasks
from ops.approvals import Approval, Status, policy
from ops.database import ApprovalRow, OperationRow, VoteRow
from ops.errors import OpsError, Refused
from ops.journal import Busy, Journal, Operation
from ops.people import NotAllowed, Person, Role, at_terminal
from ops.plans import Plan, moved
from ops.settings import Roles, Settings, parse
from tests.journals import Bots, eventually

ALICE = Person(id="U0ALICE", roles=frozenset({Role.DEVELOPER}))
BOB = Person(id="U0BOB", roles=frozenset({Role.ENG_LEAD}))
CAROL = Person(id="U0CAROL", roles=frozenset({Role.CTO}))
DAVE = Person(id="U0DAVE", roles=frozenset({Role.DEVOPS}))
BACKUP = "full-1701450000000"
BOUND = {"target": "production · sturgeon", "head": "a" * 40, "commit": "b" * 40, "backup": BACKUP, "data": True}


def settings(folder: Path, **rules: Any) -> Settings:
    values = {
        "app": {"repository": "x"},
        "convex": {"production": {"name": "sturgeon"}},
        "roles": {"developer": ["U0ALICE"], "eng_lead": ["U0BOB"], "cto": ["U0CAROL"], "devops": ["U0DAVE"]},
        "approvals": rules,
    }
    return parse(Settings, values, folder)


@pytest.fixture
def rules(tmp_path: Path) -> Settings:
    return settings(tmp_path)


@pytest.fixture
def journal(bots: Bots) -> Iterator[Journal]:
    release = threading.Event()

    def wait(op: Operation) -> None:
        eventually(lambda: op.params.get("quick") or op.stop.is_set() or release.is_set())

    def work(op: Operation) -> None:
        op.step("wait", lambda: wait(op))

    kinds = [bots.kind(name, work) for name in ("deploy", "quick rollback", "full rollback", "full backup")]
    yield bots.bot(*kinds)
    release.set()


def plan(kind: str = "full rollback", **bound: Any) -> Plan:
    return Plan(kind=kind, environment="production", bound={**BOUND, **bound}, shown={"reason": "why", "impact": ""})


def pending(journal: Journal, rules: Settings, id: str = "one", person: Person = BOB, kind: str = "full rollback") -> Approval:  # noqa: A002 # as in the product
    approvals.draft(journal.engine, plan(kind), person, rules, id=id)
    return approvals.ask(journal.engine, id, rules)


def older(engine: Engine, **values: Any) -> None:
    with Session(engine) as session, session.begin():
        session.execute(update(ApprovalRow).values(**values))


# ── who signs ──


@pytest.mark.parametrize(
    ("kind", "person", "role"),
    [
        ("deploy", ALICE, None),
        ("deploy", BOB, None),
        ("deploy", CAROL, None),
        ("deploy", DAVE, Role.ENG_LEAD),
        ("quick rollback", ALICE, Role.ENG_LEAD),
        ("quick rollback", DAVE, Role.ENG_LEAD),
        ("quick rollback", BOB, None),
        ("quick rollback", CAROL, None),
        ("full rollback", ALICE, Role.CTO),
        ("full rollback", BOB, Role.CTO),
        ("full rollback", CAROL, Role.CTO),
        ("deploy", at_terminal(), None),
        ("full rollback", at_terminal(), Role.CTO),
    ],
)
def test_who_signs_is_what_the_documents_table_says(rules: Settings, kind: str, person: Person, role: Role | None) -> None:
    assert approvals.signature(kind, person, rules.approvals) is role


def test_a_cto_signs_wherever_an_eng_lead_may(journal: Journal, rules: Settings) -> None:
    waiting = pending(journal, rules, person=DAVE, kind="deploy")
    assert approvals.approve(journal, waiting.id, CAROL, BOUND, rules).decided_by == "U0CAROL"


def test_whoever_asks_does_not_sign_unless_the_team_allows_it(journal: Journal, rules: Settings, tmp_path: Path) -> None:
    waiting = pending(journal, rules, person=CAROL)
    with pytest.raises(Refused, match="You asked for this, so somebody else signs it"):
        approvals.approve(journal, waiting.id, CAROL, BOUND, rules)
    assert approvals.approve(journal, waiting.id, CAROL, BOUND, settings(tmp_path, allow_self=True)).status is Status.APPROVED


def test_a_stand_in_signs_once_they_were_told_and_at_once_where_the_asker_is_the_only_approver(journal: Journal, tmp_path: Path) -> None:
    rules = settings(tmp_path, stand_ins=["U0DAVE"])
    waiting = pending(journal, rules)
    with pytest.raises(Refused, match="You stand in for the CTO in "):
        approvals.approve(journal, waiting.id, DAVE, BOUND, rules)
    own = pending(journal, rules, id="own", person=CAROL)
    assert approvals.may_sign(own, DAVE, datetime.now(UTC), rules) == ""
    older(journal.engine, asked_at=datetime.now(UTC) - timedelta(minutes=11))
    assert approvals.approve(journal, waiting.id, DAVE, BOUND, rules).decided_by == "U0DAVE"


def test_who_is_named_as_signing_is_never_the_asker_and_where_nobody_else_is_left_the_stand_ins(tmp_path: Path) -> None:
    rules = settings(tmp_path, stand_ins=["U0DAVE"])
    assert policy.signers("U0BOB", Role.CTO, rules) == {"U0CAROL"}
    assert policy.signers("U0CAROL", Role.CTO, rules) == {"U0DAVE"}
    assert policy.signers("U0CAROL", Role.CTO, settings(tmp_path)) == frozenset()
    assert policy.signers("U0CAROL", Role.CTO, settings(tmp_path, allow_self=True)) == {"U0CAROL"}


def test_the_terminal_signs_nothing(journal: Journal, rules: Settings) -> None:
    waiting = pending(journal, rules)
    with pytest.raises(Refused, match="Nothing is signed at a terminal"):
        approvals.approve(journal, waiting.id, at_terminal(), BOUND, rules)


def test_the_start_warns_where_only_one_person_could_sign_and_nobody_stands_in(rules: Settings, tmp_path: Path) -> None:
    (alone,) = approvals.warnings(rules)
    assert alone.startswith("Whatever changes production's data can be signed by U0CAROL only")
    assert approvals.warnings(settings(tmp_path, stand_ins=["U0DAVE"])) == []
    nobody = rules.model_copy(update={"roles": Roles()})
    assert [each.split(" can be signed by ")[1][:6] for each in approvals.warnings(nobody)] == ["nobody", "nobody"]


# ── one start ──


def test_of_a_hundred_clicks_of_several_people_at_once_one_starts_it(journal: Journal, rules: Settings) -> None:
    waiting = pending(journal, rules)
    people = [Person(id=f"U0CTO{number}", roles=frozenset({Role.CTO})) for number in range(5)]
    gate = threading.Barrier(100)

    def click(number: int) -> str:
        gate.wait()
        try:
            return approvals.approve(journal, waiting.id, people[number % 5], BOUND, rules).decided_by or ""
        except Refused as refused:
            return refused.message

    with ThreadPoolExecutor(100) as pool:
        said = list(pool.map(click, range(100)))
    winners = [each for each in said if each in {person.id for person in people}]
    assert len(set(winners)) == 1
    assert all(f"already approved by {winners[0]}" in each for each in said if each not in winners)
    with Session(journal.engine) as session:
        assert session.scalar(select(func.count()).select_from(OperationRow)) == 1
        assert session.scalars(select(VoteRow.person)).all() == [winners[0]]
    signed = [line for line in activity.lines(journal.engine, 50) if line.text.startswith("Signed: ")]
    assert [line.who for line in signed] == [winners[0]]


def test_the_second_clicker_is_told_who_was_first(journal: Journal, rules: Settings) -> None:
    waiting = pending(journal, rules)
    approvals.approve(journal, waiting.id, CAROL, BOUND, rules)
    with pytest.raises(Refused, match=r"already approved by U0CAROL [\d.]+ s ago"):
        approvals.approve(journal, waiting.id, Person(id="U0OTHER", roles=frozenset({Role.CTO})), BOUND, rules)


def test_while_another_operation_runs_it_stays_pending_and_can_be_signed_afterwards(journal: Journal, rules: Settings) -> None:
    running = journal.start("deploy", {}, by="U0ALICE", environment="production")
    waiting = pending(journal, rules)
    with pytest.raises(Busy):
        approvals.approve(journal, waiting.id, CAROL, BOUND, rules)
    assert approvals.get(journal.engine, waiting.id).status is Status.PENDING
    with Session(journal.engine) as session:
        assert not session.scalars(select(VoteRow)).all()

    def room(_holder: object) -> bool:
        journal.cancel(running, by="U0CAROL")
        return journal.wait(running, 20).finished_at is not None

    assert approvals.approve(journal, waiting.id, CAROL, BOUND, rules, make_room=room).status is Status.APPROVED


# ── what is bound ──


def test_what_moved_makes_it_void_and_says_what(journal: Journal, rules: Settings) -> None:
    waiting = pending(journal, rules)
    with pytest.raises(Refused, match=f"production moved from `{'a' * 6}` to `{'c' * 6}` after this was planned"):
        approvals.approve(journal, waiting.id, CAROL, {**BOUND, "head": "c" * 40}, rules)
    found = approvals.get(journal.engine, waiting.id)
    assert (found.status, found.why) == (Status.VOID, f"production moved from `{'a' * 6}` to `{'c' * 6}`")
    assert journal.get(waiting.operation_id) is None


def test_a_plan_that_was_changed_in_the_database_is_not_started(journal: Journal, rules: Settings) -> None:
    waiting = pending(journal, rules)
    older(journal.engine, shown={"reason": "another", "impact": ""})
    with pytest.raises(Refused, match="its digest differs"):
        approvals.approve(journal, waiting.id, CAROL, BOUND, rules)


def test_a_plans_digest_is_of_everything_in_it_and_of_nothing_else() -> None:
    assert plan().digest == plan().digest
    assert len({plan().digest, plan("deploy").digest, plan(head="c" * 40).digest, Plan(**{**vars(plan()), "shown": {}}).digest}) == 4


def test_each_thing_that_moved_is_told_in_a_clause() -> None:
    found = {**BOUND, "head": "c" * 40, "backup": "", "settings": "y", "pause": False}
    assert moved({**BOUND, "settings": "x", "pause": True}, found) == [
        f"the backup `{BACKUP}` is no longer there",
        f"production moved from `{'a' * 6}` to `{'c' * 6}`",
        "pause is false, not true",
        "the settings changed",
    ]


# ── time ──


def test_it_expires_and_then_nobody_can_sign_it(journal: Journal, rules: Settings) -> None:
    waiting = pending(journal, rules)
    assert approvals.expire(journal.engine) == []
    older(journal.engine, expires_at=datetime.now(UTC) - timedelta(seconds=1))
    with pytest.raises(Refused, match="It expired"):
        approvals.approve(journal, waiting.id, CAROL, BOUND, rules)
    assert approvals.expire(journal.engine) == [waiting.id]
    assert approvals.expire(journal.engine) == []
    with pytest.raises(Refused, match="It expired"):
        approvals.approve(journal, waiting.id, CAROL, BOUND, rules)


def test_reminders_back_off_and_what_a_stop_missed_is_said_once(journal: Journal, rules: Settings) -> None:
    waiting = pending(journal, rules)
    at = waiting.asked_at
    assert at

    def turns(minutes: float, reminded: int = 0) -> list[int]:
        older(journal.engine, reminded=reminded)
        return [
            each.turn
            for each in approvals.due(approvals.pending(journal.engine), at + timedelta(minutes=minutes), rules)
            if each.what == "remind"
        ]

    assert (turns(4), turns(5), turns(12), turns(12, reminded=2), turns(21, reminded=2)) == ([], [1], [2], [], [3])
    assert turns(31) == []


# ── no, and without ──


def test_whoever_may_sign_may_reject_with_a_reason_and_whoever_asked_may_take_it_back(journal: Journal, rules: Settings) -> None:
    one, two = pending(journal, rules), pending(journal, rules, id="two")
    with pytest.raises(Refused, match="Only the CTO"):
        approvals.reject(journal.engine, one.id, ALICE, rules, "no")
    assert approvals.reject(journal.engine, one.id, CAROL, rules, "wait").why == "wait"
    with pytest.raises(Refused, match="already rejected by U0CAROL"):
        approvals.approve(journal, one.id, CAROL, BOUND, rules)
    with pytest.raises(Refused, match="Only whoever asked"):
        approvals.withdraw(journal.engine, two.id, CAROL)
    assert approvals.withdraw(journal.engine, two.id, BOB).status is Status.WITHDRAWN


def test_the_glass_needs_a_role_some_minutes_a_reason_and_the_id(journal: Journal, rules: Settings) -> None:
    waiting = pending(journal, rules)
    said: dict[str, Any] = {"reason": "nobody answers", "typed": BACKUP}
    with pytest.raises(NotAllowed):
        approvals.break_glass(journal, waiting.id, ALICE, BOUND, rules, **said)
    with pytest.raises(Refused, match="the glass may be broken in"):
        approvals.break_glass(journal, waiting.id, BOB, BOUND, rules, **said)
    older(journal.engine, asked_at=datetime.now(UTC) - timedelta(minutes=11))
    with pytest.raises(Refused, match="needs a reason"):
        approvals.break_glass(journal, waiting.id, BOB, BOUND, rules, reason=" ", typed=BACKUP)
    with pytest.raises(Refused, match="not what this plan is about"):
        approvals.break_glass(journal, waiting.id, BOB, BOUND, rules, reason="x", typed="full-1")
    broken = approvals.break_glass(journal, waiting.id, BOB, BOUND, rules, **said)
    assert (broken.status, broken.why) == (Status.BROKEN, "nobody answers")
    (task,) = tasks.open_ones(journal.engine)
    assert task.about == waiting.operation_id
    with pytest.raises(Refused, match="somebody else reviews it"):
        tasks.close(journal.engine, task.id, by="U0BOB", how="fine")
    tasks.close(journal.engine, task.id, by="U0CAROL", how="fine")
    assert tasks.open_ones(journal.engine) == []


def test_where_nobody_could_sign_the_glass_may_be_broken_at_once(journal: Journal, tmp_path: Path) -> None:
    rules = settings(tmp_path)
    assert approvals.only_asker("U0CAROL", Role.CTO, rules)
    waiting = pending(journal, rules, person=CAROL)
    broken = approvals.break_glass(journal, waiting.id, CAROL, BOUND, rules, reason="alone at night", typed=BACKUP)
    assert broken.status is Status.BROKEN


def test_a_retried_click_starts_nothing_twice(journal: Journal, rules: Settings) -> None:
    waiting = pending(journal, rules)
    approvals.approve(journal, waiting.id, CAROL, BOUND, rules)
    with pytest.raises(OpsError, match="already approved"):
        approvals.approve(journal, waiting.id, CAROL, BOUND, rules)
    with Session(journal.engine) as session:
        assert session.scalar(select(func.count()).select_from(OperationRow)) == 1


def test_the_log_says_who_asked_and_who_signed(journal: Journal, rules: Settings) -> None:
    waiting = pending(journal, rules)
    approvals.approve(journal, waiting.id, CAROL, BOUND, rules)
    lines = [(line.who, line.text, line.outcome) for line in reversed(activity.lines(journal.engine, 9))]
    about = f"full rollback to {BACKUP} on production · sturgeon (plan {waiting.plan.short})"
    assert lines == [("U0BOB", f"Sign-off asked: {about}", "pending"), ("U0CAROL", f"Signed: {about}", "approved")]
    assert activity.verify(journal.engine) == []
