"""The card of a verification by a restore to staging, and its log with the document's fields."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from bot.views import steps
from bot.views.actions import Action
from bot.views.backup import outcome
from bot.views.blocks import Message, actions, button, context, dotted, message, section
from bot.views.staging import cancelled, kept, paused, waits
from bot.views.steps import DONE, RUNNING
from bot.views.text import code, counted, duration, escape, mention, people, prose
from ops import overlooked
from ops.restoring.looking import files_stay
from ops.spots import load
from ops.verification import WORKING

if TYPE_CHECKING:
    from ops.journal import OperationView


def card(view: OperationView, now: datetime) -> Message:
    """How it stands."""
    backup, where = code(view.params["bound"]["backup"]), prose(outcome.target(view))
    why = f"chosen: {escape(str(view.params['shown']['why']), 150)} · seed {view.params['shown']['seed']}"
    if view.status == "running":
        line = str(view.progress.get("line") or "")
        return message(
            f"Restoring {view.params['bound']['backup']} to {where}",
            section(
                dotted(f"{RUNNING} *Verifying {backup} by a restore*", f"*{where}*", duration(now - view.created_at)),
                why,
                waits(view.params["shown"].get("left")),
                cancelled(view),
            ),
            context(steps.line(view)),
            context(code(line, 150) if line else ""),
        )
    if view.status != "succeeded":
        return failed(view)
    proof = view.result["proof"]
    said = f"{view.params['bound']['backup']} restored to {where}: {counted(proof['of'], 'table')}, every fingerprint equal"
    return message(
        said,
        section(
            dotted(f"{DONE} *{backup} restored and proven*", f"*{where}*", outcome.took(view), f"L{view.result['level']}"),
            f"{counted(proof['of'], 'table')}, {counted(int(view.result['items']), 'row')}, every fingerprint equal",
            files_stay(view.result.get("files")),
            *_spots(view),
            _not_working(view),
            _verifier(view),
            f"{why} · asked by {mention(view.requested_by)}",
            cancelled(view),
        ),
        context(steps.line(view)),
        context(kept(view), paused(view)),
    )


def _not_working(view: OperationView) -> str:
    """Why it was not tried whether the app works on it."""
    return (
        ""
        if int(view.result["level"]) >= WORKING
        else 'Not L5: no page of staging is set to be looked at (`[[smoke]]`, `environment = "staging"`)'
    )


def _spots(view: OperationView) -> list[str]:
    """What the spot checks found."""
    found = [load(each) for each in view.result["proof"].get("spots", ())]
    shown = sorted(found, key=lambda each: each.good)[:8]  # what is not as wanted is never the one left out
    return [f"• {escape(each.what, 150)}: {each.found}" if each.good else f":warning: {escape(each.sentence, 200)}" for each in shown]


def _verifier(view: OperationView) -> str:
    """How the verifier proved itself."""
    tested = view.result.get("verifier")
    again = ", which was missed before" if overlooked.is_seen(view) else ""
    return f"The verifier saw the copy that was damaged on purpose ({escape(str(tested['damage']), 80)}){again}" if tested else ""


def failed(view: OperationView) -> Message:
    """It did not come to its end: to the channel of incidents too."""
    blind = bool(view.result.get("missed"))
    said = "P0: the verifier is blind" if blind else f"Verification {view.status}"
    mark = ":rotating_light:" if blind else ":x:"
    until = "the verifier sees that damage" if blind else "a verification succeeds"
    return message(
        f"{said} · {prose(outcome.target(view))}",
        section(
            dotted(f"{mark} *{said}*", code(view.params["bound"]["backup"]), f"*{prose(outcome.target(view))}*"),
            people(prose(view.error or "", 1200)),
            prose(view.remedy or "", 600),
            f"Retention takes nothing until {until}." if view.status == "failed" else "",
        ),
        context(steps.line(view)),
        context(kept(view), paused(view)),
        actions(button("Verify it again", Action.VERIFY_RESTORE, str(view.params["bound"]["backup"]))),
    )
