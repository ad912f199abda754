"""What leaves tomorrow and how full the folder is, as posted when there is something to say."""

from __future__ import annotations

from datetime import datetime

from bot.views.blocks import Message, context, message, section
from bot.views.text import clock, code, counted, prose, size
from ops.outlook import Outlook

_SHOWN = 10  # backups that leave; the list has them all


def outlook(found: Outlook, *, late_since: datetime | None = None) -> Message:
    """The post."""
    late = f" · late: it was due {clock(late_since)}" if late_since else ""
    return message(
        f"Retention of {found.target}: {counted(len(found.leaving), 'backup leaves', 'backups leave')} by tomorrow, {_folder(found)}",
        section(f"*Retention* · *{prose(found.target)}*{late}", *_leaving(found)),
        section(*_room(found)),
        context("What left waits in the trash: `/backup undelete`. A pin keeps a backup whatever its age: `/backup pin ID reason`."),
    )


def _leaving(found: Outlook) -> list[str]:
    """Which, and why; or why none."""
    if found.held:
        return [f":warning: Nothing leaves: {prose(found.held)}"]
    if not found.leaving:
        return ["Nothing leaves by tomorrow by its age."]
    more = len(found.leaving) - _SHOWN
    return [
        f"*{counted(len(found.leaving), 'backup leaves', 'backups leave')} by this time tomorrow:*",
        *(f"• {code(each.id)}: {prose(each.why)}" for each in found.leaving[:_SHOWN]),
        *([f"{more} more"] if more > 0 else []),
    ]


def _room(found: Outlook) -> list[str]:
    """The folder, its growth, the disk."""
    icon = ":rotating_light: " if found.over else ""
    lines = [f"{icon}*Folder:* {_folder(found)}"]
    if found.over:
        lines.append("It is over its limit. Delete what is not needed (`/backup list`), or raise `[backups] warn_at`.")
    elif found.days_left is not None:
        lines.append(f"*Growth:* {size(round(found.per_day or 0))} a day; at the limit in {found.until_full}")
    elif found.per_day is None:
        lines.append("*Growth:* unknown before two backups a day apart")
    else:
        lines.append("*Growth:* none")
    tight = ":warning: " if found.is_tight else ""
    left = f"{size(found.room.free)} free of {size(found.room.total)}"
    return [*lines, f"{tight}*Disk:* {left}; below {size(found.room.reserve)} no backup begins"]


def _folder(found: Outlook) -> str:
    """How full it is."""
    return f"{size(found.used)} of {size(found.limit)} ({found.used * 100 // max(1, found.limit)} %)"
