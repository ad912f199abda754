"""The steps of an operation that changes production, in a line: those of a backup inside are one, and some are nobody's business."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.views.text import duration, escape

if TYPE_CHECKING:
    from ops.journal import OperationView, StepView

DONE, RUNNING, TO_COME, FAILED, HALTED = ":white_check_mark:", ":arrows_counterclockwise:", "▫", ":x:", ":octagonal_sign:"
WARNING = ":warning:"  # it ended, and something of it is not as it should be
MARKS = {"failed": FAILED, "refused": ":no_entry:", "cancelled": ":black_square_for_stop:", "halted": HALTED}
_ONE = {"safety ": "safety backup", "backup ": "backup", "prepared ": "prepared"}  # steps that people read as one
_HIDDEN = frozenset({"target", "imports before", "release", "staging free"})


def line(view: OperationView) -> str:
    """Every step with a mark; those of a backup inside are one."""
    folded = _folded(view.steps)
    shown = [_step(view, name, several) for name, several in folded.items()]
    if view.status == "running":
        named = {spoken(name) for name in folded}
        shown += [f"{TO_COME} {spoken(name)}" for name in view.params["bound"].get("steps", ()) if spoken(name) not in named | _HIDDEN]
    return " · ".join(shown)


def _folded(found: Sequence[StepView]) -> dict[str, list[StepView]]:
    """The steps under the names that people read, in the order in which they began."""
    folded: dict[str, list[StepView]] = {}
    for step in found:
        if step.name not in _HIDDEN:
            folded.setdefault(spoken(step.name), []).append(step)
    return folded


def spoken(name: str) -> str:
    """A step as people say it."""
    for several, one in _ONE.items():
        if name.startswith(several):
            return one
    return "backup" if name in {"quick backup", "full backup"} else name


def _step(view: OperationView, name: str, several: Sequence[StepView]) -> str:
    """One step with its mark, and how long it took where that is worth saying."""
    last = several[-1]
    took = (last.finished_at - several[0].started_at) if last.finished_at else timedelta()
    return f"{_mark(view, last)} {escape(name, 60)}{f' {duration(took)}' if took.total_seconds() >= 1 else ''}"


def _mark(view: OperationView, step: StepView) -> str:
    """Done, running, failed, halted."""
    if step.state == "done":
        return DONE
    if view.status == "running":
        return RUNNING if step.state in {"started", "redo"} else ":warning:"
    return MARKS.get(view.status.value, FAILED)
