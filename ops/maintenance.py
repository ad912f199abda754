"""Maintenance: the site shows its maintenance page, by a routing rule of ours that is put up and taken down.

At stake: a site that is down for everybody for longer than anybody meant. So who, since when and why is written down before
the rule goes up, and whoever forgets it is reminded.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from ops import standing
from ops.context import Services
from ops.errors import OpsError, Refused
from ops.journal import Interrupted, Kind, Operation, OperationView, Status
from ops.journal.reading import Readings
from ops.standing import Standing
from ops.words import one_line

ENVIRONMENT = "production"
ON, OFF = KINDS = ("maintenance on", "maintenance off")
REASON = 300  # characters


def ask(services: Services, reason: str) -> dict[str, Any]:
    """What is asked for, as an operation's parameters.

    Raises:
        Refused: no site is set, or no reason is given.
    """
    if not services.vercel.configured:
        missing, mend = services.vercel.missing
        raise Refused(f"{missing}, so no maintenance page can be shown or taken down.", mend)
    if not reason.strip():
        raise Refused(
            "Maintenance needs a reason: everybody will ask.", "Say it after the word: `/ops maintenance on certificate renewal`."
        )
    return {"reason": one_line(reason, REASON), "target": services.target(ENVIRONMENT)}


def kinds(services: Services) -> tuple[Kind, ...]:
    """Both ways, for the journal."""
    return (
        Kind(name=ON, workflow=partial(switch_on, services=services), version=1, sentence=sentence),
        Kind(name=OFF, workflow=partial(switch_off, services=services), version=1, sentence=sentence),
    )


def switch_on(op: Operation, services: Services) -> None:
    """Look that the page is there, then show it."""
    op.step("page", services.vercel.require_page, if_interrupted=Interrupted.REDO)
    op.step("maintenance on", lambda: put_up(services, op.params["reason"], op.requested_by, op.id), if_interrupted=Interrupted.REDO)


def switch_off(op: Operation, services: Services) -> None:
    """Show the site again."""
    op.step("maintenance off", lambda: take_down(services, op.requested_by), if_interrupted=Interrupted.REDO)


def put_up(services: Services, reason: str, by: str, operation_id: str) -> dict[str, Any]:
    """Write down who and why, then put the rule up: one that is up is never forgotten. A second time changes nothing."""
    with Session(services.engine) as session, session.begin():
        standing.begin(session, standing.What.MAINTENANCE, ENVIRONMENT, reason=reason, by=by, operation_id=operation_id)
    services.vercel.require_page()
    services.vercel.maintenance_on(reason, by)
    return {}


def take_down(services: Services, by: str) -> dict[str, Any]:
    """Take the rule down, then strike it off. A second time changes nothing."""
    services.vercel.maintenance_off()
    with Session(services.engine) as session, session.begin():
        standing.end(session, standing.What.MAINTENANCE, ENVIRONMENT, by=by)
    return {}


def require_up(services: Services) -> None:
    """Refuse to take down what nobody put up, and Vercel does not show.

    Raises:
        Refused: so.
    """
    if standing.current(services.engine, standing.What.MAINTENANCE, ENVIRONMENT) is None and not _may_be_shown(services):
        raise Refused("The maintenance page is not up.", "Nothing was changed: the site is there for everybody.")


def _may_be_shown(services: Services) -> bool:
    """Whether the site shows the page; one that does not answer now may."""
    try:
        return services.vercel.maintenance() is not None
    except OpsError:
        return True


def by_hand(services: Services) -> Standing | None:
    """The page that a person put up, not what brings data back; None where there is none."""
    stands = standing.current(services.engine, standing.What.MAINTENANCE, ENVIRONMENT)
    if stands is None or stands.operation_id is None:
        return stands
    begun = Readings(services.engine).get(stands.operation_id)
    return stands if begun is None or begun.kind == ON else None


def stays(services: Services) -> dict[str, str] | None:
    """The same as it is kept in a plan and in a result: by whom, and why."""
    theirs = by_hand(services)
    return {"by": theirs.by, "reason": theirs.reason} if theirs else None


def stays_sentence(result: Mapping[str, Any]) -> str:
    """That the page stays up after data were brought back, and whose it is; "" where it does not. Pure."""
    theirs = result.get("maintenance_stays")
    return f"The site stays in maintenance, as it was before: {theirs['by']}, “{theirs['reason']}”" if theirs else ""


def sentence(view: OperationView) -> str | None:
    """The activity log's sentence."""
    what = f"Maintenance switched {'on' if view.kind == ON else 'off'}"
    reason = f": “{view.params['reason']}”" if view.params.get("reason") else ""
    return f"{what}{reason}" if view.status is Status.SUCCEEDED else f"{what.replace('switched', 'not switched')}: {view.error}"
