"""Questions and answers about one backup: deleting it, bringing it back, pinning it, explaining a fall."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.views.actions import Action, Field, Window, reasoned
from bot.views.backup.marks import commit, in_short, name, purpose, trouble
from bot.views.blocks import Message, View, actions, button, context, entry, message, modal, section, typed
from bot.views.text import clock, code, escape, exact, mention, prose

if TYPE_CHECKING:
    from ops.manifest import Backup
    from ops.trash import Thrown

REASON_LIMIT = 200


def delete_question(backup: Backup, hours: int, why: str = "") -> Message:
    """Ask before a backup is deleted by a command."""
    back = f"It waits in the trash for {hours} h; until then `/backup undelete {backup.id}` brings it back."
    value = reasoned(backup.id, why[:REASON_LIMIT])
    return message(
        f"Delete {escape(backup.id)}?",
        section(f"*Delete this backup?*\n{in_short(backup)}", commit(backup), purpose(backup), trouble(backup), back),
        actions(button("Delete backup", Action.DELETE, value, style="danger"), button("Keep backup", Action.KEEP, backup.id)),
    )


def deleted(thrown: Thrown) -> Message:
    """A backup was deleted; until when it can be brought back."""
    backup = thrown.backup
    return message(
        f"Deleted {escape(backup.id)}. Until {exact(thrown.until)} it can be brought back.",
        section(
            f":wastebasket: Deleted {name(backup)} · by {mention(backup.facts.trashed_by)}",
            f"Until {clock(thrown.until)} it can be brought back; then its files and its tag at the remote are removed.",
        ),
        actions(button("Bring back", Action.UNDELETE, backup.id)),
    )


def kept(backup_id: str) -> Message:
    """A question about deleting was answered with no."""
    return message(f"{code(backup_id)} stays.")


def undeleted(backup: Backup) -> Message:
    """A backup is back."""
    return _done(backup, f":leftwards_arrow_with_hook: {name(backup)} is back.", "is back")


def pinned(backup: Backup) -> Message:
    """A backup is pinned."""
    reason = f"\nReason: {escape(backup.facts.pin_reason)}" if backup.facts.pin_reason else ""
    said = f":pushpin: {name(backup)} is pinned by {mention(backup.facts.pinned_by)}: retention leaves it alone.{reason}"
    return _done(backup, said, "is pinned", button("Unpin", Action.UNPIN, backup.id))


def unpinned(backup: Backup) -> Message:
    """A backup is no longer pinned."""
    said = f"{name(backup)} is no longer pinned: retention decides, after the next backup."
    return _done(backup, said, "is no longer pinned", button("Pin", Action.PIN, backup.id))


def explain_fall(backup: Backup) -> View:
    """The window that asks why a table fell."""
    warnings = [f":warning: {prose(warning, 200)}" for warning in backup.facts.warnings[:10]]
    return modal(
        "Explain the fall",
        section(f"In {name(backup)} fewer rows were found than in the backup before:", *warnings),
        context("While this is not explained, retention lets nothing leave: the older backups may be the only ones with those rows."),
        entry("Why did they fall?", typed(Field.REASON, hint="Old sessions were purged on purpose", limit=REASON_LIMIT), needed=True),
        submit="It was meant",
        callback_id=Window.EXPLAIN_FALL,
        private=backup.id,
    )


def explained(backup: Backup, why: str) -> Message:
    """A fall was explained."""
    return _done(backup, f"The fall in {name(backup)} is explained: “{escape(why, REASON_LIMIT)}”. Retention goes on.", "is explained")


def _done(backup: Backup, said: str, short: str, *buttons: dict[str, object]) -> Message:
    """An answer about a backup, with the button that shows it."""
    return message(f"{escape(backup.id)} {short}", section(said), actions(button("Show", Action.SHOW, backup.id), *buttons))
