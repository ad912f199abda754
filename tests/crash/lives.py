"""The processes of a run: the bot that is killed, the bot that takes over, somebody who wants to start another operation."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy import Engine, event

from ops.database import open_database
from ops.journal import Busy, Journal, Kind, OperationView, Status
from tests.crash.production import Production, rollback

FORK = multiprocessing.get_context("fork")
ID, RIVAL = "op", "rival"
PATIENCE = 120.0  # seconds: longer than any life lasts on a slow machine


@dataclass(frozen=True)
class Place:
    """Where a run happens."""

    url: str
    folder: Path
    lease: float

    @property
    def production(self) -> Path:
        """The production's folder."""
        return self.folder / "production"


class Points:
    """Counts the points that the operation passes, and sends this process a signal at one of them: its number, or its name."""

    def __init__(self, at: int | str, number: signal.Signals, trace: Path) -> None:
        self.at, self.number, self.trace = at, number, trace
        self.passed = 0
        self.started = False  # from then on the main thread only waits
        self.reached = threading.Event()

    def __call__(self, name: str) -> None:
        """A point. The heartbeat's and the waiting main thread's do not count: how many there are is chance."""
        thread = threading.current_thread().name
        if not thread.startswith("operation-") and (self.started or thread != "MainThread"):
            return
        self.passed += 1
        with self.trace.open("a") as trace:
            trace.write(f"{name}\n")
        if self.passed == self.at:
            os.kill(os.getpid(), self.number)
            self.reached.wait(PATIENCE)  # SIGTERM only: go on when the process knows that it is to end

    def watch(self, engine: Engine) -> None:
        """Count the transactions too."""
        event.listen(engine, "begin", lambda _: self("begin"))
        event.listen(engine, "commit", lambda _: self("commit"))


def kinds(production: Production) -> list[Kind]:
    """The operation, and the one that its rival wants."""

    def told(view: OperationView) -> str:
        return f"{view.kind} {view.status}"

    return [
        Kind(name="rollback", workflow=partial(rollback, production=production), version=1, sentence=told),
        Kind(name="deploy", workflow=lambda _op: None, version=1, sentence=told),
    ]


def live(target: Callable[..., None], *arguments: object) -> int:
    """A process's whole life; its exit code."""
    process = begin(target, *arguments)
    process.join(PATIENCE)
    if process.exitcode is None:
        process.kill()
        process.join()
    return process.exitcode or 0


def begin(target: Callable[..., None], *arguments: object) -> multiprocessing.context.ForkProcess:
    """Start a process. Nothing may be open here that two processes cannot share."""
    process = FORK.Process(target=target, args=arguments)
    process.start()
    return process


def bot(place: Place, at: int = 0, number: signal.Signals = signal.SIGKILL) -> None:
    """A bot: start the operation (or find it started), see it end, end."""
    logging.disable(logging.CRITICAL)
    points = Points(at, number, place.folder / f"trace-{os.getpid()}")
    told_to_end = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: told_to_end.set())
    engine = open_database(place.url)
    points.watch(engine)
    production = Production(place.production, points)
    journal = Journal(engine, kinds(production), lease=place.lease, runners=place.folder / "runners", changed=lambda _: points("told"))
    threading.Thread(target=_end_when_told, args=(journal, told_to_end, points), daemon=True).start()
    journal.open()
    journal.start("rollback", {}, by="ann", environment="production", id=ID)
    points.started = True
    view = journal.wait(ID, PATIENCE)
    journal.close()
    engine.dispose()
    os._exit(3 if view.status is Status.RUNNING else 0)


def _end_when_told(journal: Journal, told_to_end: threading.Event, points: Points) -> None:
    """What a bot does at SIGTERM: nothing new begins, and what runs is left to the next."""
    told_to_end.wait()
    journal.stop()
    points.reached.set()


def rival(place: Place, out: Path) -> None:
    """A terminal that wants to deploy, again and again, until it may."""
    logging.disable(logging.CRITICAL)
    engine = open_database(place.url)
    journal = Journal(engine, kinds(Production(place.production)), adopts=False, runners=place.folder / "runners").open()
    refused, until = 0, time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if journal.get(ID):
            try:
                journal.start("deploy", {}, by="bob", environment="production", id=RIVAL)
                break
            except Busy:
                refused += 1
        time.sleep(0.01)
    journal.wait(RIVAL, PATIENCE)
    journal.close()
    engine.dispose()
    out.write_text(str(refused))
    os._exit(0)


def person(place: Place) -> None:
    """Somebody who looks at production and settles what halted."""
    logging.disable(logging.CRITICAL)
    engine = open_database(place.url)
    production = Production(place.production)
    journal = Journal(engine, kinds(production), adopts=False, runners=place.folder / "runners")
    view = journal.get(ID)
    assert view is not None
    name = view.steps[-1].name
    if name == "invoice" and "invoice" in production.effects():
        journal.settle(ID, name, done="sent", by="carol")
    else:
        journal.settle(ID, name, by="carol")
    journal.close()
    engine.dispose()
    os._exit(0)
