"""One backup with all that is known of it; what is not known is said as unknown."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from bot.views.actions import Action
from bot.views.backup import outcome
from bot.views.backup.marks import PINNED, commit, deployment, meaning, name, place, trouble
from bot.views.blocks import Block, Element, Message, actions, button, context, dotted, message, section
from bot.views.text import UNKNOWN, ago, clock, code, counted, escape, escape_lines, mention, size

if TYPE_CHECKING:
    from ops.manifest import Backup

TABLES = 40


def show(backup: Backup, folder: str) -> Message:
    """One backup."""
    said = f"{backup.id}: {meaning(backup.type, backup.facts.level)}"
    return message(
        escape(said),
        section(dotted(f"*{name(backup)}*", ago(backup.timestamp), PINNED if backup.facts.pinned else ""), _level(backup), trouble(backup)),
        section(_origin(backup), _code(backup), *_notes(backup)),
        section(*_pinned(backup)),
        *_data(backup),
        context(f"Lies at {place(backup, folder)}", f"Operation {code(backup.operation_id) if backup.operation_id else UNKNOWN}"),
        actions(*_buttons(backup)),
    )


def _level(backup: Backup) -> str:
    """How far it was verified, and when."""
    looked = f"looked at {ago(backup.facts.level_at)}" if backup.facts.level_at else ""
    restored = f"restored and proven {ago(backup.facts.restored_at)}" if backup.facts.restored_at else "never restored"
    return dotted(f"*{meaning(backup.type, backup.facts.level)}*", looked, restored)


def _origin(backup: Backup) -> str:
    """When, by whom and why it was taken."""
    why = f"purpose {backup.purpose.value}" if backup.purpose else "purpose unknown"
    label = f"\n{escape(backup.label, 200)}" if backup.label else ""
    return f"Taken {clock(backup.timestamp)} by {mention(backup.created_by)}, {why}{label}"


def _code(backup: Backup) -> str:
    """The commit it saves."""
    branch = f"on {code(backup.branch, 80)}" if backup.branch else ""
    return dotted(commit(backup), branch) if backup.commit_hash else "Commit: unknown"


def _notes(backup: Backup) -> list[str]:
    """The notes in full."""
    return [f"Notes: {escape_lines(backup.notes)}"] if backup.notes.strip() else []


def _pinned(backup: Backup) -> list[str]:
    """Who pinned it, and why."""
    if not backup.facts.pinned:
        return []
    by = f" by {mention(backup.facts.pinned_by)}" if backup.facts.pinned_by else ""
    reason = f": {escape(backup.facts.pin_reason)}" if backup.facts.pin_reason else ""
    return [f":pushpin: Pinned{by}{reason}. Retention leaves it alone."]


def _data(backup: Backup) -> list[Block]:
    """What a full backup holds."""
    if backup.type == "quick":
        return [context("Code only: it holds no data.")]
    snapshot = f"data as of {clock(backup.snapshot_timestamp)}" if backup.snapshot_timestamp else "the data's time is unknown"
    schema = f"schema {code(backup.schema_hash[:12])}" if backup.schema_hash else "schema unknown"
    digest = f"sha256 {code(backup.sha256[:12])}" if backup.sha256 else "sha256 unknown"
    held = "rows unknown"
    if backup.tables is not None and backup.rows is not None:
        held = f"{counted(backup.rows, 'row')} in {counted(len(backup.tables), 'table')}"
    facts = section(
        dotted(size(backup.size) if backup.size is not None else "size unknown", held, digest, schema),
        f"Of {deployment(backup)}, {snapshot}",
        _compared(backup),
    )
    tables = {table: asdict(each) for table, each in (backup.tables or {}).items()}
    return [facts, outcome.by_table(tables, TABLES)] if tables else [facts]


def _compared(backup: Backup) -> str:
    """What it was compared with."""
    return f"Compared with {code(backup.facts.compared_to)}" if backup.facts.compared_to else ""


def _buttons(backup: Backup) -> list[Element]:
    """What can be done with it; rights are asked at the click."""
    pin = button("Unpin", Action.UNPIN, backup.id) if backup.facts.pinned else button("Pin", Action.PIN, backup.id)
    fell = [button("Explain the fall", Action.EXPLAIN_FALL, backup.id)] if backup.facts.warnings else []
    return [button("Verify", Action.VERIFY, backup.id), pin, *fell, outcome.delete_button(backup.id)]
