"""What is made of a drill: its result, its card, its recommendations. Pure."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.views.drill import card
from ops import drill
from ops.drill import Drilled, broken_off
from ops.drill.breaking import markdown
from ops.journal import OperationView, Status, StepView
from ops.spots import Spot, dump
from tests.drilling import MISNAMED, SEEN


@pytest.mark.parametrize(
    ("done", "phase"),
    [([], ""), (["disaster"], "detect"), (["disaster", "detected"], "decide"), (["disaster", "detected", "decided", "data"], "verify")],
)
def test_where_a_drill_stopped_is_the_phase_after_the_last_that_was_done(done: list[str], phase: str) -> None:
    found = broken_off(stopped(done, saved=True), "Nobody came.")
    assert found.phase == phase
    assert found.seconds == max(len(done) * 60.0 - 60, 0)  # what gave staging its own data back is no part of it
    assert ("INCIDENT_RESPONSE_PLAN.md" in found.recommendations[0]) is (phase in {"detect", "decide"})


def test_a_drill_that_somebody_cancelled_is_none_that_stopped() -> None:
    assert drill.broken([replace(stopped([], saved=True), status=Status.CANCELLED)]) == []


def test_a_running_drills_card_calls_nothing_proven_before_it_is() -> None:
    noon = datetime(2026, 11, 2, 12, tzinfo=UTC)

    def told(done: list[str], last: str, state: str) -> str:
        view = stopped(done, saved=True)
        step = StepView(name=last, state=state, started_at=noon, finished_at=None)
        return str(card(replace(view, status=Status.RUNNING, error=None, finished_at=None, steps=(*view.steps[:-1], step)), noon))

    assert "It is restored, and then proven." in told(["disaster", "detected", "decided"], "data", "running")
    assert "*The drill stopped at “restore”" in told(["disaster", "detected", "decided"], "data", "failed")
    assert "It is restored and proven; staging gets its own data back" in told(["disaster", "data", "proof"], "report", "done")
    assert "Staging is made ready." in told([], "prepared data", "running")


def test_the_card_of_a_drill_that_stopped_says_how_staging_is_now() -> None:
    noon = datetime(2026, 11, 2, 12, tzinfo=UTC)
    assert "Staging's data are as before." in str(card(stopped([], saved=False), noon))
    assert "Staging has its own data again." in str(card(stopped(["disaster"], saved=True), noon))
    assert "Staging holds what the drill left there" in str(card(stopped(["disaster"], saved=False), noon))


def test_a_drill_that_stopped_names_a_spot_check_that_looks_at_nothing_too() -> None:
    ordes = Spot(what="ordes", found=0, at_least=1, misnamed="the table “ordes”, which this backup does not have")
    proof = {"spots": dump([ordes, replace(ordes, what="ordes of the last 7 days"), Spot(what="users", found=5, at_least=1)])}
    found = broken_off(replace(stopped(["disaster"], saved=True), result={"proof": proof}), "Nobody came.", ["no login"])
    assert found.misnamed == (MISNAMED,)
    assert f"Nobody came.; no login; {MISNAMED}" in markdown(found)
    assert found.recommendations[-1].startswith(f"Correct the settings: {MISNAMED}")


def stopped(done: list[str], *, saved: bool) -> OperationView:
    """A drill that failed after these steps, a minute each."""
    noon, minute = datetime(2026, 11, 2, 12, tzinfo=UTC), timedelta(minutes=1)
    named = [*(["staging saved"] if saved else []), *done]
    steps = [StepView(name=name, state="done", started_at=noon, finished_at=noon + minute * place) for place, name in enumerate(named, 1)]
    hour = timedelta(hours=1)
    steps.append(StepView(name="staging as it was", state="done", started_at=noon + hour, finished_at=noon + hour))
    return OperationView(
        id="d1",
        kind=drill.KIND,
        environment="staging",
        requested_by="U0ALICE",
        params={"bound": {"scenario": "B", "target": "staging · trout"}, "shown": {}},
        status=Status.FAILED,
        error="Nobody came.",
        remedy=None,
        created_at=noon,
        finished_at=noon + hour,
        steps=tuple(steps),
    )


def measured(**more: Any) -> Drilled:
    facts: dict[str, Any] = {
        "operation_id": "op",
        "scenario": "B",
        "at": datetime(2026, 11, 2, tzinfo=UTC),
        "seconds": {"detect": 40.0, "decide": 75.0, "restore": 211.0, "verify": 60.0},
        "total": 386.0,
        "rto": 1800.0,
        "loss": 3600.0,
        "rpo": 86400.0,
        "backup": "full-1",
        "seen": SEEN,
        "table": "orders",
        "by": ("U0BOB", "U0CAROL"),
        "blockers": (),
    }
    return Drilled(**{**facts, **more})


def test_a_drill_within_its_promises_that_named_the_table_recommends_nothing() -> None:
    assert (measured().good, measured().recommendations) == (True, [])


def test_each_promise_that_was_not_kept_names_the_document_to_update() -> None:
    late, lossy = measured(total=2000.0), measured(loss=90000.0)
    assert "the longest phase was “restore”" in late.recommendations[0]
    assert "ROLLBACK_PLAN.md" in late.recommendations[0]
    assert "BACKUP_STRATEGY.md" in lossy.recommendations[0]
    assert not late.good
    assert not lossy.good


def test_what_was_seen_must_name_the_table_that_was_struck() -> None:
    assert "does not name the table" in measured(seen="something is odd").recommendations[0]
    assert measured(seen="something is odd", table="").recommendations == []
    assert measured(seen="Orders and Users lost half").recommendations == []


def test_a_drill_is_read_back_as_it_was_written() -> None:
    for found in (measured(), measured(misnamed=(MISNAMED,))):
        assert Drilled.load(json.loads(json.dumps(found.dump()))) == found
    kept = measured().dump()
    del kept["misnamed"]  # as it was written before it was looked at
    assert Drilled.load(kept) == measured()
