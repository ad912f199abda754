"""What goes around data on their way back: the maintenance page, and the backup that everything can return to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ops import backup, maintenance
from ops.purposes import Purpose
from ops.releasing import Releasing


def maintenance_on(to: Releasing, bound: Mapping[str, Any], reason: str) -> None:
    """Put the page up; whoever forgets it is reminded."""
    if bound["maintenance"]:
        to.changing("maintenance on", lambda: maintenance.put_up(to.services, reason, to.op.requested_by, to.op.id))


def maintenance_off(to: Releasing, bound: Mapping[str, Any]) -> None:
    """Take the page down."""
    if bound["maintenance"]:
        to.changing("maintenance off", lambda: maintenance.take_down(to.services, to.op.requested_by))


def safety(to: Releasing, bound: Mapping[str, Any], reason: str, *, full: bool, what: str) -> str:
    """Back up what is there now: the way back from the way back; its id."""
    wanted = backup.Wanted(
        type="full" if full else "quick",
        purpose=Purpose.SAFETY,
        description=f"before the {what} {bound['backup']}",
        notes=reason,
        created_by=to.op.requested_by,
        target=bound["target"],
    )
    made = backup.steps(to.op, "safety", wanted, to.services)
    to.op.result(safety=made.id)
    return made.id
