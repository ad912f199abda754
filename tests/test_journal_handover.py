"""What a process leaves in good order, the next one takes up at once, each step by its own rule."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from ops.errors import Failed
from ops.journal import Cancelled, Interrupted, Operation, Status
from tests.journals import PATIENCE, REDO, Bots, counting, eventually


def interrupted(bots: Bots, **more: Any) -> None:
    """Leave an operation interrupted in its step "two", in good order."""
    inside = threading.Event()

    def two(op: Operation) -> None:
        inside.set()
        assert op.stop.wait(PATIENCE)
        raise Failed("The program was stopped.")

    def work(op: Operation) -> None:
        op.step("one", lambda: None)
        op.step("two", lambda: two(op), **more)

    journal = bots.bot(bots.kind("work", work))
    journal.start("work", {}, by="alice", environment="production", id="op")
    assert inside.wait(PATIENCE)
    journal.close()


def test_a_process_that_goes_down_leaves_its_step_interrupted_and_the_next_goes_on_at_once(bots: Bots) -> None:
    interrupted(bots)
    assert (bots.row("op").status, bots.step("op", "two").state) == ("running", "interrupted")
    assert bots.log() == []
    ran: list[str] = []
    view = bots.bot(bots.kind("work", counting(ran))).wait("op", PATIENCE)  # with a lease of ten minutes
    assert (view.status, ran) == (Status.SUCCEEDED, ["two", "three"])
    assert bots.log() == ["work succeeded"]
    assert bots.locks() == {}


def test_no_step_begins_once_a_process_goes_down(bots: Bots) -> None:
    ran: list[str] = []
    journal = bots.bot(bots.kind("work", counting(ran)))
    journal.stop()
    journal.start("work", {}, by="alice", environment="production", id="op")
    assert journal.wait("op", PATIENCE).status is Status.RUNNING
    assert ran == []
    assert bots.bot(bots.kind("work", counting(ran))).wait("op", PATIENCE).status is Status.SUCCEEDED


@pytest.mark.parametrize(
    ("looking", "status", "ran"),
    [
        (REDO, Status.SUCCEEDED, ["two", "three"]),
        (Interrupted.HALT, Status.HALTED, []),
        (lambda: None, Status.SUCCEEDED, ["two", "three"]),
        (lambda: "seen", Status.SUCCEEDED, ["three"]),
    ],
    ids=["repeat", "halt", "look and find nothing", "look and find it done"],
)
def test_an_interrupted_step_follows_its_own_rule(bots: Bots, looking: Any, status: Status, ran: list[str]) -> None:
    interrupted(bots)
    did: list[str] = []
    view = bots.bot(bots.kind("work", counting(did, looking))).wait("op", PATIENCE)
    assert (view.status, did) == (status, ran)
    if status is Status.HALTED:
        assert "only a person can tell" in (view.error or "")


def test_a_cancel_while_nobody_ran_it_is_heeded_before_anything_is_repeated(bots: Bots) -> None:
    interrupted(bots)
    ran: list[str] = []
    kind = bots.kind("work", counting(ran))
    bots.bot(kind, adopts=False).cancel("op", by="bob")
    view = bots.bot(kind).wait("op", PATIENCE)
    assert (view.status, view.error, ran) == (Status.CANCELLED, "Cancelled by bob.", [])


def test_a_terminal_takes_up_nothing(bots: Bots) -> None:
    interrupted(bots)
    ran: list[str] = []
    terminal = bots.bot(bots.kind("work", counting(ran)), adopts=False, lease=0.3)
    assert terminal.wait("op", 1.5).status is Status.RUNNING
    assert ran == []


def test_an_operation_of_another_version_halts_and_can_be_settled(bots: Bots) -> None:
    interrupted(bots)
    ran: list[str] = []
    journal = bots.bot(bots.kind("work", counting(ran), version=2))
    view = journal.wait("op", PATIENCE)
    assert (view.status, ran) == (Status.HALTED, [])
    assert "begun by another version of Backstop" in (view.error or "")
    assert bots.locks() == {"production": "op"}
    journal.settle("op", by="carol")
    assert journal.wait("op", PATIENCE).status is Status.SUCCEEDED
    assert ran == ["two", "three"]


def test_an_operation_of_an_unknown_kind_halts_and_can_be_let_go(bots: Bots) -> None:
    interrupted(bots)
    journal = bots.bot(bots.kind("else", counting([])))
    assert journal.wait("op", PATIENCE).status is Status.HALTED
    assert bots.log() == ["Work halted"]
    journal.abandon("op", by="carol")
    assert bots.locks() == {}


@pytest.mark.parametrize("cancelled", [False, True])
def test_a_step_that_failed_fails_again_when_its_end_was_not_written(bots: Bots, *, cancelled: bool) -> None:
    ran: list[str] = []
    caught: list[type] = []
    failed = threading.Event()

    def work(op: Operation) -> None:
        try:
            op.step("one", lambda: fail(op))
        except (Failed, Cancelled) as error:
            caught.append(type(error))
            failed.set()
            if len(caught) == 1:
                eventually(op._ledger.stopping.is_set)  # the process goes down between the failure and the end
            raise

    def fail(op: Operation) -> None:
        ran.append("one")
        if cancelled:
            first.cancel(op.id, by="bob")
        raise Failed("The remote is gone.", "Look at it.")

    kind = bots.kind("work", work)
    first = bots.bot(kind)
    first.start("work", {}, by="alice", environment="production", id="op")
    assert failed.wait(PATIENCE)
    first.close()
    view = bots.bot(kind).wait("op", PATIENCE)
    assert ran == ["one"]
    assert caught == [Cancelled if cancelled else Failed] * 2
    expected = (Status.CANCELLED, "Cancelled by bob.", "") if cancelled else (Status.FAILED, "The remote is gone.", "Look at it.")
    assert (view.status, view.error, view.remedy) == expected
