"""What is where after something failed: each part that is known, and whose rows are there."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from ops import whereabouts
from ops.journal import OperationView, Status, StepView

AT = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)
WHERE = {"branch": "master", "commit": "9e77c1aa", "maintenance": True, "paused": True, "unknown": {}}
THERE = "master is at 9e77c1, maintenance is on, Convex is paused."
MADE = "full-1701450000000"


def halted(bound: dict[str, Any], result: dict[str, Any], **steps: str) -> OperationView:
    return OperationView(
        id="0123456789ab",
        kind="restore",
        environment="production",
        requested_by="U0ALICE",
        params={"bound": {"backup": MADE, "steps": ["data", "proof"], **bound}},
        status=Status.HALTED,
        error=None,
        remedy=None,
        created_at=AT,
        finished_at=None,
        steps=tuple(StepView(name=name, state=state, started_at=AT) for name, state in steps.items()),
        result={"where": WHERE, **result},
    )


@pytest.mark.parametrize(
    ("result", "steps", "said"),
    [
        ({}, {"pause": "failed"}, "it replaced no row; "),
        ({}, {"pause": "done", "data": "failed"}, ""),
        ({"data": {"rows": 7}}, {"data": "done", "proof": "failed"}, f"the rows of {MADE} were imported and are not proven; "),
        (
            {"data": {"rows": 7}, "proof": {"different": ["orders"]}},
            {"data": "done", "proof": "done"},
            "were imported and are not proven; ",
        ),
        ({"data": {"rows": 7}, "proof": {"different": []}}, {"data": "done", "proof": "done"}, f"the rows are those of {MADE}; "),
        ({"data": None}, {"data": "done", "proof": "failed"}, "a person took the import as done; "),
    ],
)
def test_what_halted_says_whose_rows_are_there(result: dict[str, Any], steps: dict[str, str], said: str) -> None:
    assert whereabouts.of(halted({}, result, **steps)).endswith(f"{said}{THERE}")


def test_what_brings_no_rows_or_puts_them_back_by_itself_says_nothing_of_them() -> None:
    deploy = halted({"steps": ["push", "functions"]}, {}, push="done")
    rehearsal = halted({"rehearsal": True}, {}, data="done")
    assert whereabouts.of(deploy) == whereabouts.of(rehearsal) == THERE
    assert whereabouts.of(replace(deploy, result={})) == ""
