"""An operation as one message, edited in place: what it is, how far it is, and at the end what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from bot.views import steps as changes
from bot.views.actions import Action
from bot.views.backup import outcome
from bot.views.blocks import Block, Element, Message, actions, button, confirm, context, dotted, message, section
from bot.views.text import ago, code, duration, escape, mention, prose, size

if TYPE_CHECKING:
    from ops.journal import OperationView, StepView

STEPS: Mapping[str, tuple[str, ...]] = {
    "quick backup": ("commit", "name", "anchor", "manifest", "verify", "retention"),
    "full backup": ("target", "commit", "name", "export", "check", "anchor", "manifest", "verify", "retention"),
    "verify": ("look",),
}
"""The steps of each kind, so that those to come can be shown; a step that is not named here is shown when it begins."""

CANCELLABLE = frozenset(STEPS)
_SPOKEN: Mapping[str, str] = {"anchor": "tag at the remote", "name": "id"}
_DONE, _RUNNING, _TO_COME, _FAILED, _HALTED = ":white_check_mark:", ":arrows_counterclockwise:", "▫", ":x:", ":octagonal_sign:"
_WORKING = ("export", "check", "look")  # steps whose progress is worth a line


def card(view: OperationView, now: datetime) -> Message:
    """The card of any operation, running or over."""
    if view.status == "running":
        return message(_running_text(view, now), *running_blocks(view, now), actions(cancel_button(view)))
    return outcome.ended(view, steps(view))


def running_blocks(view: OperationView, now: datetime) -> list[Block]:
    """An operation under way, without its buttons: these differ with the place."""
    halted = view.status == "halted"
    what = f"{_HALTED} *{escape(outcome.title(view))} is halted*" if halted else f"{_RUNNING} *{escape(outcome.title(view))}*"
    head = dotted(what, f"*{prose(outcome.target(view))}*", duration(now - view.created_at))
    return [
        block
        for block in (
            section(head, outcome.asked(view)),
            context(changes.line(view) if "bound" in view.params else steps(view)),
            context(*_progress(view)),
        )
        if block
    ]


def cancel_button(view: OperationView) -> Element | None:
    """Cancel, with one question, for what can be cancelled."""
    if view.kind not in CANCELLABLE:
        return None
    what = outcome.title(view).lower()
    asks = confirm(f"Cancel the {what}?"[:100], "What it made so far is removed. Production is not touched.", "Cancel it", "Let it run")
    return button(f"Cancel {what}"[:75], Action.CANCEL, view.id, asks=asks, style="danger")


def steps(view: OperationView) -> str:
    """Every step with a mark: done, running, failed, to come."""
    begun = [step.name for step in view.steps]
    shown = [_step(view, step) for step in view.steps]
    if view.status in {"running", "succeeded"}:
        shown += [f"{_TO_COME} {_spoken(name)}" for name in STEPS.get(view.kind, ()) if name not in begun]
    return " · ".join(shown)


def _step(view: OperationView, step: StepView) -> str:
    """One step with its mark, and how long it took where that is worth saying."""
    seconds = (step.finished_at - step.started_at).total_seconds() if step.finished_at else 0
    return f"{_mark(view, step)} {_spoken(step.name)}{f' {duration(seconds)}' if seconds >= 1 else ''}"


def _mark(view: OperationView, step: StepView) -> str:
    """Done, running, failed, halted; one that was interrupted and never ended."""
    if step.state == "done":
        return _DONE
    if view.status == "halted":
        return _HALTED
    if view.status == "running":
        return _RUNNING if step.state == "started" else ":warning:"
    return _FAILED if view.status in {"failed", "refused"} else ":black_square_for_stop:"


def _spoken(name: str) -> str:
    """A step as people say it."""
    return _SPOKEN.get(name, escape(name, 60))


def _progress(view: OperationView) -> list[str]:
    """What the program outside said last, and how much it has written."""
    doing = view.steps[-1].name if view.steps else ""
    if not doing.endswith(_WORKING):
        return []
    found = view.progress
    grown = f"{size(found['bytes'])} so far" if isinstance(found.get("bytes"), int) and found["bytes"] else ""
    waiting = f":hourglass_flowing_sand: {prose(str(found['waiting']), 200)}" if found.get("waiting") else ""
    return [
        part
        for part in (waiting, dotted(escape(str(found.get("phase") or ""), 60), grown), code(str(found.get("line") or ""), 150))
        if part
    ]


def _running_text(view: OperationView, now: datetime) -> str:
    """What a notification shows of an operation under way."""
    doing = _spoken(view.steps[-1].name) if view.steps else "starting"
    return f"{escape(outcome.title(view))} of {prose(outcome.target(view))}: {doing}, {duration(now - view.created_at)}"


def in_a_line(view: OperationView) -> str:
    """An operation under way in a list: what, where, who, since when, at which step."""
    doing = _spoken(view.steps[-1].name) if view.steps else "starting"
    who = f"asked by {mention(view.requested_by)}"
    return dotted(
        f"{_HALTED if view.status == 'halted' else _RUNNING} *{outcome.title(view)}*",
        prose(outcome.target(view)),
        who,
        ago(view.created_at),
        f"{'*halted* ' if view.status == 'halted' else ''}at {doing}",
        code(view.id),
    )
