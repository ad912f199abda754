"""Paused: no function of the app runs and nothing can be written, from before the data go back until they are proven.

At stake: an app that stays down because whatever paused it never came to its end. So it is written down before it is paused,
it nags until it is not, and a person can let the functions run without the rollback.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from ops import standing
from ops.context import Services
from ops.errors import OpsError
from ops.journal import Interrupted, Kind, Operation, OperationView, Status
from ops.services.convex import MayNotPause
from ops.standing import What

ENVIRONMENT = "production"
KIND = "unpause"


def ask(services: Services, environment: str = ENVIRONMENT) -> dict[str, Any]:
    """What is asked for, as an operation's parameters."""
    return {"reason": "it is over", "target": services.target(environment), "environment": environment}


def kind(services: Services) -> Kind:
    """Letting the functions run, for the journal."""
    return Kind(name=KIND, workflow=partial(unpause, services=services), version=1, sentence=sentence)


def unpause(op: Operation, services: Services) -> None:
    """Let the functions run again."""
    environment = op.params.get("environment", ENVIRONMENT)
    op.step(KIND, lambda: let_run(services, environment, op.requested_by), if_interrupted=Interrupted.REDO)


def by_hand(services: Services, environment: str) -> dict[str, str] | None:
    """Who has paused it that is no operation of ours, and why; None where it runs, or that is not known."""
    each = standing.current(services.engine, What.PAUSED, environment)
    if each is not None:
        return None if each.operation_id else {"by": each.by, "reason": each.reason}
    try:
        return {"by": "", "reason": ""} if services.convex.paused(environment) else None
    except OpsError:
        return None


def stop_functions(services: Services, environment: str, *, reason: str, by: str, operation_id: str) -> dict[str, Any]:
    """Write down who and why, then pause: a deployment that is paused is never forgotten. A second time changes nothing."""
    before = by_hand(services, environment)
    with Session(services.engine) as session, session.begin():
        standing.begin(session, What.PAUSED, environment, reason=reason, by=by, operation_id=operation_id)
    try:
        services.convex.pause(environment)
    except MayNotPause as refused:
        _strike_off(services, environment, by)
        return {"paused": False, "why": refused.message}
    return {"paused": True, "before": before}


def let_run(services: Services, environment: str, by: str) -> dict[str, Any]:
    """Let the functions run, then strike it off. A second time changes nothing."""
    services.convex.unpause(environment)
    _strike_off(services, environment, by)
    return {}


def _strike_off(services: Services, environment: str, by: str) -> None:
    """It is not paused."""
    with Session(services.engine) as session, session.begin():
        standing.end(session, What.PAUSED, environment, by=by)


def sentence(view: OperationView) -> str | None:
    """The activity log's sentence."""
    return "Convex unpaused: its functions run" if view.status is Status.SUCCEEDED else f"Convex not unpaused: {view.error}"
