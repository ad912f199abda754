"""The backup panel: what is there, what each kind costs and covers, and two buttons. The same in its window and in App Home."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bot.views.actions import Action, Field, Window
from bot.views.backup.marks import in_short
from bot.views.backup.progress import cancel_button, running_blocks
from bot.views.blocks import (
    TITLE,
    Block,
    Element,
    Message,
    View,
    actions,
    button,
    columns,
    context,
    entry,
    header,
    message,
    modal,
    option,
    section,
    select,
    typed,
)
from bot.views.text import code, counted, prose
from ops.purposes import Purpose
from ops.risk import Risk

if TYPE_CHECKING:
    from ops.journal import OperationView
    from ops.manifest import Backup
    from ops.settings import Retention

HEADER = "Create Backup Before Deploy"
QUICK = "Routine code changes where the schema has not changed. Saves the commit, no database data."
FULL = "Schema changes, major function rewrites, risky deploys. Code and all database data."
NOTES_LIMIT = 2000
DESCRIPTION_LIMIT = 100
_FILES = 5
_EXAMPLE = "v2.4.0, or: Add salary table"
_LABEL = "Goes into the label: Pre-migration backup - Add salary table - 2025-01-09"


@dataclass(frozen=True, kw_only=True)
class Usual:
    """How long a backup took lately, in seconds; None where none was taken yet."""

    quick_s: float | None = None
    full_s: float | None = None


@dataclass(frozen=True, kw_only=True)
class Panel:
    """What the panel is drawn from."""

    target: str  # "production · sturgeon"
    last: Backup | None  # the newest of any type
    last_full: Backup | None
    retention: Retention
    usual: Usual = Usual()
    risk: Risk | None = None  # None: a quick backup covers all that changed
    running: OperationView | None = None


def looking(target: str = "") -> View:
    """What is shown at once, while the panel or an answer is looked up."""
    where = f" at *{prose(target)}*" if target else ""
    return modal(TITLE, section(f":hourglass_flowing_sand: Looking{where} …"), callback_id=Window.LOOKING)


def panel(state: Panel, now: datetime) -> View:
    """The panel's window; sent off it takes the full backup, which covers more."""
    if state.running:
        return modal(TITLE, *panel_blocks(state, now), callback_id=Window.PANEL)
    return modal(TITLE, *panel_blocks(state, now), *_inputs(state.retention), submit="Take full backup", callback_id=Window.PANEL)


def reopen(target: str) -> Message:
    """What comes in the window's place when that is gone."""
    words = f"The backup panel of {target} is ready, but its window is closed."
    return message(prose(words), section(prose(words)), actions(button("Open backup panel", Action.OPEN_PANEL)))


def started(what: str, channel: str) -> Message:
    """A backup, or a verification, has begun; where everybody sees how it goes."""
    return message(prose(f"{what}: its card is in {channel}."))


def panel_blocks(state: Panel, now: datetime) -> list[Block]:
    """The panel without its inputs."""
    top = [header(HEADER), context(f"*{prose(state.target)}*", *_last(state))]
    return [*top, *(_running(state.running, now) if state.running else _buttons(state))]


def _last(state: Panel) -> list[str]:
    """The last backup and its age; the last full one too, where that is another."""
    if state.last is None:
        return ["There is no backup yet."]
    last = [f"Last backup: {in_short(state.last)}"]
    if state.last.type == "full":
        return last
    return [*last, f"Last full backup: {in_short(state.last_full)}" if state.last_full else "There is no full backup yet."]


def _buttons(state: Panel) -> list[Block]:
    """Two buttons side by side, with what each saves and takes."""
    quick, full = captions(state.usual)
    return [
        columns(f":zap: *Quick Backup*\n{quick}", f":package: *Full Backup*\n{full}"),
        actions(
            _described(button("Quick Backup", Action.TAKE_QUICK), quick),
            _described(button("Full Backup", Action.TAKE_FULL, style="primary" if state.risk else ""), full),
        ),
        *([section(*_risk(state.risk))] if state.risk else []),
        context(f"*Quick:* {QUICK}", f"*Full:* {FULL}"),
    ]


def _described(element: Element, caption: str) -> Element:
    """A button that a screen reader reads with its caption."""
    return element | {"accessibility_label": f"{element['text']['text']}: {caption}"}


def captions(usual: Usual) -> tuple[str, str]:
    """What each kind saves, and how long it takes: the document's figures until there are measured ones."""
    quick = "~5 sec" if usual.quick_s is None else _about(usual.quick_s)
    full = "~30-60 sec" if usual.full_s is None else _about(usual.full_s)
    return f"Code only ({quick})", f"Code + Database ({full})"


def _about(seconds: float) -> str:
    """A measured duration, rounded for people."""
    return f"~{max(1, round(seconds))} sec" if seconds < 90 else f"~{round(seconds / 60)} min"


def _risk(risk: Risk) -> list[str]:
    """The warning under the quick button."""
    lead = "A quick backup would not cover this:" if risk.known else "Whether a quick backup is enough is unknown:"
    files = ", ".join(code(file, 80) for file in risk.files[:_FILES])
    more = f" and {counted(len(risk.files) - _FILES, 'more file')}" if len(risk.files) > _FILES else ""
    return [f":warning: *{lead}* {prose(risk.sentence, 400)}", f"{files}{more}"]


def _running(view: OperationView, now: datetime) -> list[Block]:
    """The operation that runs, in place of the buttons."""
    goes_on = "Its card in the channel goes on by itself; this shows how it was a moment ago."
    stands_still = context(goes_on if view.status == "running" else "Its card in the channel says why.")
    return [*running_blocks(view, now), stands_still, actions(cancel_button(view), button("Look again", Action.LOOK_AGAIN))]


def _inputs(retention: Retention) -> list[Block]:
    """Purpose, version or description, notes."""
    purposes = [option(f"{purpose.value.capitalize()} · {kept(purpose, retention)}", purpose.value) for purpose in Purpose]
    hint = f"How long a full backup stays. Of quick ones the newest {retention.quick} stay, whatever their purpose."
    return [
        entry("Purpose", select(Field.PURPOSE, purposes, Purpose.ROUTINE.value), hint=hint),
        entry("Version or description", typed(Field.DESCRIPTION, hint=_EXAMPLE, limit=DESCRIPTION_LIMIT), hint=_LABEL),
        entry("Notes", typed(Field.NOTES, hint="A sentence for whoever finds it", limit=NOTES_LIMIT, lines=True)),
    ]


def kept(purpose: Purpose, retention: Retention) -> str:
    """How long a full backup of this purpose stays."""
    days = retention.days.of(purpose)
    return f"the newest {retention.full} stay" if days is None else f"kept {_DAYS.get(days, counted(days, 'day'))}"


_DAYS: Mapping[int, str] = {365: "1 year"}
