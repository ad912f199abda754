"""How long a step of the journal takes: two durable commits. ``python -m tests.journal_speed`` prints it for both databases."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from ops.database import open_database
from ops.journal import Journal, Kind, Operation, Status
from tests.databases import programs, serving


def steps(url: str, folder: Path, count: int = 200) -> Sequence[float]:
    """The milliseconds of each of so many steps that do nothing, on an empty database."""
    spent: list[float] = []

    def work(op: Operation) -> None:
        for number in range(count):
            began = time.perf_counter()
            op.step(f"step {number}", lambda: None)
            spent.append((time.perf_counter() - began) * 1000)

    engine = open_database(url)
    journal = Journal(engine, [Kind(name="work", workflow=work, version=1)], runners=folder / "runners").open()
    try:
        assert journal.wait(journal.start("work", {}, by="bench", environment="production"), 600).status is Status.SUCCEEDED
    finally:
        journal.close()
        engine.dispose()
    return spent


def line(database: str, spent: Sequence[float]) -> str:
    """One row of the table."""
    ordered = sorted(spent)
    return f"a journal step on {database}: p50 {statistics.median(ordered):.1f} ms, p95 {ordered[int(len(ordered) * 0.95)]:.1f} ms"


def main() -> None:
    """Measure what this machine has."""
    with tempfile.TemporaryDirectory(prefix="backstop-speed-") as folder:
        print(line("SQLite", steps(f"sqlite:///{folder}/bot.sqlite", Path(folder))))
        if programs():
            with serving() as server:
                print(line("PostgreSQL", steps(server.fresh(), Path(folder))))


if __name__ == "__main__":
    main()
