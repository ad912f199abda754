"""An operation runs its steps once, holds its environment alone, and can be asked how it stands."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from ops.errors import Refused
from ops.journal import Busy, Operation, Status
from tests.journals import PATIENCE, Bots, eventually, nothing


class Held:
    """A workflow that stays in its step until it is let go."""

    def __init__(self) -> None:
        self.inside, self.go = threading.Event(), threading.Event()

    def __call__(self, op: Operation) -> None:
        op.step("hold", self._wait)

    def _wait(self) -> None:
        self.inside.set()
        assert self.go.wait(PATIENCE)


# ── steps ──


def test_steps_run_in_order_and_their_results_come_back(bots: Bots) -> None:
    def work(op: Operation) -> None:
        one = op.step("one", lambda: {"found": 1})
        op.step("two", lambda: op.result(seen=one["found"] + 1))

    view = bots.run(work)
    assert view.status is Status.SUCCEEDED
    assert [(step.name, step.state) for step in view.steps] == [("one", "done"), ("two", "done")]
    assert view.result == {"seen": 2}
    assert view.finished_at is not None
    assert bots.locks() == {}
    assert bots.log() == ["work succeeded"]


def test_a_result_is_the_same_live_and_when_it_is_read_again(bots: Bots) -> None:
    seen: list[object] = []
    view = bots.run(lambda op: seen.append(op.step("one", lambda: {1: (2, 3)})))
    assert seen == [{"1": [2, 3]}] == [bots.step(view.id, "one").result["value"]]  # type: ignore[index] # there is one


def test_a_result_that_is_not_json_fails_the_step(bots: Bots, caplog: pytest.LogCaptureFixture) -> None:
    def work(op: Operation) -> None:
        op.step("one", lambda: {datetime.now(UTC)})

    view = bots.run(work)
    assert (view.status, view.steps[0].state) == (Status.FAILED, "failed")
    assert "not JSON serializable" in caplog.text
    assert bots.locks() == {}


def test_a_step_that_comes_twice_is_a_defect(bots: Bots) -> None:
    ran: list[int] = []

    def work(op: Operation) -> None:
        op.step("one", lambda: ran.append(1))
        op.step("one", lambda: ran.append(2))

    assert bots.run(work).status is Status.FAILED
    assert ran == [1]


def test_progress_of_many_threads_is_written_whole_by_the_steps_end(bots: Bots) -> None:
    def work(op: Operation) -> None:
        def tell() -> None:
            with ThreadPoolExecutor(8) as pool:
                list(pool.map(lambda number: op.progress(**{f"of{number}": number, "bytes": number}), range(100)))

        op.step("one", tell)

    view = bots.run(work)
    assert view.status is Status.SUCCEEDED
    assert {view.progress[f"of{number}"] for number in range(100)} == set(range(100))


def test_a_listener_that_fails_harms_no_operation(bots: Bots, caplog: pytest.LogCaptureFixture) -> None:
    def listen(operation_id: str) -> None:
        raise LookupError(operation_id)

    journal = bots.bot(bots.kind("work", nothing), changed=listen)
    view = journal.wait(journal.start("work", {}, by="alice", environment="production"), PATIENCE)
    assert view.status is Status.SUCCEEDED
    assert "a listener failed" in caplog.text


def test_each_change_is_told(bots: Bots) -> None:
    view = bots.run(nothing)
    assert set(bots.told) == {view.id}
    assert len(bots.told) >= 4  # its start, its step's start and end, its end


# ── the lock ──


def test_a_second_operation_is_refused_with_what_runs(bots: Bots) -> None:
    held = Held()
    journal = bots.bot(bots.kind("full backup", held), bots.kind("rollback", nothing))
    first = journal.start("full backup", {}, by="alice", environment="production")
    assert held.inside.wait(PATIENCE)
    with pytest.raises(
        Busy, match=rf"^Cannot start a rollback: a full backup \({first}\) is under way on production, asked by alice"
    ) as told:
        journal.start("rollback", {}, by="bob", environment="production")
    assert "at “hold”" in told.value.message
    assert (told.value.holder.id, told.value.cancellable) == (first, True)
    assert told.value.remedy == f"Wait for its end (`/ops status` shows it), or cancel it: `/ops cancel {first}`."
    assert bots.count() == 1
    held.go.set()
    journal.wait(first, PATIENCE)
    assert journal.wait(journal.start("rollback", {}, by="bob", environment="production"), PATIENCE).status is Status.SUCCEEDED


def test_environments_have_separate_locks_and_some_operations_none(bots: Bots) -> None:
    held = Held()
    journal = bots.bot(bots.kind("hold", held), bots.kind("work", nothing))
    first = journal.start("hold", {}, by="alice", environment="production")
    assert held.inside.wait(PATIENCE)
    for environment in ("staging", None):
        assert journal.wait(journal.start("work", {}, by="bob", environment=environment), PATIENCE).status is Status.SUCCEEDED
    assert bots.locks() == {"production": first}
    held.go.set()


def test_eight_threads_that_start_one_id_start_one_run(bots: Bots) -> None:
    ran: list[int] = []
    journal = bots.bot(bots.kind("work", lambda op: op.step("one", lambda: ran.append(1))))
    with ThreadPoolExecutor(8) as pool:
        ids = set(pool.map(lambda _: journal.start("work", {}, by="schedule", environment="production", id="monday"), range(8)))
    assert ids == {"monday"}
    assert journal.wait("monday", PATIENCE).status is Status.SUCCEEDED
    assert ran == [1]


def test_the_id_of_an_ended_operation_starts_nothing(bots: Bots) -> None:
    journal = bots.bot(bots.kind("work", nothing))
    for _ in range(2):
        journal.wait(journal.start("work", {}, by="alice", environment="production", id="one"), PATIENCE)
    assert bots.log() == ["work succeeded"]


def test_rivals_never_overlap(bots: Bots) -> None:
    journals = [bots.bot(bots.kind("work", nothing)) for _ in range(2)]

    def start(number: int) -> None:
        while True:
            try:
                journals[number % 2].start("work", {}, by="alice", environment="production", id=f"n{number}")
            except Busy:
                continue
            return

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(start, range(24)))
    views = sorted((journals[0].wait(f"n{number}", PATIENCE) for number in range(24)), key=lambda view: view.created_at)
    assert all(earlier.finished_at and earlier.finished_at <= later.created_at for earlier, later in pairwise(views))


def test_looking_for_what_is_nobodys_takes_nothing_that_begins_at_this_moment(bots: Bots) -> None:
    ran: list[str] = []
    journal = bots.bot(bots.kind("work", lambda op: op.step("one", lambda: ran.append(op.id))))
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            journal._running.adopt()

    looking = threading.Thread(target=look)
    looking.start()
    ids = [journal.start("work", {}, by="alice", environment=None) for _ in range(100)]
    assert {journal.wait(each, PATIENCE).status for each in ids} == {Status.SUCCEEDED}
    over.set()
    looking.join()
    assert sorted(ran) == sorted(ids)
    assert {bots.row(each).epoch for each in ids} == {1}


def test_fifty_operations_run_at_once(bots: Bots) -> None:
    met = threading.Barrier(50)

    def work(op: Operation) -> None:
        op.step("meet", lambda: met.wait(PATIENCE))
        for number in range(4):
            op.step(f"step {number}", lambda: op.progress(done=True))

    journal = bots.bot(bots.kind("work", work))
    ids = [journal.start("work", {}, by="alice", environment=None) for _ in range(50)]
    assert {journal.wait(each, PATIENCE).status for each in ids} == {Status.SUCCEEDED}
    assert len(bots.log()) == 50


# ── reading ──


def test_the_last_operations_come_newest_first_by_kind_and_page(bots: Bots) -> None:
    journal = bots.bot(bots.kind("one", nothing), bots.kind("two", nothing))
    ids = [journal.start(kind, {}, by="alice", environment=None) for kind in ("one", "two", "one")]
    eventually(lambda: not journal.running())
    assert [view.id for view in journal.recent()] == ids[::-1]
    assert [view.id for view in journal.recent(kinds=["one"])] == [ids[2], ids[0]]
    assert [view.id for view in journal.recent(1, before=journal.recent()[0].created_at)] == [ids[1]]
    assert [len(view.steps) for view in journal.recent()] == [1, 1, 1]
    assert journal.get("nothing") is None


def test_who_waits_for_no_operation_is_told_so(bots: Bots) -> None:
    with pytest.raises(Refused, match="no such operation"):
        bots.bot().wait("nothing")


def test_waiting_ends_when_the_time_is_up_and_sees_operations_of_others(bots: Bots) -> None:
    held = Held()
    here, there = (bots.bot(bots.kind("hold", held)) for _ in range(2))
    started = there.start("hold", {}, by="alice", environment=None)
    assert held.inside.wait(PATIENCE)
    assert here.wait(started, 0.1).status is Status.RUNNING
    held.go.set()
    assert here.wait(started, PATIENCE).status is Status.SUCCEEDED
