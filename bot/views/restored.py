"""The cards of what brings data back, and what is said after it: the report, the watch, the problems that people see."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from bot.views import changing, kinds, limits, staging, steps
from bot.views.actions import Action, Field, Window
from bot.views.backup import outcome
from bot.views.blocks import (
    Message,
    View,
    actions,
    button,
    context,
    dotted,
    entry,
    message,
    modal,
    section,
    typed,
)
from bot.views.restore import documents
from bot.views.steps import DONE, RUNNING, WARNING
from bot.views.text import clock, code, counted, escape, mention, number, people, prose
from ops.reports import calls_sentence, unwritten_sentence, watch_sentence
from ops.restoring.data import unproven
from ops.settings import Docs

if TYPE_CHECKING:
    from ops.journal import OperationView

_PART = 1200  # characters of a section: what a message does not hold is left out by sections


def card(view: OperationView, now: datetime) -> Message:
    """How it stands."""
    if view.status != "succeeded":
        return changing.card(view, now)
    return _rehearsed(view) if kinds.is_rehearsal(view.params["bound"]) else _done(view)


def _done(view: OperationView) -> Message:
    """The data are back."""
    mark, said = changing.verdict(view)
    undo = changing.undo(view)
    told = "The incident report is in the thread in #incidents; the watch of half an hour has its own card, which says how it stands."
    kept = f":clipboard: {told}" if undo else ""
    return message(
        f"{said} · {prose(outcome.target(view))}",
        section(
            dotted(f"{mark} *{said}*", outcome.took(view), f"*{prose(outcome.target(view))}*"),
            f"{'Brought back from' if unproven(view.result) else 'The data are those of'} {code(view.params['bound']['backup'])}",
            *changing.proof(view.result),
            changing.about(view),
        ),
        context(steps.line(view)),
        context(kept, changing.safety_line(view.result.get("safety"))),
        context(_unwritten(view)),
        actions(undo, changing.salvage_button(view), button("Report a problem", Action.PROBLEM, view.id) if undo else None),
    )


def _rehearsed(view: OperationView) -> Message:
    """Whether the backup's rows fit the functions that production runs, and what staging holds now."""
    clash = str(view.result.get("clash") or "")
    mark, fits = (WARNING, "do not fit") if clash else (DONE, "fit")
    said = f"Rehearsal complete - its rows {fits} the functions that run"
    backup = view.params["bound"]["backup"]
    return message(
        f"{said} · {prose(outcome.target(view))}",
        section(
            dotted(f"{mark} *{said}*", outcome.took(view), f"*{prose(outcome.target(view))}*"),
            f"{code(backup)} was restored there. Production was not touched.",
            prose(clash, 400),
            *changing.compared(view.result),
            changing.about(view),
        ),
        section(staging.own(view, "the rehearsal")),
        context(steps.line(view)),
        actions(button("Look again", *kinds.planning(view.kind, view.params["bound"], view.params["shown"]))),
    )


def _unwritten(view: OperationView) -> str:
    """That the report's file could not be written, and why."""
    said = unwritten_sentence(view.result)
    return f":warning: {prose(said, 300)}" if said else ""


def salvaged(view: OperationView, now: datetime) -> Message:
    """Rows that came back."""
    if view.status != "succeeded":
        return changing.card(view, now)
    rows, proof = view.result.get("appended"), view.result.get("proof") or {}
    there, other = proof.get("rows"), int(proof.get("other") or 0)
    said = f"{counted(rows, 'row')} brought back" if rows else "Nothing was missing" if rows == 0 else "Taken as done by a person"
    named = escape(", ".join(view.params["bound"]["tables"]), 200)
    sure = (
        f"{counted(there, 'row')} of {named} {'is' if there == 1 else 'are'} there, byte for byte."
        if there is not None
        else f"The rows of {named} are *not proven*."
    )
    return message(
        f"{said} · {prose(outcome.target(view))}",
        section(
            dotted(f"{DONE} *{said}*", outcome.took(view), f"*{prose(outcome.target(view))}*"),
            sure,
            f"{number(other)} more {'is' if other == 1 else 'are'} there with another content, and left alone." if other else "",
            changing.about(view),
        ),
        context(steps.line(view)),
        context(changing.safety_line(view.result.get("safety"))),
        actions(changing.undo(view)),
    )


def watched(view: OperationView, _now: datetime) -> Message:
    """The card of the watch after a restore."""
    restore, until = str(view.params["restore"]), datetime.fromisoformat(view.params["until"])
    problem = button("Report a problem", Action.PROBLEM, restore)
    if view.status == "running":
        looks, failed = (int(view.progress.get(name, 0)) for name in ("looks", "failed"))
        bad = list(view.progress.get("bad", ()))
        last = f":warning: {escape(str(bad[-1]['at']), 30)} {prose(str(bad[-1]['fault']), 300)}" if bad else ""
        words = f"Watching {prose(outcome.target(view))} after the restore, until {clock(until)}"
        return message(
            words,
            section(
                f"{RUNNING} *{words}*",
                f"{looks - failed} of {counted(looks, 'look')} {'was' if looks == 1 else 'were'} good."
                if looks
                else "No look at a page is over yet.",
                escape(_sentence(calls_sentence(view.progress)), 600),
            ),
            context(last),
            actions(problem),
        )
    words = f"The watch after the restore is over: {watch_sentence(view)}"
    bad = list(view.result.get("bad", ()))
    faults = [f"• {escape(str(each['at']), 30)} {prose(str(each['fault']), 300)}" for each in bad[-5:]]
    quiet = not (bad or view.result.get("calls") or view.result.get("unwatched"))
    mark = DONE if view.status == "succeeded" and quiet else ":warning:"
    said = people(escape(words))
    return message(said, section(f"{mark} *{said}*", *faults), context(_unwritten(view)), actions(problem))


def _sentence(clause: str) -> str:
    """A clause that stands alone."""
    return f"{clause[0].upper()}{clause[1:]}." if clause else ""


def report(restore_id: str, text: str) -> Message:
    """The incident report, in the thread: as much as a message holds; the button brings all of it."""
    whole = actions(button("The report as a file", Action.REPORT, restore_id))
    on = context("The report goes on: the button below brings the whole of it.")
    parts = [section(part) for part in _in_parts(text)]
    shown = list(parts)
    while limits.size([*shown, on, whole]) > limits.MESSAGE_CHARACTERS:
        shown.pop()
    return message("The incident report", *shown, *([on] if len(shown) < len(parts) else []), whole)


def _in_parts(text: str) -> list[str]:
    """A long text in as many sections as it needs; what is a table or a heading there is a line here."""
    lines = [_spoken(line) for line in text.splitlines() if line.strip() and not line.startswith(("| | |", "|---"))]
    parts = [""]
    for line in lines:
        if len(parts[-1]) + len(line) > _PART:
            parts.append("")
        parts[-1] += f"{line}\n"
    return parts


def _spoken(line: str) -> str:
    """A line of Markdown as Slack draws it."""
    if line.startswith("#"):
        return f"*{escape(line.lstrip('# '), 200)}*"
    if line.startswith("| "):
        name, _, rest = line.strip("| ").partition(" | ")
        return f"*{escape(name, 60)}:* {people(prose(rest, 600))}"
    return f"• {people(prose(line[2:], 400))}" if line.startswith("- ") else prose(line, 400)


def problem(restore_id: str) -> View:
    """What somebody sees."""
    return modal(
        "Report a problem",
        section("What is wrong after the restore? #incidents hears it at once, and it stays a task until somebody closes it."),
        entry("What do you see?", typed(Field.REASON, hint="Where, since when, for whom", limit=500, lines=True), needed=True),
        submit="Report it",
        callback_id=Window.PROBLEM,
        private=restore_id,
    )


def reported(view: OperationView, by: str, text: str) -> Message:
    """To the channel of incidents."""
    words = f"{mention(by)} reports a problem after the restore of {prose(outcome.target(view))}: “{escape(text, 400)}”"
    return message(words, section(f":rotating_light: {words}"), actions(changing.undo(view)))


def in_progress(view: OperationView, usual: float, docs: Docs) -> Message:
    """The document's sentence, to the channel of incidents."""
    bound, shown = view.params["bound"], view.params["shown"]
    minutes = max(1, round(usual / 60))
    words = f"Database restore in progress. Downtime: ~{counted(minutes, 'minute')}"
    about = dotted(
        prose(bound["target"]), f"to {code(bound['backup'])}", f"asked by {mention(view.requested_by)}", f"“{escape(shown['reason'], 200)}”"
    )
    return message(words, section(f":construction: *{words}*", about), context(documents(docs)))
