"""What goes around data on their way back: the maintenance page, and the backup that everything can return to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ops import backup, maintenance, spots
from ops.errors import Failed
from ops.journal.reading import Readings
from ops.purposes import Purpose
from ops.releasing import Releasing
from ops.spots import Spot

SPOTS = "spot checks"


def maintenance_on(to: Releasing, bound: Mapping[str, Any], reason: str) -> None:
    """Put the page up; whoever forgets it is reminded."""
    if bound["maintenance"]:
        to.changing("maintenance on", lambda: maintenance.put_up(to.services, reason, to.op.requested_by, to.op.id))


def maintenance_off(to: Releasing, bound: Mapping[str, Any]) -> None:
    """Take the page down, but not one that a person had put up before: that may be there for another reason, and is told."""
    if not bound["maintenance"]:
        return
    if theirs := maintenance.stays(to.services):
        to.op.result(maintenance_stays=theirs)
        return
    to.changing("maintenance off", lambda: maintenance.take_down(to.services, to.op.requested_by))


def safety(to: Releasing, bound: Mapping[str, Any], reason: str, *, what: str, full: bool = True, files: bool = False) -> str:  # noqa: PLR0913 # the facts of one backup, all named
    """Back up what is there now: the way back from the way back; its id. With ``files`` where the import replaces stored ones."""
    wanted = backup.Wanted(
        type="full" if full else "quick",
        purpose=Purpose.SAFETY,
        description=f"before the {what} {bound['backup']}",
        notes=reason,
        created_by=to.op.requested_by,
        target=bound["target"],
        files=files,
    )
    made = backup.steps(to.op, "safety", wanted, to.services)
    to.op.result(safety=made.id, safety_files=bool(made.files))
    return made.id


def spot_checks(to: Releasing, proof: Mapping[str, Any]) -> None:
    """Halt where the rows are not what the settings want, before anybody is let in; who took them as they are is in the result."""
    found = [spots.load(each) for each in proof.get("spots", ())]
    if not found:
        return
    to.changing(SPOTS, lambda: require_wanted(found))
    if by := Readings(to.services.engine).settled_by(to.op.id, SPOTS):
        to.op.result(spots_accepted=by)


def require_wanted(found: Sequence[Spot]) -> None:
    """Fail where a check was looked at and has too few rows; what nobody could look at, or the settings misname, says nothing of them.

    Raises:
        Failed: with the checks.
    """
    if bad := [each for each in found if each.wanting]:
        raise Failed(
            f"The rows that are back are not as `[[spot_check]]` wants them: {'; '.join(each.sentence for each in bad[:3])}.",
            "They are as in the backup: look whether it was taken after the loss. If that is right so, take the step as done, and it "
            "goes on. If not, undo, or end it as it is and restore an older one: `/restore database`. A retry finds the same.",
        )
