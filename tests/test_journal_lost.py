"""What a killed or frozen process leaves is taken up: at once where it can be proven dead, after its lease where not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy import event as events

from ops.journal import Journal, Operation, Status
from ops.journal import journal as journals
from ops.journal.runners import Runner
from tests.journals import PATIENCE, REDO, Bots, counting, eventually

# Another process: it starts the operation, says that it is in the step "two", and stays there until a file says to go on.
OTHER = """
import logging, sys, time
from pathlib import Path
from ops.database import open_database
from ops.journal import Interrupted, Journal, Kind
url, folder, lease, deadline = sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]) or None
def two():
    (folder / "inside").touch()
    while not (folder / "go").exists(): time.sleep(0.01)
    (folder / "effect").touch()
def work(op):
    op.step("one", lambda: 1, if_interrupted=Interrupted.REDO)
    op.step("two", two, if_interrupted=Interrupted.REDO, deadline=deadline)
    op.step("three", lambda: 3)
logging.basicConfig(filename=folder / "other.log")
kind = Kind(name="work", workflow=work, version=1, cancellable=True, sentence=lambda view: f"work {view.status}")
journal = Journal(open_database(url), [kind], lease=lease, runners=folder / "runners").open()
print(journal.start("work", {}, by="alice", environment="production", id="op"), flush=True)
while "op" in journal._running.operations: time.sleep(0.01)
(folder / "over").touch()
"""


@contextmanager
def another(bots: Bots, lease: float, deadline: float = 0) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that is in its step "two"."""
    url = bots.engine.url.render_as_string(hide_password=False)
    with subprocess.Popen([sys.executable, "-c", OTHER, url, str(bots.folder), str(lease), str(deadline)]) as process:
        try:
            eventually((bots.folder / "inside").exists)
            yield process
        finally:
            process.kill()


def proven(bots: Bots) -> bool:
    """Whether a file lock proves who is dead."""
    return bots.engine.dialect.name == "sqlite"


# ── killed ──


def test_a_killed_process_is_followed_at_once_where_it_is_proven_dead_and_after_its_lease_where_not(bots: Bots) -> None:
    ran: list[str] = []
    with another(bots, lease=600 if proven(bots) else 1.5) as other:
        lease = bots.row("op").lease_until
        other.kill()
        other.wait()
        view = bots.bot(bots.kind("work", counting(ran)), lease=600 if proven(bots) else 1.5).wait("op", PATIENCE)
    assert (view.status, ran) == (Status.SUCCEEDED, ["two", "three"])
    if not proven(bots):
        assert view.finished_at is not None
        assert view.finished_at.timestamp() > lease


def test_what_a_lost_process_started_is_over_before_the_step_is_repeated(bots: Bots) -> None:
    """PostgreSQL: the other machine may be alive, with its program at work. On one machine it died with its process."""
    began: list[float] = []

    def work(op: Operation) -> None:
        op.step("one", lambda: 1)
        op.step("two", lambda: began.append(time.time()), if_interrupted=REDO, deadline=4.0)

    with another(bots, lease=600 if proven(bots) else 0.5, deadline=4.0 if not proven(bots) else 600) as other:
        deadline = bots.step("op", "two").deadline
        other.kill()
        other.wait()
        assert bots.bot(bots.kind("work", work), lease=0.5).wait("op", PATIENCE).status is Status.SUCCEEDED
    assert deadline is not None
    assert (began[0] >= deadline) is not proven(bots)
    assert (bots.step("op", "two").deadline or 0) > began[0]


def test_a_target_that_says_how_it_ended_is_believed_before_the_deadline(bots: Bots) -> None:
    ran: list[str] = []
    looks: list[str] = []

    def look() -> str | None:
        looks.append("look")
        return "seen" if len(looks) == 2 else None

    with another(bots, lease=600 if proven(bots) else 0.5, deadline=600) as other:
        other.kill()
        other.wait()
        view = bots.bot(bots.kind("work", counting(ran, look)), lease=0.5).wait("op", PATIENCE)
    assert view.status is Status.SUCCEEDED
    assert (looks, ran) == ((["look"], ["two", "three"]) if proven(bots) else (["look", "look"], ["three"]))


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)  # on one machine nobody waits for a deadline
def test_waiting_for_a_deadline_can_be_cancelled(bots: Bots) -> None:
    ran: list[str] = []
    with another(bots, lease=0.5, deadline=600) as other:
        other.kill()
        other.wait()
        journal = bots.bot(bots.kind("work", counting(ran)), lease=0.5)
        eventually(lambda: bots.row("op").epoch == 2)
        journal.cancel("op", by="bob")
        assert journal.wait("op", PATIENCE).status is Status.CANCELLED
    assert ran == []


# ── frozen ──


def test_a_frozen_process_never_writes_over_the_one_that_took_its_operation_over(bots: Bots) -> None:
    """On SQLite its file lock says that it lives: nobody takes anything over, and when it thaws it goes on."""
    ran: list[str] = []
    with another(bots, lease=0.5) as other:
        os.kill(other.pid, signal.SIGSTOP)
        journal = bots.bot(bots.kind("work", counting(ran)), lease=0.5)
        if proven(bots):
            assert journal.wait("op", 3).status is Status.RUNNING
        else:
            assert journal.wait("op", PATIENCE).status is Status.SUCCEEDED
        (bots.folder / "go").touch()
        os.kill(other.pid, signal.SIGCONT)
        eventually((bots.folder / "over").exists)
    assert journal.wait("op", PATIENCE).status is Status.SUCCEEDED
    assert ran == ([] if proven(bots) else ["two", "three"])
    assert bots.log() == ["work succeeded"]
    assert bots.row("op").epoch == (1 if proven(bots) else 2)
    assert ("no longer ours" in (bots.folder / "other.log").read_text()) is not proven(bots)


def test_a_frozen_process_that_is_killed_is_followed(bots: Bots) -> None:
    ran: list[str] = []
    with another(bots, lease=0.5) as other:
        os.kill(other.pid, signal.SIGSTOP)
        other.kill()
        other.wait()
        assert bots.bot(bots.kind("work", counting(ran)), lease=0.5).wait("op", PATIENCE).status is Status.SUCCEEDED
    assert ran == ["two", "three"]


def test_a_lease_is_kept_through_a_step_longer_than_it(bots: Bots) -> None:
    ran: list[str] = []

    def long() -> None:
        ran.append("long")
        time.sleep(2.5)

    def work(op: Operation) -> None:
        op.step("long", long)

    kind = bots.kind("work", work)
    first, second = bots.bot(kind, lease=0.9), bots.bot(kind, lease=0.9)
    first.start("work", {}, by="alice", environment="production", id="op")
    assert second.wait("op", PATIENCE).status is Status.SUCCEEDED
    assert ran == ["long"]


# ── runners ──


def test_a_step_that_hangs_is_not_given_away_while_its_process_lives(bots: Bots, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journals, "_PATIENCE", 0.2)
    inside, go = threading.Event(), threading.Event()
    ran: list[str] = []

    def hang() -> None:
        inside.set()
        assert go.wait(PATIENCE)

    first: Journal = bots.bot(bots.kind("work", lambda op: op.step("two", hang)))
    first.start("work", {}, by="alice", environment="production", id="op")
    assert inside.wait(PATIENCE)
    first.close()
    second = bots.bot(bots.kind("work", counting(ran)), lease=600)
    assert second.wait("op", 1.0).status is Status.RUNNING
    assert ran == []
    go.set()
    eventually(lambda: not first._running.operations)


def test_a_thread_that_could_not_write_its_end_is_followed_by_its_own_process(bots: Bots, caplog: pytest.LogCaptureFixture) -> None:
    broken = threading.Event()

    def refuse(_: object, __: object, statement: str, *___: object) -> None:
        if statement.startswith("DELETE FROM operation_locks") and not broken.is_set():
            broken.set()
            raise LookupError("a defect in the end")

    events.listen(Engine, "before_cursor_execute", refuse)
    try:
        ran: list[str] = []
        journal = bots.bot(bots.kind("work", counting(ran)), lease=0.6)
        journal.start("work", {}, by="alice", environment="production", id="op")
        assert journal.wait("op", PATIENCE).status is Status.SUCCEEDED
    finally:
        events.remove(Engine, "before_cursor_execute", refuse)
    assert ran == ["one", "two", "three"]
    assert "could not be written" in caplog.text
    assert bots.log() == ["work succeeded"]


def test_a_runner_knows_the_dead_from_the_living(tmp_path: Path) -> None:
    mine, other = Runner(tmp_path / "runners"), Runner(tmp_path / "runners")
    assert mine.dead([other.name, mine.name, None, "never:1:seen"]) == {"never:1:seen"}
    other.close()
    assert mine.dead([other.name]) == {other.name}
    assert Runner(None).dead([other.name]) == set()
    mine.close()
