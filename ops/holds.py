"""Hold deploys with a reason, lift the hold, and switch maintenance, let a paused app run: what a person may do beside the operations."""

from __future__ import annotations

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ops import activity, maintenance, pausing, standing
from ops.backstop import Backstop
from ops.errors import Refused
from ops.people import Person, Right, require
from ops.standing import Standing, What
from ops.words import one_line

ENVIRONMENT = "production"
REASON = 300  # characters


def hold(backstop: Backstop, person: Person, reason: str) -> Standing:
    """Let nothing be deployed until somebody lifts it.

    Raises:
        Refused: the right or the reason is missing, or deploys are held already.
    """
    require(person, Right.HOLD, backstop.settings.approvals.policy)
    if not reason.strip():
        raise Refused("A hold needs a reason: everybody who wants to deploy will read it.", "`/ops hold checkout double-charges`")
    if there := standing.current(backstop.engine, What.HOLD, ENVIRONMENT):
        raise Refused(f"Deploys are held already, by {there.by}: “{there.reason}”.", "Lift that hold first: `/ops resume`.")
    try:
        with Session(backstop.engine) as session, session.begin():
            standing.begin(session, What.HOLD, ENVIRONMENT, reason=one_line(reason, REASON), by=person.id, operation_id=None)
            activity.append(session, who=person.id, text=f"Deploys held: “{one_line(reason, REASON)}”", outcome="held")
    except IntegrityError:
        raise Refused("Somebody held deploys at this very moment.", "`/deploy` shows who, and why.") from None
    return _there(backstop)


def resume(backstop: Backstop, person: Person, why: str = "") -> Standing:
    """Lift the hold; what it was.

    Raises:
        Refused: the right is missing, or nothing is held.
    """
    require(person, Right.HOLD, backstop.settings.approvals.policy)
    held = _there(backstop)
    with Session(backstop.engine) as session, session.begin():
        standing.end(session, What.HOLD, ENVIRONMENT, by=person.id)
        because = f": “{one_line(why, REASON)}”" if why.strip() else ""
        activity.append(session, who=person.id, text=f"Hold on deploys lifted{because}", outcome="lifted")
    return held


def switch(backstop: Backstop, person: Person, kind: str, reason: str, *, id: str) -> str:  # noqa: A002 # the contract's name
    """Switch maintenance on or off as an operation; its id.

    Raises:
        Refused: the right or the reason is missing, no site is set, the page is not up, or another operation runs.
    """
    require(person, Right.HOLD, backstop.settings.approvals.policy)
    params = maintenance.ask(backstop.services, reason if kind == maintenance.ON else reason or "it is over")
    if kind == maintenance.OFF:
        maintenance.require_up(backstop.services)
    return backstop.journal.start(kind, params, by=person.id, environment=ENVIRONMENT, id=id)


def unpause(backstop: Backstop, person: Person, *, id: str, named: str = "") -> str:  # noqa: A002 # the contract's name
    """Let the functions of a paused deployment run, as an operation; its id. Where none is named it is staging's if only that is paused.

    Raises:
        Refused: the right is missing, or another operation runs.
    """
    require(person, Right.HOLD, backstop.settings.approvals.policy)
    paused = {each.environment for each in standing.all_of(backstop.engine) if each.what is What.PAUSED}
    environment = named or ("staging" if paused == {"staging"} else ENVIRONMENT)
    params = pausing.ask(backstop.services, environment)
    return backstop.journal.start(pausing.KIND, params, by=person.id, environment=environment, id=id)


def _there(backstop: Backstop) -> Standing:
    """The hold that there is."""
    held = standing.current(backstop.engine, What.HOLD, ENVIRONMENT)
    if held is None:
        raise Refused("Deploys are not held.", "`/deploy` shows what the gate says.")
    return held
