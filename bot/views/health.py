"""How the backups stand, as posted every day, and whether the log is as it was written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from bot.views import readiness
from bot.views.actions import Action
from bot.views.backup.marks import in_short, level, name
from bot.views.blocks import Message, actions, button, context, dotted, message, section
from bot.views.text import ago, change_of_size, clock, code, counted, escape, people, prose, size
from ops.health import Health

if TYPE_CHECKING:
    from bot.witness import Looked, Posted
    from ops.activity import Line

_WHAT_TO_DO = (
    "*What to do:* a P0 alert about it opens within a minute, unless one is open. If the database was lost or restored, a CTO ends that "
    "alert with this reason, and the log counts from there on. If not, keep a copy of the database as it is, and find out who can write to "
    "it."
)
_ASK = "If nobody remembers ending that alert, somebody wrote so into the database: keep a copy of it, and find out who can write to it."
_SHOWN = 5  # misses; the log has them all


def health(found: Health, *, late_since: datetime | None = None) -> Message:
    """The post."""
    late = f" · late: it was due {clock(late_since)}" if late_since else ""
    title = f"*Backup health* · *{prose(found.target)}*{late}"
    lacking = [f":rotating_light: {prose(each)}" for each in found.red] + [f":warning: {prose(each)}" for each in found.warnings]
    return message(
        f"Backup health of {found.target}: {' '.join(found.red) or 'nothing is red'}",
        section(title, readiness.line(found.readiness), *lacking),
        section(_full(found), _quick(found), f"*Kept:* {counted(found.count, 'backup')}, {size(found.used)} of {size(found.limit)}"),
        section(*_misses(found)),
        context(_rhythm(found), f"*Log head:* line {found.head[0]}, {code(found.head[1][:16])}", _counts_since(found.reference)),
        actions(button("Take full backup", Action.TAKE_FULL, style="primary" if found.red else ""), button("Details", Action.STATUS)),
    )


def _full(found: Health) -> str:
    """The newest good full backup, and by how much it grew."""
    if found.full is None:
        return ":package: *No good full backup*"
    than = "on" if found.growth else "as"
    grown = f"{change_of_size(found.growth)} {than} the one before" if found.growth is not None else ""
    return dotted(f"{name(found.full)} {ago(found.full.timestamp)}", size(found.full.size), grown, level(found.full))


def _quick(found: Health) -> str:
    """The newest good quick backup."""
    return in_short(found.quick) if found.quick else ":zap: No quick backup"


def _misses(found: Health) -> list[str]:
    """What failed within the last day, and what never came."""
    never = [f"• {prose(found.missed[-1].text)} It is the last of {len(found.missed)}."] if len(found.missed) > 1 else []
    never = never or [f"• {prose(each.text)}" for each in found.missed]
    shown = [f"• {escape(each.kind)} {ago(each.created_at)}: {people(escape(each.error or each.status, 200))}" for each in found.misses]
    if not never and not shown:
        return ["*Failures of the last day:* none"]
    more = len(shown) - _SHOWN
    count = len(found.missed) + len(shown)
    return [f"*Failures of the last day:* {count}", *never, *shown[:_SHOWN], *([f"{more} more: `/ops log`"] if more > 0 else [])]


def _rhythm(found: Health) -> str:
    """What the schedule itself lets be lost."""
    if not found.a_day:
        return "*Automated:* on some days of the week only, so more than a day's data would be lost between them."
    if found.a_day > 1:
        return f"*Automated:* {found.a_day} full backups a day"
    twice = ", ".join(f'"{each}"' for each in found.twice)
    return (
        "*Automated:* one full backup a day, so just before the next a little more than 24 hours would be lost. "
        f"Two a day: `[schedule] backup = [{twice}]`."
    )


def log_verified(looked: Looked, head: tuple[int, str]) -> Message:
    """Whether the activity log is as it was written, and as was posted in Slack."""
    ends = "It ends with" if not looked.problems else "The last that was written by Backstop is"
    end = f"{ends} line {head[0]}, {code(head[1][:16])}. {_compared(looked.posted)} {_counts_since(looked.since)}".strip()
    if not looked.problems and looked.given_up:
        said = f":warning: *Every line is as it was written from where the log counts on. Before that it is not.* {end}"
        return message("The log is as it was written since a person began it anew", section(said, *map(prose, looked.given_up), _ASK))
    if not looked.problems:
        return message("The log is as it was written", section(f":white_check_mark: *Every line of the log is as it was written.* {end}"))
    lines = [f"• {prose(each)}" for each in looked.problems[:20]]
    more = [f"{len(looked.problems) - 20} more: `python -m ops log verify`"] if len(looked.problems) > 20 else []
    return message(
        "The log is not as it was written",
        section(f":rotating_light: *The log is not as it was written* ({counted(len(looked.problems), 'place')})", *lines, *more),
        section(f"Somebody changed the database, or it was lost or restored from an older copy. {end}", _WHAT_TO_DO),
    )


def _counts_since(line: Line | None) -> str:
    """From which line on it counts, and who said so."""
    return f"The log counts from line {line.seq} on: {people(prose(line.who))} ended the alert about what was before." if line else ""


def _compared(posted: Posted | None) -> str:
    """Whether its end was held against what stands in Slack, and how far back that was read."""
    if posted is None:
        return "Whether its end was cut is *not known*: Slack did not say which heads were posted."
    since = f"since {clock(posted.since)}"
    more = "" if posted.is_all else " More was said in the channel before than is read: what was posted there is *not known*."
    if not posted.heads:
        return f"Whether its end was cut cannot be told: no health post {since} names a head.{more}"
    return f"It was held against {counted(len(set(posted.heads)), 'head')} that the health posts {since} name.{more}"


def evidence(period: str, found: Mapping[str, int]) -> Message:
    """What the files hold, and where they are."""
    held = ", ".join(counted(count, f"{sort} record") for sort, count in found.items())
    said = f"{held}. As JSON lines and as a table, in your direct messages with Backstop." if held else "nothing was done then."
    return message(f"Evidence of {period}", section(f":clipboard: *Evidence of {prose(period)}:* {said}"))
