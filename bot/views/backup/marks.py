"""How one backup is shown wherever it is named: its icon, its level, its line in a list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from bot.views.blocks import dotted
from bot.views.text import UNKNOWN, ago, code, escape, size

if TYPE_CHECKING:
    from ops.manifest import Backup

ICONS: Mapping[str, str] = {"quick": ":zap:", "full": ":package:"}
PINNED = ":pushpin: pinned"

MEANINGS: Mapping[str, tuple[str, ...]] = {
    "full": (
        "there, with the right length",
        "sha256 as recorded",
        "every table whole and counted",
        "every row parses",
        "restored to staging and equal",
        "restored, and the app works on it",
    ),
    "quick": ("readable", "its own sha256", "tag and commit at the remote"),
}
"""What each level means, from L0 on."""


def meaning(kind: str, level: int | None) -> str:
    """A level with what it means: "L2: every table whole and counted"."""
    if level is None:
        return "not verified"
    known = MEANINGS.get(kind, ())
    return f"L{level}: {known[level]}" if level < len(known) else f"L{level}"


def level(backup: Backup) -> str:
    """How far it was verified, and when; what is wrong with it comes before that."""
    if backup.problem:
        return ":warning: unreadable"
    if backup.facts.failed:
        return ":x: not sound"
    if backup.facts.level is None:
        return "not verified"
    return f"L{backup.facts.level} {ago(backup.facts.level_at)}" if backup.facts.level_at else f"L{backup.facts.level}"


def name(backup: Backup) -> str:
    """Icon and id."""
    return f"{ICONS[backup.type]} {code(backup.id)}"


def in_short(backup: Backup) -> str:
    """One backup in a sentence's middle: id, age, size, level."""
    return dotted(f"{name(backup)} {ago(backup.timestamp)}", size(backup.size) if backup.type == "full" else "", level(backup))


def row(backup: Backup) -> tuple[str, ...]:
    """One backup in a list: id, age, size, level and pin; commit and notes; what is wrong."""
    pinned = PINNED if backup.facts.pinned else ""
    first = dotted(name(backup), ago(backup.timestamp), size(backup.size) if backup.type == "full" else "", level(backup), pinned)
    return first, commit(backup), purpose(backup), trouble(backup)


def commit(backup: Backup) -> str:
    """The commit with its message's beginning."""
    return f"{code(backup.short_commit)} {escape(backup.commit_message, 72)}" if backup.commit_hash else ""


def purpose(backup: Backup) -> str:
    """Why it was taken, and the notes' beginning."""
    why = backup.purpose.value if backup.purpose else ""
    notes = f"“{escape(backup.notes, 90)}”" if backup.notes.strip() else ""
    return dotted(why, notes)


def trouble(backup: Backup) -> str:
    """Why it cannot be read, why it is not sound, or that tables fell."""
    if backup.problem:
        return f":warning: {escape(backup.problem, 200)}"
    if backup.facts.failed:
        return f":x: {escape(backup.facts.failed, 200)}"
    return f":warning: {escape('; '.join(backup.facts.warnings), 200)}" if backup.facts.warnings else ""


def place(backup: Backup, folder: str) -> str:
    """Where it lies."""
    number = backup.id.partition("-")[2]
    file = f"full/convex-{number}.zip" if backup.type == "full" else f"quick/quick-backup-{number}.json"
    return code(f"{folder.rstrip('/')}/{file}")


def deployment(backup: Backup) -> str:
    """The deployment it was taken of, as it named itself."""
    found = backup.deployment or {}
    return dotted(escape(found.get("label", "")), code(found.get("instance", ""))) or UNKNOWN
