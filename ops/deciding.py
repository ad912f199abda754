"""A person's word on a halted operation, from Slack or a terminal: repeat the step, or take it as done where a person can do it.

What a backup is made of cannot be done by hand: nobody can vouch for an archive that was not written, and the way back hangs on it.
"""

from __future__ import annotations

from ops.backstop import Backstop
from ops.errors import Refused
from ops.journal import Interrupted, OperationView

_BACKUPS = ("safety ", "backup ")  # what the steps of a backup within another operation begin with
_OURS = ("imports before", "no other import")  # what a later step cannot do without


def halted_at(view: OperationView) -> str | None:
    """The step that is not done; None where it halted between two. Pure."""
    last = view.steps[-1] if view.steps else None
    return last.name if last is not None and last.state != "done" else None


def by_hand(step: str | None) -> bool:
    """Whether a person can have done it in Backstop's place. Pure."""
    return step is None or not (step.startswith(_BACKUPS) or step.endswith(_OURS))


def go_on(backstop: Backstop, view: OperationView, *, done: bool, by: str) -> str | None:
    """Let it go on; the step at which it halted.

    Raises:
        Refused: that step is not one that a person can do.
    """
    step = halted_at(view)
    if done and not by_hand(step):
        raise Refused(
            f"“{step}” cannot be taken as done: only Backstop can do it, and what comes after counts on it.",
            "Retry it, or end the operation as it is.",
        )
    backstop.journal.settle(view.id, step, done={} if done else Interrupted.REDO, by=by)
    return step
