"""A cancel ends what may be ended, keeps the lock until it has, and says who cancelled."""

from __future__ import annotations

import threading

import pytest

from bot.views import errors
from ops.errors import Refused
from ops.journal import Busy, Cancelled, Operation, Status
from tests.journals import PATIENCE, Bots, Slow, eventually, nothing


class Deaf(Slow):
    """One whose second step pays no attention to a stop."""

    def _last(self, _op: Operation) -> None:
        self.inside.set()
        assert self.go.wait(PATIENCE)


@pytest.mark.parametrize("elsewhere", [False, True], ids=["here", "from another process"])
def test_a_cancel_reaches_a_step_that_runs(bots: Bots, *, elsewhere: bool) -> None:
    slow = Slow()
    kind = bots.kind("work", slow)
    journal = bots.bot(kind)
    started = journal.start("work", {}, by="alice", environment="production")
    assert slow.inside.wait(PATIENCE)
    (bots.bot(kind, adopts=False) if elsewhere else journal).cancel(started, by="bob")
    view = journal.wait(started, PATIENCE)
    assert (view.status, view.error) == (Status.CANCELLED, "Cancelled by bob.")
    assert [(step.name, step.state, step.error) for step in view.steps] == [("one", "done", None), ("two", "failed", "cancelled")]
    assert slow.ran == ["one"]
    assert bots.locks() == {}
    assert bots.log() == ["work cancelled"]


def test_a_cancel_keeps_the_lock_until_the_step_has_ended(bots: Bots) -> None:
    deaf = Deaf()
    journal = bots.bot(bots.kind("work", deaf))
    started = journal.start("work", {}, by="alice", environment="production")
    assert deaf.inside.wait(PATIENCE)
    journal.cancel(started, by="bob")
    with pytest.raises(Busy):
        journal.start("work", {}, by="carol", environment="production")
    deaf.go.set()
    view = journal.wait(started, PATIENCE)
    assert view.status is Status.CANCELLED
    assert [(step.name, step.state) for step in view.steps] == [("one", "done"), ("two", "done")]


def test_the_first_who_cancels_is_named(bots: Bots) -> None:
    deaf = Deaf()
    journal = bots.bot(bots.kind("work", deaf))
    started = journal.start("work", {}, by="alice", environment="production")
    assert deaf.inside.wait(PATIENCE)
    journal.cancel(started, by="bob")
    journal.cancel(started, by="carol")
    deaf.go.set()
    assert journal.wait(started, PATIENCE).error == "Cancelled by bob."


def test_a_cancel_in_the_last_step_comes_too_late_and_that_is_told_by_the_end(bots: Bots) -> None:
    inside, go = threading.Event(), threading.Event()

    def last() -> None:
        inside.set()
        assert go.wait(PATIENCE)

    journal = bots.bot(bots.kind("work", lambda op: op.step("one", last)))
    started = journal.start("work", {}, by="alice", environment="production")
    assert inside.wait(PATIENCE)
    journal.cancel(started, by="bob")
    go.set()
    assert journal.wait(started, PATIENCE).status is Status.SUCCEEDED
    with pytest.raises(Refused, match="has ended"):
        journal.cancel(started, by="bob")


def test_a_step_that_must_not_be_cancelled_is_not_even_stopped(bots: Bots) -> None:
    inside, go = threading.Event(), threading.Event()
    stops: list[bool] = []

    def clean(op: Operation) -> None:
        inside.set()
        assert go.wait(PATIENCE)
        stops.append(op.stop.is_set())

    def work(op: Operation) -> None:
        try:
            op.step("one", lambda: Slow()._last(op))
        except Cancelled:
            op.step("clean", lambda: clean(op), cancellable=False)
            raise

    journal = bots.bot(bots.kind("work", work))
    started = journal.start("work", {}, by="alice", environment="production")
    eventually(lambda: (view := journal.get(started)) and view.steps)
    journal.cancel(started, by="bob")
    assert inside.wait(PATIENCE)
    journal.cancel(started, by="carol")
    eventually(lambda: journal._keeper._woken.is_set() is False)
    go.set()
    view = journal.wait(started, PATIENCE)
    assert (view.status, stops) == (Status.CANCELLED, [False])
    assert [(step.name, step.state) for step in view.steps] == [("one", "failed"), ("clean", "done")]


def test_a_step_that_heeds_a_cancel_does_not_begin_after_it_and_is_not_stopped_by_it(bots: Bots) -> None:
    inside, go = threading.Event(), threading.Event()
    stops: list[bool] = []

    def change(op: Operation) -> None:
        inside.set()
        assert go.wait(PATIENCE)
        stops.append(op.stop.is_set())

    def work(op: Operation) -> None:
        for name in ("one", "two"):
            op.step(name, lambda: change(op), cancellable=False, heeds=True)

    journal = bots.bot(bots.kind("work", work))
    started = journal.start("work", {}, by="alice", environment="production")
    assert inside.wait(PATIENCE)
    journal.cancel(started, by="bob")
    eventually(lambda: journal._keeper._woken.is_set() is False)
    go.set()
    view = journal.wait(started, PATIENCE)
    assert (view.status, view.error, stops) == (Status.CANCELLED, "Cancelled by bob.", [False])
    assert [(step.name, step.state) for step in view.steps] == [("one", "done")]


def test_what_has_begun_to_change_production_is_not_cancelled_any_more(bots: Bots) -> None:
    inside, go_on = threading.Event(), threading.Event()

    def wait() -> None:
        inside.set()
        go_on.wait(PATIENCE)

    def work(op: Operation) -> None:
        op.step("move", lambda: None, touches=True)
        op.step("wait", wait)

    journal = bots.bot(bots.kind("work", work))
    started = journal.start("work", {}, by="alice", environment="production")
    assert inside.wait(PATIENCE)
    with pytest.raises(Refused, match="This work has begun to change production"):
        journal.cancel(started, by="bob")
    with pytest.raises(Busy) as busy:
        journal.start("work", {}, by="bob", environment="production")
    assert busy.value.remedy == "Wait for its end (`/ops status` shows it)."
    shown = str(errors.problem(busy.value))
    assert "Wait for its end" in shown
    assert "cancel" not in shown.lower()
    go_on.set()
    assert journal.wait(started, PATIENCE).status is Status.SUCCEEDED


def test_what_cannot_be_cancelled_says_so(bots: Bots) -> None:
    deaf = Deaf()
    journal = bots.bot(bots.kind("restore", deaf, cancellable=False))
    started = journal.start("restore", {}, by="alice", environment="production")
    assert deaf.inside.wait(PATIENCE)
    with pytest.raises(Refused, match="A restore cannot be cancelled"):
        journal.cancel(started, by="bob")
    with pytest.raises(Refused, match="no such operation"):
        journal.cancel("nothing", by="bob")
    with pytest.raises(Refused, match="cannot be cancelled"):
        bots.bot(adopts=False).cancel(started, by="bob")  # of a version that does not know the kind
    deaf.go.set()
    assert journal.wait(started, PATIENCE).status is Status.SUCCEEDED


def test_a_cancel_that_meets_the_end_changes_nothing(bots: Bots) -> None:
    journal = bots.bot(bots.kind("work", nothing))
    started = journal.start("work", {}, by="alice", environment="production")
    assert journal.wait(started, PATIENCE).status is Status.SUCCEEDED
    assert not journal._ledger.cancel(started, "bob")
    assert bots.row(started).cancelled_by is None
