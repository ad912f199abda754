"""What is drawn from a long history: App Home, the metrics and Prometheus' page, over 10,000 operations of a year."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, insert
from sqlalchemy.orm import Session

from bot import gathered, homes
from ops import metrics
from ops.database import OperationRow, StepRow, open_database
from sandbox.slack import Client
from tests.bench.figures import Figure, timed
from tests.shipping import Shop, taken
from tests.world import ALICE, process, world

LOOKS = 15
COUNT = 10_000
TABLES = 26
STEPS = ("target", "commit", "name", "export", "check", "anchor", "manifest", "verify")


def measured(folder: Path) -> Iterator[Figure]:
    """What ops take to gather it, then from a click in Slack to the Home that is there."""
    yield from _gathered(folder / "gathered")
    yield from _from_slack(folder / "slack")


def _gathered(folder: Path) -> Iterator[Figure]:
    """In one process, without Slack."""
    folder.mkdir()
    shop = Shop(folder, vercel=False)
    spent: dict[str, list[float]] = {"App Home": [], "metrics of 30 days": [], "metrics of a year": []}
    try:
        with shop.backstop() as backstop:
            taken(backstop, "full")
            live(backstop.engine)
            for _ in range(LOOKS):
                with timed(spent["App Home"]):
                    gathered.home(backstop)
                with timed(spent["metrics of 30 days"]):
                    metrics.measure(backstop, datetime.now(UTC))
                with timed(spent["metrics of a year"]):
                    metrics.measure(backstop, datetime.now(UTC), metrics.MOST_DAYS)
    finally:
        shop.close()
    for what, seconds in spent.items():
        ours = statistics.median(seconds) * 1000
        yield Figure(what=f"{what}, gathered over {COUNT:,} operations", ours=ours, unit="ms", aim="< 300 ms", most=300, n=LOOKS)


def _from_slack(folder: Path) -> Iterator[Figure]:
    """From the event to the Home that Slack has."""
    folder.mkdir()
    spent: list[float] = []
    with world(folder) as around:
        assert around.terminal("backup", "full").returncode == 0
        with process(around) as bot:
            bot.connected()
            slack = around.slack.client
            engine = open_database(f"sqlite:///{around.backups / '.state/bot.sqlite'}")
            live(engine)
            engine.dispose()
            for _ in range(LOOKS):
                time.sleep(2 * homes.BETWEEN)  # nobody opens it as fast as it is drawn anew
                with timed(spent):
                    _open(slack)
    yield Figure(
        what=f"App Home, from the click to Slack, over {COUNT:,} operations",
        ours=statistics.median(spent) * 1000, unit="ms", aim="< 300 ms", most=300, n=LOOKS,
    )  # fmt: skip


def _open(slack: Client) -> None:
    """Look at Home, and wait until it is drawn."""
    before = _home(slack)
    slack.open_home(ALICE)
    slack.wait(lambda: _home(slack) != before, "Home")


def _home(slack: Client) -> str:
    """Which Home Slack has; each publishing is another."""
    there = slack.home(ALICE)
    return there.hash if there else ""


def live(engine: Engine) -> None:
    """A year of operations: every second a full backup of 26 tables, each with its steps."""
    now = datetime.now(UTC)
    with Session(engine) as session, session.begin():
        session.execute(insert(OperationRow), [_operation(number, now) for number in range(COUNT)])
        session.execute(insert(StepRow), [_step(number, now, place) for number in range(COUNT) for place in range(len(STEPS))])


def _operation(number: int, now: datetime) -> dict[str, Any]:
    """One that ended well."""
    began = _began(number, now)
    full = number % 2 == 0
    made = {"id": f"full-{number}", "exportSizeBytes": 5_000_000 + number, "snapshotTimestamp": began.isoformat()}
    tables = {f"table_{place}": {"rows": 1000 + number, "bytes": 440_000, "fingerprint": "0" * 64} for place in range(TABLES)}
    return {
        "id": f"year-{number:05d}",
        "kind": "full backup" if full else "quick backup",
        "version": 1,
        "environment": "production",
        "params": {"target": "production · sturgeon", "purpose": "automated"},
        "requested_by": ALICE,
        "status": "succeeded",
        "touched": False,
        "created_at": began,
        "finished_at": began + timedelta(seconds=30),
        "changed_at": began + timedelta(seconds=30),
        "progress": {},
        "result": {"backup": {**made, "tables": tables}, "folder": {"bytes": 10**8}} if full else {"backup": {"id": f"quick-{number}"}},
    }


def _began(number: int, now: datetime) -> datetime:
    """When."""
    return now - timedelta(days=365) + timedelta(days=364.9) * number / COUNT


def _step(number: int, now: datetime, place: int) -> dict[str, Any]:
    """One of its steps."""
    began = _began(number, now) + timedelta(seconds=3 * place)
    done = {"state": "done", "result": {"value": {}}, "started_at": began, "finished_at": began + timedelta(seconds=3)}
    return {"operation_id": f"year-{number:05d}", "name": STEPS[place], "position": place, **done}
