"""How staging is after something that changed it did not come to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.views.text import code, mention, prose
from ops.recoveries import PREPARED
from ops.restoring.left import sentence
from ops.restoring.staged import SAVED

if TYPE_CHECKING:
    from ops.journal import OperationView

_OPEN = "functions without validation"
_CHANGES = frozenset({"disaster", "data", f"{PREPARED}data"})


def kept(view: OperationView) -> str:
    """Staging's own data, where they could not be put back, or not under functions that validate."""
    found = view.result.get("staging")
    if not found:
        return ""
    if clash := found.get("clash"):
        return (
            ":warning: Staging has its own data again, but they do not fit the schema that production runs, so staging's functions run "
            f"*without schema validation*. {prose(clash, 300)}"
        )
    return f":warning: Staging's own data could not be put back: {prose(found['why'], 300)} They are kept in {code(found['kept'])}."


def waits(found: dict[str, Any] | None) -> str:
    """Before it begins and while it runs: that staging's own data wait to be put back, and what becomes of them."""
    said = sentence(found)
    return f":warning: {prose(said, 500)}" if said else ""


def paused(view: OperationView) -> str:
    """Where a person had paused staging before: that it is again, or why not."""
    why = view.result.get("paused_again")
    if why is None:
        return ""
    if not why:
        return "Staging was paused before this began, and is paused again."
    return f":warning: Staging was paused before this began, and could not be paused again: {prose(why, 300)} Its functions may run."


def cancelled(view: OperationView) -> str:
    """That a cancel was accepted, and by whom, while it still runs; or that it came too late."""
    if not view.cancelled_by:
        return ""
    who = mention(view.cancelled_by)
    if view.status == "running":
        return f":black_square_for_stop: *{who} cancelled it:* nothing more begins but what puts staging back, if that was saved."
    return f"{who} cancelled it too late: all of it was done." if view.status == "succeeded" else ""


def own(view: OperationView, what: str) -> str:
    """What became of staging after something that changed its data."""
    data = (
        (kept(view) or "Staging has its own data again.")
        if _saved(view)
        else f":warning: Staging holds what {what} left there: nothing was saved to be put back (`[verification] put_back`)."
    )
    return f"{data} {paused(view)}".rstrip()


def _saved(view: OperationView) -> bool:
    """Whether staging's own data were saved before."""
    return any(step.name == SAVED and step.state == "done" for step in view.steps)


def drilled(view: OperationView) -> str:
    """After a drill that stopped."""
    steps = {step.name: step.state for step in view.steps}
    if not steps.keys() & _CHANGES:
        return "Staging's data are as before."
    return own(view, "the drill")


def restored(view: OperationView) -> str:
    """After a restore to staging, or a rehearsal of one of production, that did not come to its end."""
    if _saved(view):
        return f"*Production was not touched.* {own(view, 'the rehearsal')}"
    steps = {step.name: step.state for step in view.steps}
    if not steps.keys() & {_OPEN, "data"}:
        return "*Staging is as before, and so is production.*"
    rows = {
        "": "its data are as before",
        "done": "its data are the backup's, but not all of the rest is done",
    }.get(steps.get("data", ""), "its data are as before or all of the backup's, as an import brings all or nothing")
    opened = "it runs functions *without schema validation*, and " if _OPEN in steps and steps.get("functions") != "done" else ""
    return f":warning: *Production was not touched. Staging is half changed:* {opened}{rows}. A restore there that succeeds ends that."
