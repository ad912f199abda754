"""A halted operation keeps its lock until a person says how it goes on, or that it is over."""

from __future__ import annotations

import threading

import pytest

from ops.errors import Failed, Refused
from ops.journal import Busy, Halted, Operation, Status
from tests.journals import PATIENCE, Bots, Slow


class Halting:
    """A workflow whose middle step halts until production is mended."""

    def __init__(self) -> None:
        self.mended = False
        self.ran: list[str] = []

    def __call__(self, op: Operation) -> None:
        op.step("one", lambda: self.ran.append("one"))
        value = op.step("move", self._move, touches=True)
        op.step("three", lambda: self.ran.append(f"three after {value}"))

    def _move(self) -> str:
        self.ran.append("move")
        if not self.mended:
            raise Failed("The server hung up.", "Look at it.")
        return "moved"


def test_a_halted_operation_keeps_its_lock_and_says_so_to_the_next(bots: Bots) -> None:
    journal = bots.bot(bots.kind("work", Halting()))
    started = journal.start("work", {}, by="alice", environment="production")
    view = journal.wait(started, PATIENCE)
    assert (view.status, view.error, view.finished_at) == (Status.HALTED, "The server hung up.", None)
    assert bots.locks() == {"production": started}
    decide = "A person must decide how it goes on: `/ops status` shows what can be decided."
    with pytest.raises(Busy, match="is halted on production") as busy:
        journal.start("work", {}, by="bob", environment="production")
    assert (busy.value.remedy, busy.value.cancellable) == (decide, False)
    with pytest.raises(Refused, match="is halted") as refused:
        journal.cancel(started, by="bob")
    assert refused.value.remedy == decide


@pytest.mark.parametrize(
    ("decision", "ran"),
    [
        ({}, ["one", "move", "move", "three after moved"]),
        ({"done": "by hand"}, ["one", "move", "three after by hand"]),
        ({"done": None}, ["one", "move", "three after None"]),
    ],
    ids=["repeat", "done", "done without a result"],
)
def test_a_person_settles_the_step_and_it_goes_on(bots: Bots, decision: dict[str, object], ran: list[str]) -> None:
    halting = Halting()
    journal = bots.bot(bots.kind("work", halting))
    started = journal.start("work", {}, by="alice", environment="production")
    halted = journal.wait(started, PATIENCE)
    assert halted.status is Status.HALTED
    assert halted.halted_at is not None
    assert halted.halted_at > halted.created_at
    halting.mended = True
    journal.settle(started, "move", by="carol", **decision)
    view = journal.wait(started, PATIENCE)
    assert (view.status, view.error, halting.ran) == (Status.SUCCEEDED, None, ran)
    assert [step.state for step in view.steps] == ["done"] * 3
    assert bots.locks() == {}
    said = "is to be repeated" if not decision else "is done"
    assert bots.log() == ["work halted", f"Work settled: the step “move” {said}", "work succeeded"]


def test_a_person_lets_it_be_over(bots: Bots) -> None:
    journal = bots.bot(bots.kind("work", Halting()))
    started = journal.start("work", {}, by="alice", environment="production")
    assert journal.wait(started, PATIENCE).status is Status.HALTED
    journal.abandon(started, by="carol")
    view = journal.wait(started, PATIENCE)
    assert (view.status, view.error) == (Status.FAILED, "The server hung up.")
    assert view.left == {"by": "carol", "successor": None}
    assert view.finished_at is not None
    assert bots.locks() == {}
    assert bots.log() == ["work halted", "Work settled: it is over, and the lock is free"]


def test_only_what_is_halted_can_be_settled(bots: Bots) -> None:
    slow = Slow()
    journal = bots.bot(bots.kind("work", slow))
    started = journal.start("work", {}, by="alice", environment="production")
    assert slow.inside.wait(PATIENCE)
    with pytest.raises(Refused, match="is under way"):
        journal.settle(started, "one", by="carol")
    with pytest.raises(Refused, match="is under way"):
        journal.abandon(started, by="carol")
    slow.go.set()
    assert journal.wait(started, PATIENCE).status is Status.SUCCEEDED
    with pytest.raises(Refused, match="has ended"):
        journal.settle(started, "one", by="carol")
    with pytest.raises(Refused, match="does not exist"):
        journal.settle("nothing", "one", by="carol")
    assert bots.step(started, "one").state == "done"
    assert bots.log() == ["work succeeded"]


@pytest.mark.parametrize(("step", "told"), [("one", "is done already"), ("four", "has not begun")])
def test_only_the_step_at_which_it_halted_can_be_settled(bots: Bots, step: str, told: str) -> None:
    journal = bots.bot(bots.kind("work", Halting()))
    started = journal.start("work", {}, by="alice", environment="production")
    assert journal.wait(started, PATIENCE).status is Status.HALTED
    with pytest.raises(Refused, match=told):
        journal.settle(started, step, by="carol")
    assert journal.wait(started, 0).status is Status.HALTED


def test_two_who_settle_at_once_decide_once(bots: Bots) -> None:
    halting = Halting()
    journal = bots.bot(bots.kind("work", halting))
    started = journal.start("work", {}, by="alice", environment="production")
    assert journal.wait(started, PATIENCE).status is Status.HALTED
    halting.mended = True
    outcomes: list[str] = []

    def decide(by: str) -> None:
        try:
            journal.settle(started, "move", by=by)
        except Refused:
            outcomes.append("refused")
        else:
            outcomes.append("settled")

    both = [threading.Thread(target=decide, args=(by,)) for by in ("carol", "erin")]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert sorted(outcomes) == ["refused", "settled"]
    assert journal.wait(started, PATIENCE).status is Status.SUCCEEDED
    assert halting.ran == ["one", "move", "move", "three after moved"]


def test_an_effect_that_cannot_tell_halts_at_once(bots: Bots) -> None:
    def work(op: Operation) -> None:
        def lost() -> None:
            raise Halted("Nobody knows.", "Look.")

        op.step("one", lost)

    view = bots.run(work)
    assert (view.status, view.error) == (Status.HALTED, "Nobody knows.")
