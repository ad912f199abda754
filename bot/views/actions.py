"""Every id that leaves in a view and comes back in a click: listeners are written from this list.

A value is a small opaque text (a backup's id, a page) and never trusted: who clicked, and what it names, are looked at
again. What follows a ":" in an action id only keeps two buttons of one row apart; the listener is named by what precedes it.
"""

from __future__ import annotations

import enum


class Action(enum.StrEnum):
    """What a button, or a menu, asks for."""

    TAKE_QUICK = "backup_take_quick"
    """Take a quick backup; value empty. From the panel's window with the inputs of ``Field``."""
    TAKE_FULL = "backup_take_full"
    """Take a full backup; value empty. From the panel's window with the inputs of ``Field``."""
    OPEN_PANEL = "backup_open_panel"
    """Open the panel's window; value empty. From App Home, and from messages where a window was lost."""
    LOOK_AGAIN = "backup_look_again"
    """Draw the panel's window anew; value empty."""
    PAGE = "backup_page"
    """Turn a page; value: ``Listing`` and a place in it, as ``turn`` reads it. In the window, the message or Home that it is in."""
    SHOW = "backup_show"
    """Show one backup; value: its id."""
    VERIFY = "backup_verify"
    """Verify one backup; value: its id."""
    DELETE = "backup_delete"
    """Delete one backup, already confirmed; value: its id, then a space and the reason if one was typed."""
    KEEP = "backup_keep"
    """Do nothing after all; value: the backup's id. The question may go away."""
    UNDELETE = "backup_undelete"
    """Bring a deleted backup back; value: its id."""
    PIN = "backup_pin"
    """Keep a backup whatever retention says; value: its id."""
    UNPIN = "backup_unpin"
    """Let retention decide again; value: the backup's id."""
    EXPLAIN_FALL = "backup_explain_fall"
    """Open the window that asks why a table fell; value: the backup's id."""
    CANCEL = "operation_cancel"
    """Cancel an operation, already confirmed; value: its id."""
    STATUS = "ops_status"
    """Show what runs and what is kept; value empty."""
    DEPLOY_OPEN = "deploy_open"
    """Open the deploy's window; value: a ref, or empty for the source branch."""
    ROLLBACK_OPEN = "rollback_open"
    """Open the list of backups to roll back to; value: a page, or empty."""
    ROLLBACK_TO = "rollback_to"
    """Look at a rollback; value: a backup's id, then "data" or "code", then a halted operation's id if it takes over from one."""
    APPROVE = "approval_approve"
    """Sign; value: the approval's id."""
    REJECT = "approval_reject"
    """Open the window that asks why not; value: the approval's id."""
    WITHDRAW = "approval_withdraw"
    """Take it back, already confirmed; value: the approval's id."""
    ASK_AGAIN = "approval_again"
    """Ask once more for what expired; value: the approval's id."""
    BREAK_GLASS = "approval_break_glass"
    """Open the window for starting without the signature; value: the approval's id."""
    RESTORE_OPEN = "restore_open"
    """Open the list of backups to restore from; value: the page."""
    REHEARSE = "restore_rehearse"
    """Restore a backup to staging under the functions that production runs; value: its id."""
    RESTORE_TO = "restore_to"
    """Assess a restore; value: the backup's id, the environment, and the halted operation that is taken over from."""
    SALVAGE_OPEN = "salvage_open"
    """Open the list of deltas; value empty."""
    SALVAGE_TO = "salvage_to"
    """Open the window in which tables of a delta are chosen; value: its id."""
    VERIFY_RESTORE = "verify_restore"
    """Verify a backup by a restore to staging; value: its id, or empty for the one that needs it most."""
    DRILL_DETECTED = "drill_detected"
    """Open the window in which somebody says what they see; value: the drill's id."""
    DRILL_DECIDED = "drill_decided"
    """Open the window in which a backup is decided for; value: the drill's id."""
    DRILL_BLOCKER = "drill_blocker"
    """Open the window in which a blocker is noted; value: the drill's id."""
    DRILL_HISTORY = "drill_history"
    """Show all drills; value empty."""
    EVIDENCE = "readiness_evidence"
    """Show what the time to come back was measured from; value empty."""
    PROBLEM = "watch_problem"
    """Open the window in which a problem after a restore is reported; value: the restore's id."""
    CLOSE_TASK = "task_close"
    """Open the window that closes a task; value: its id."""
    HALTED_RETRY = "halted_retry"
    """Repeat the step at which an operation halted; value: the operation's id."""
    HALTED_DONE = "halted_done"
    """Take that step as done, already confirmed; value: the operation's id."""
    HALTED_OVER = "halted_over"
    """End it as it is and free its lock, already confirmed; value: the operation's id."""
    HALTED_HAND_OVER = "halted_hand_over"
    """Open the window that hands it to somebody; value: the operation's id."""
    LIFT = "hold_lift"
    """Lift the hold on deploys, already confirmed; value empty."""
    MAINTENANCE_OFF = "maintenance_off"
    """Switch maintenance off, already confirmed; value empty."""
    UNPAUSE = "unpause"
    """Let the functions of a paused deployment run, already confirmed; value empty."""
    STILL_NEEDED = "standing_still_needed"
    """What stands is still needed for four hours; value: which it is."""
    TELL_ME = "waiting_tell_me"
    """Tell me when an environment is free; value: the environment."""


class Window(enum.StrEnum):
    """A window's callback id: what its submission is known by."""

    PANEL = "backup_panel"
    """The backup panel. Submitting it takes the full backup, which covers more; inputs as in ``Field``."""
    LOOKING = "backup_looking"
    """What is shown while something is looked up; it has nothing to submit."""
    ANSWER = "backup_answer"
    """An answer shown in a window; it has nothing to submit."""
    EXPLAIN_FALL = "backup_explain_fall"
    """Why a table fell: private_metadata is the backup's id, the reason is in ``Field.REASON``."""
    DEPLOY = "deploy"
    """A proposal: private_metadata is what was looked at, as ``bot.views.deploy`` writes it."""
    ROLLBACK_LIST = "rollback_list"
    """Backups to choose from: the chosen id is in ``Field.BACKUP``."""
    ROLLBACK = "rollback"
    """A preview: private_metadata as the value of ``Action.ROLLBACK_TO``."""
    DRILL_DETECTED = "drill_detected"
    """What somebody sees: private_metadata is the drill's id."""
    DRILL_DECIDED = "drill_decided"
    """The backup is in ``Field.BACKUP``: private_metadata is the drill's id."""
    DRILL_BLOCKER = "drill_blocker"
    """What holds it up: private_metadata is the drill's id."""
    RESTORE_LIST = "restore_list"
    """Backups to restore from: the chosen id is in ``Field.BACKUP``; private_metadata is the environment."""
    RESTORE = "restore"
    """An assessment: private_metadata as the value of ``Action.RESTORE_TO``."""
    SALVAGE = "salvage"
    """Tables to bring back, in ``Field.TABLES``: private_metadata is the delta's id."""
    PROBLEM = "watch_problem"
    """What somebody saw: private_metadata is the restore's id."""
    REJECT = "approval_reject"
    """Why not: private_metadata is the approval's id."""
    BREAK_GLASS = "approval_break_glass"
    """A reason, and the id typed: private_metadata is the approval's id."""
    CLOSE_TASK = "task_close"
    """How it was settled: private_metadata is the task's id."""
    HAND_OVER = "halted_hand_over"
    """To whom, and what they should know: private_metadata is the operation's id."""


class Field(enum.StrEnum):
    """An input: the id of its block and of its element alike."""

    PURPOSE = "purpose"
    """One of ``ops.purposes.Purpose``."""
    DESCRIPTION = "description"
    """A version, or what is about to happen."""
    NOTES = "notes"
    """A sentence for whoever finds the backup."""
    REASON = "reason"
    """Why."""
    IMPACT = "impact"
    """What it means for the business."""
    BACKUP = "backup"
    """A backup's id; in the deploy's window which one to take first: "", "quick" or "full"."""
    TYPED = "typed"
    """An id, typed to say that it is meant."""
    CONFIRMED = "confirmed"
    """"yes" once the box is ticked."""
    BEGAN = "began"
    """When something began, in words."""
    TABLES = "tables"
    """Tables, each ticked."""
    PERSON = "person"
    """Somebody."""


class Listing(enum.StrEnum):
    """What can be paged through."""

    BACKUPS = "backups"
    """All backups; the place is a page, from 1."""
    LOG = "log"
    """The backup log; the place is a page, from 1."""
    TRASH = "trash"
    """The deleted ones; the place is a page, from 1."""
    ACTIVITY = "activity"
    """The activity log; the place is the number of a line: those before it. 0 is the newest."""


def turned(listing: Listing, place: int) -> str:
    """The value of a button that turns a page."""
    return f"{listing} {place}"


def turn(value: str) -> tuple[Listing, int]:
    """Read the value of a button that turned a page; one that nobody of ours wrote means the first page of all backups."""
    name, _, place = value.partition(" ")
    listing = Listing(name) if name in set(Listing) else Listing.BACKUPS
    return listing, int(place) if place.isascii() and place.isdigit() and len(place) < 16 else 0


def reasoned(backup_id: str, why: str) -> str:
    """The value of a button that carries a reason with the id."""
    return f"{backup_id} {why}".strip()


def reason(value: str) -> tuple[str, str]:
    """Read an id and the reason behind it."""
    backup_id, _, why = value.partition(" ")
    return backup_id, why.strip()
