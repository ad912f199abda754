"""One run for each point, and what is checked after it."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ops import activity
from ops.database import open_database
from ops.journal import Status
from ops.journal.reading import Readings
from tests.crash.lives import ID, RIVAL, Place, begin, bot, live, person, rival
from tests.crash.production import FORMER, STEPS, WANTED, Production
from tests.databases import Server, serving

LEASE = 0.5  # seconds, where a lease is all that tells the dead from the living
LONG = 600.0  # where nobody may have to wait for one
LIVES = 6


@dataclass(frozen=True, kw_only=True)
class Run:
    """What came of a run."""

    at: int
    number: signal.Signals
    codes: list[int]  # of each life
    halted: int  # how often a person was asked
    refused: int  # how often the rival was
    seconds: float  # from the first end to the last
    wrong: list[str] = field(default_factory=list)

    @property
    def hit(self) -> bool:
        """Whether the signal came before the operation had ended."""
        return self.codes[0] in {-signal.SIGKILL, 3}


class Ground:
    """Where runs happen: a fresh database and a fresh production for each."""

    def __init__(self, folder: Path, server: Server | None) -> None:
        self._folder, self._server = folder, server
        self._template = server.fresh() if server else f"sqlite:///{folder}/template.sqlite"
        open_database(self._template).dispose()

    @contextmanager
    def place(self, number: signal.Signals) -> Iterator[Place]:
        """For one run. A lease need never run out on SQLite, nor after a SIGTERM."""
        folder = self._folder / "run"
        Production(folder / "production").make()
        lease = LEASE if self._server and number == signal.SIGKILL else LONG
        try:
            if self._server:
                url = self._server.fresh(self._template.rpartition("?")[0].rpartition("/")[2])
                yield Place(url, folder, lease)
                self._server.drop(url)
            else:
                shutil.copy(self._folder / "template.sqlite", folder / "bot.sqlite")
                yield Place(f"sqlite:///{folder}/bot.sqlite", folder, lease)
        finally:
            shutil.rmtree(folder)


@contextmanager
def ground(database: str, folder: Path) -> Iterator[Ground]:
    """The ground on one of the databases."""
    if database == "sqlite":
        yield Ground(folder, None)
    else:
        with serving() as server:
            yield Ground(folder, server)


def points(where: Ground) -> list[str]:
    """The points that an operation passes which nobody disturbs."""
    with where.place(signal.SIGKILL) as place:
        assert live(bot, place) == 0
        (trace,) = place.folder.glob("trace-*")
        return trace.read_text().splitlines()


def run(where: Ground, at: int, number: signal.Signals) -> Run:
    """Disturb an operation at one point, and bring it to its end."""
    with where.place(number) as place:
        out = place.folder / "refused"
        rivalling = begin(rival, place, out)
        codes, halted = [live(bot, place, at, number)], 0
        began = time.monotonic()
        while (status := standing(place)) not in {Status.SUCCEEDED, Status.FAILED} and len(codes) < LIVES:
            if status is Status.HALTED:
                halted += 1
                live(person, place)
            codes.append(live(bot, place))
        seconds = time.monotonic() - began
        rivalling.join(60)
        refused = int(out.read_text()) if out.exists() else -1
        return Run(at=at, number=number, codes=codes, halted=halted, refused=refused, seconds=seconds, wrong=wrongs(place, halted))


def standing(place: Place) -> Status | None:
    """How the operation stands, if it was entered."""
    engine = open_database(place.url)
    try:
        view = Readings(engine).get(ID)
        return view.status if view else None
    finally:
        engine.dispose()


def wrongs(place: Place, halted: int) -> list[str]:
    """Everything that is not as it should be."""
    engine = open_database(place.url)
    try:
        readings = Readings(engine)
        view, second = readings.get(ID), readings.get(RIVAL)
        if view is None or second is None:
            return [f"missing: {view} {second}"]
        log = [line.text for line in activity.lines(engine, 100)]
        checks = {
            "the status": view.status is Status.SUCCEEDED and view.error is None and view.result == {"release": WANTED},
            "the steps": [(step.name, step.state) for step in view.steps] == [(name, "done") for name in STEPS],
            "the lock is kept": readings.holder("production") is None,
            "the rival came in before the end": bool(view.finished_at and view.finished_at <= second.created_at),
            "the rival's end": second.status is Status.SUCCEEDED,
            "the chain": not activity.verify(engine),
            "the log": (log.count("rollback succeeded"), log.count("rollback halted")) == (1, halted),
            **production_checks(Production(place.production), halted),
        }
        return [f"{name}: {view.status} {log}" for name, right in checks.items() if not right]
    finally:
        engine.dispose()


def production_checks(production: Production, halted: int) -> dict[str, bool]:
    """What must be so of production: each effect that is not safe to repeat happened once."""
    effects = production.effects()
    begun, ended = effects.count("restore begins"), effects.count("restore ends")
    backup = effects.index(f"backup=data of {FORMER}") if f"backup=data of {FORMER}" in effects else len(effects)
    return {
        "restored once": ended == 1 and begun <= 1 + halted,
        "switched once": effects.count(f"release={WANTED}") == 1,
        "invoiced once": effects.count("invoice") == 1,
        "backed up first": backup < effects.index("restore begins"),
        "the backup": production.read("backup") == f"data of {FORMER}",
        "as wanted": (production.read("release"), production.read("maintenance")) == (WANTED, "off"),
    }
