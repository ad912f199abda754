"""How staging is after something that changed it did not come to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.views.text import code, prose
from ops.recoveries import PREPARED

if TYPE_CHECKING:
    from ops.journal import OperationView

_OPEN = "functions without validation"
_CHANGES = frozenset({"disaster", "data", f"{PREPARED}data"})


def kept(view: OperationView) -> str:
    """Staging's own data, where they could not be put back."""
    found = view.result.get("staging")
    if not found:
        return ""
    return f":warning: Staging's own data could not be put back: {prose(found['why'], 300)} They are kept in {code(found['kept'])}."


def drilled(view: OperationView) -> str:
    """After a drill that stopped."""
    steps = {step.name: step.state for step in view.steps}
    if not steps.keys() & _CHANGES:
        return "Staging's data are as before."
    if steps.get("staging saved") != "done":
        return ":warning: Staging holds what the drill left there: nothing was saved to be put back (`[verification] put_back`)."
    return kept(view) or "Staging has its own data again."


def restored(view: OperationView) -> str:
    """After a restore to staging that did not come to its end."""
    steps = {step.name: step.state for step in view.steps}
    if not steps.keys() & {_OPEN, "data"}:
        return "*Staging is as before, and so is production.*"
    rows = {
        "": "its data are as before",
        "done": "its data are the backup's, but not all of the rest is done",
    }.get(steps.get("data", ""), "its data are as before or all of the backup's, as an import brings all or nothing")
    opened = "it runs functions *without schema validation*, and " if _OPEN in steps and steps.get("functions") != "done" else ""
    return f":warning: *Production was not touched. Staging is half changed:* {opened}{rows}. A restore there that succeeds ends that."
