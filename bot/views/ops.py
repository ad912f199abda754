"""What runs and what is safe, what was done, how to stop it, and all commands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from bot.views import readiness
from bot.views.actions import Action, Listing, turned
from bot.views.backup import outcome
from bot.views.backup.lists import PAGE
from bot.views.backup.marks import in_short
from bot.views.backup.progress import cancel_button, in_a_line
from bot.views.blocks import Block, Message, actions, button, context, dotted, message, section
from bot.views.changing import halted_buttons, ways
from bot.views.standing import sections
from bot.views.text import ago, clock, code, counted, escape, mention, number, prose
from ops.words import ago as in_words

if TYPE_CHECKING:
    from ops.activity import Line
    from ops.journal import OperationView
    from ops.manifest import Backup
    from ops.readiness import Readiness
    from ops.standing import Standing

_OTHERS = "Vercel deployments (by Vercel) · Clerk users (by Clerk) · Stripe data (by Stripe) · static assets (built again from the source)"
_DECISIONS = 2  # halted operations whose buttons are shown: one of production, one of staging

COMMANDS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "Take a backup": (
        ("/backup", "the panel: quick or full, purpose, version or description, notes"),
        ("/backup quick [notes]", "which commit production is at; a second or two"),
        ("/backup full [notes]", "the commit and every table of the database"),
    ),
    "Look": (
        ("/backup list [page]", "all backups, newest first"),
        ("/backup show ID", "one backup with its tables"),
        ("/backup verify ID [level]", "look again whether it is sound; from level 4 on by a restore to staging"),
        ("/backup verify weekly", "restore the backup that needs it most to staging, and prove it"),
        ("/backup log [page]", "who took which, why, and where it lies"),
    ),
    "Keep or delete": (
        ("/backup pin ID [reason]", "keep it whatever retention says; `/backup unpin ID` lets retention decide again"),
        ("/backup delete ID [reason]", "move it to the trash"),
        ("/backup undelete [ID]", "bring it back from the trash"),
    ),
    "Deploy and roll back": (
        ("/deploy [ref] [version]", "what would ship, how the gate stands, and the way on"),
        ("/rollback [ID] [code]", "choose a backup, see what would be lost, type its id"),
        ("/restore database [ID] [staging]", "bring the data back from a full backup, and have every row proven"),
        ("/restore database before 09:40", "the same, with the newest backup from before then proposed"),
        ("/restore salvage [ID]", "bring back rows that a restore or a rollback took away"),
        ("/drill start [A|B]", "rehearse a disaster in staging, every phase timed; `/drill history` shows the trend"),
        ("/ops hold REASON", "let nothing be deployed; `/ops resume [why]` lifts it"),
        ("/ops maintenance on REASON", "show the maintenance page; `/ops maintenance off` takes it down"),
        ("/ops unpause", "let the functions of a paused Convex run again"),
        ("/ops lock", "what holds production, and be told when it is free"),
    ),
    "Operations": (
        ("/ops status", "what runs, and how old the last backups are"),
        ("/ops log", "what was done, by whom, with which outcome"),
        ("/ops alerts", "what is wrong, who has it in hand"),
        ("/ops metrics [days]", "the figures beside what is promised, and a picture of the trend"),
        ("/ops post WHAT", "now, in the channel: `health`, `retention`, `weekly`, `monthly` or `digest`"),
        ("/ops branches", "branches that were merged long ago, to be deleted"),
        ("/ops verify-log", "look whether any line of that log was changed, or its end cut off"),
        ("/ops evidence [2026-10]", "what was done in a month, as files for an auditor"),
        ("/ops cancel [ID]", "stop a backup, or a deploy or rollback before its first change"),
        ("/ops help", "this"),
    ),
}


@dataclass(frozen=True, kw_only=True)
class Status:
    """What the status is drawn from."""

    target: str
    running: Sequence[OperationView] = ()
    standing: Sequence[Standing] = ()  # what was left on: maintenance, a pause, a hold
    last_full: Backup | None = None  # good ones only
    last_quick: Backup | None = None
    count: int = 0  # backups of any type, good or not
    folder: Mapping[str, Any] | None = None  # {"bytes", "limit"}
    files: bool = False  # whether stored files are kept
    held: str | None = None  # why retention lets nothing leave
    readiness: Readiness | None = None


def status(state: Status, now: datetime) -> Message:
    """What runs now, and for each part of production what of it is kept, and by whom."""
    running = [in_a_line(view) for view in state.running] or ["Nothing runs."]
    return message(
        _status_text(state, now),
        section(f"*Status* · *{prose(state.target)}*", *running),
        *_decisions(state.running),
        *sections(state.standing, state.running),
        *(readiness.blocks(state.readiness) if state.readiness else []),
        section(f"*Kept here* · {counted(state.count, 'backup')}", _database(state), _code(state)),
        context(
            "" if state.files else "*Not kept, by the settings:* stored files (`[convex] file_storage`)",
            "*Not kept yet:* environment variables · third-party configuration",
            f"*Kept by others:* {_OTHERS}",
        ),
        context(outcome.folder(state.folder), f":warning: Retention lets nothing leave: {prose(state.held, 300)}" if state.held else ""),
        actions(
            *(cancel_button(view) for view in state.running[:1]),
            _turn("All backups", Listing.BACKUPS),
            _turn("Activity", Listing.ACTIVITY),
        ),
    )


def _decisions(running: Sequence[OperationView]) -> list[Block]:
    """What a person must decide about what is halted."""
    halted = [view for view in running if view.status == "halted" and view.environment]
    return [block for view in halted[:_DECISIONS] for block in (actions(*halted_buttons(view)), context(ways(view)))]


def _turn(label: str, which: Listing) -> dict[str, Any]:
    """A button to the first page of a list."""
    return button(label, f"{Action.PAGE}:{which}", turned(which, 0))


def _status_text(state: Status, now: datetime) -> str:
    """What a notification shows."""
    runs = f"{counted(len(state.running), 'operation')} running" if state.running else "nothing runs"
    last = f"last full backup {in_words(state.last_full.timestamp, now)}" if state.last_full else "no good full backup"
    return f"{prose(state.target)}: {runs}, {last}"


def _database(state: Status) -> str:
    """The database's last backup, and what could not be brought back."""
    if state.last_full is None:
        return ":warning: Database: no good full backup, so no data can be brought back. Take one: `/backup full`"
    at = state.last_full.moment
    last = f"Database: {in_short(state.last_full)}"
    return f"{last}\nNothing that was written after {clock(at)} can be brought back: an export is one moment."


def _code(state: Status) -> str:
    """The code's last backup: a full one saves the commit too."""
    both = [backup for backup in (state.last_full, state.last_quick) if backup]
    if not both:
        return ":warning: Code: no good backup. Take one: `/backup quick`"
    newest = max(both, key=lambda backup: backup.timestamp)
    return f"Code: {in_short(newest)}, commit {code(newest.short_commit)} on {code(newest.branch)}"


def activity(lines: Sequence[Line], before: int = 0) -> Message:
    """A page of the activity log, newest first. Give one line more than a page where there are more."""
    if not lines:
        return message("The activity log is empty: nothing was done yet.")
    shown = lines[:PAGE]
    newest = button("Newest", f"{Action.PAGE}:newest", turned(Listing.ACTIVITY, 0)) if before else None
    older = button("Older", f"{Action.PAGE}:older", turned(Listing.ACTIVITY, shown[-1].seq)) if len(lines) > PAGE else None
    return message(
        f"Activity: {prose(shown[0].text, 200)}",
        section("*Activity*, newest first"),
        *(_done(line) for line in shown),
        context(f"lines {number(shown[-1].seq)}-{number(shown[0].seq)} · log head {code(shown[0].hash[:8])}" if not before else ""),
        actions(newest, older),
    )


def _done(line: Line) -> Block:
    """One line of the log: what, with which outcome, who, when."""
    came = "" if line.outcome == "succeeded" else f"({escape(line.outcome, 120)})"
    when = (clock(line.at), ago(line.at)) if line.at else (":rotating_light: its time was changed and cannot be read",)
    return section(f"{prose(line.text, 250)} {came}".rstrip(), dotted(mention(line.who), *when))


@cache
def overview() -> Message:
    """All commands."""
    parts = (section(f"*{title}*", *(f"`{command}` {what}" for command, what in rows)) for title, rows in COMMANDS.items())
    example = context("An ID looks like `full-1701450000000`; `/backup list` shows them.")
    return message("Backstop's commands: /backup, /deploy, /rollback, /restore, /drill and /ops", *parts, example)


def cancelling(view: OperationView) -> Message:
    """An operation was asked to stop."""
    what = escape(outcome.title(view).lower())
    return message(f"The {what} of {prose(outcome.target(view))} stops at its next safe point; its card says when it has.")


def given_up(view: OperationView) -> Message:
    """A halted operation that had touched nothing was given up: others may start."""
    return message(f"The {escape(outcome.title(view).lower())} of {prose(outcome.target(view))} is given up; others may start there.")


def nothing_to_cancel(watches: Sequence[OperationView] = ()) -> Message:
    """There is no operation to stop; a watch after a restore is named, and ended only by its id."""
    named = " ".join(
        f"The watch after a restore of {prose(outcome.target(view))} runs: `/ops cancel {escape(view.id, 60)}` ends it for good, and "
        "nobody looks then."
        for view in watches
    )
    return message(f"Nothing runs that could be cancelled. {named}".rstrip())
