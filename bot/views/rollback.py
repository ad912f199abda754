"""The rollback's windows: which backup (A10), what would happen, and the id typed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.views.actions import Action, Field, Window
from bot.views.backup.marks import ICONS
from bot.views.blocks import (
    Block,
    Element,
    Message,
    View,
    actions,
    button,
    context,
    dotted,
    entry,
    message,
    modal,
    option,
    radio,
    section,
    typed,
)
from bot.views.changing import in_use, pause_meanwhile, stays_closed
from bot.views.text import code, counted, escape, exact, mention, plain, prose, takes
from ops.loss import Loss
from ops.manifest import Backup
from ops.restoring.looking import files_stay
from ops.rollback import Preview, seconds
from ops.words import ago

if TYPE_CHECKING:
    from ops.journal import OperationView

TITLE = "Rollback"
SUBMIT = "Rollback to Selected"
PAGE = 10
_COMMITS, _TABLES = 6, 8
_READ = "Those who sign, and those whose commits go, read this"


def choice(backups: Sequence[Backup], page: int, target: str, now: datetime) -> View:
    """The backups to choose from, newest first."""
    shown = backups[(page - 1) * PAGE : page * PAGE]
    if not shown:
        return modal(
            TITLE, section(f"There is no backup of *{prose(target)}* to roll back to. Take one: `/backup full`."), callback_id=Window.ANSWER
        )
    options = [option(_option(each, now), each.id) | {"description": _described(each, now)} for each in shown]
    newer = button("Newer", f"{Action.ROLLBACK_OPEN}:newer", str(page - 1)) if page > 1 else None
    older = button("Older", f"{Action.ROLLBACK_OPEN}:older", str(page + 1)) if len(backups) > page * PAGE else None
    return modal(
        TITLE,
        section(f"Which backup should *{prose(target)}* return to? Nothing happens yet: next you see what would change."),
        entry("Backups, newest first", radio(Field.BACKUP, options, shown[0].id), needed=True),
        actions(newer, older),
        submit=SUBMIT,
        callback_id=Window.ROLLBACK_LIST,
    )


def _option(each: Backup, now: datetime) -> str:
    """Type, time, commit."""
    return f"{ICONS[each.type]} {plain(f'{ago(each.timestamp, now)} · {each.commit_message or each.short_commit}', 60)}"


def _described(each: Backup, now: datetime) -> Element:
    """The small line under it, its time in the zone of ``now``: the team's."""
    sound = "" if each.good else " · NOT VERIFIED"
    return {"type": "plain_text", "text": plain(f"{each.id} · {each.short_commit} · {exact(each.timestamp, now.tzinfo)}{sound}", 75)}


def looking(line: str) -> View:
    """While it is looked at, with how far that is."""
    return modal(TITLE, section(f":hourglass_flowing_sand: {escape(line, 200)} …"), callback_id=Window.LOOKING)


def window(  # noqa: PLR0913 # all that it shows, named
    found: Preview, *, zone: ZoneInfo, usual: float | None, replaces: str, now: datetime, holder: OperationView | None
) -> View:
    """What would happen, and what must be typed."""
    backup = found.backup
    at = backup.timestamp.astimezone(zone)
    if found.nothing_new and not found.data:
        words = f"*{prose(found.target)}* is at {code(backup.short_commit)} already, the commit of {code(backup.id)}."
        return modal(TITLE, section(words), actions(_other(found, replaces)), callback_id=Window.ANSWER)
    return modal(
        TITLE,
        section(
            f"*This will restore to backup from {at:%a %Y-%m-%d %H:%M %Z}. Continue?*",
            dotted(f"*{prose(found.target)}*", code(backup.id), f"taken {ago(backup.timestamp, now)} by {mention(backup.created_by)}"),
        ),
        in_use(holder, replaces),
        *_code(found),
        *_data(found),
        context(*_conditions(found, usual)),
        actions(_other(found, replaces)),
        entry(
            "What is wrong?",
            typed(Field.REASON, hint="Those who sign, and those whose commits go, read this", limit=500, lines=True),
            needed=True,
        ),
        entry("Business impact", typed(Field.IMPACT, hint="Who notices what", limit=500)),
        entry(f"Type {backup.id} to roll back {plain(found.target, 60)}", typed(Field.TYPED, hint=backup.id, limit=40), needed=True),
        submit="Roll back",
        callback_id=Window.ROLLBACK,
        private=f"{backup.id} {'data' if found.data else 'code'} {replaces}".strip(),
    )


def _code(found: Preview) -> list[Block]:
    """What becomes of the commits, and what a force-push rewrites."""
    lines = [f"{code(each['hash'][:6])} {escape(each['message'], 80)} · {escape(each['author'], 40)}" for each in found.commits[:_COMMITS]]
    lines += [f"and {counted(found.undone - _COMMITS, 'more commit')}"] if found.undone > _COMMITS else []
    who = ", ".join(f"{escape(name, 40)} {count}" for name, count in found.authors[:5])
    head = f"*Code:* {counted(found.undone, 'commit')} leave production" + (f" ({who})" if who else "")
    if not found.undone:
        head = "*Code:* no commit leaves production"
    back = f"{counted(found.returning, 'commit')} that it no longer has return." if found.returning else ""
    forced = f"{escape(found.branch, 60)} is rewritten by a force-push with a lease; the commits stay under their tags and branches."
    clash = (
        ":warning: The Convex schema of that commit is another one: the order that Convex accepts is chosen."
        if found.schema_differs
        else ""
    )
    return [section(head, *lines), context(back, forced if found.undone else "", clash)]


def _data(found: Preview) -> list[Block]:
    """What becomes of the rows."""
    if not found.data:
        return [section("*Data:* stays as it is. No row is touched, so there is no maintenance.")]
    if found.loss is None:
        return [
            section(
                f"*Data:* the backup's tables come back. :warning: What would be lost is *unknown*: {prose(found.loss_unknown, 300)}",
                files_stay(found.backup.files),
            )
        ]
    return [section(*loss_lines(found.loss), files_stay(found.backup.files))]


def loss_lines(loss: Loss) -> list[str]:
    """What would go, table by table."""
    stay = [escape(loss.left_alone, 300)] if loss.staying else []
    if not loss.any:
        return ["*Data:* nothing was written since the backup.", *stay]
    of = f" in {counted(len(loss.losing), 'table')}" if loss.losing else ""
    head = f"*Data:* {counted(loss.lost, 'document')}{of} written since would go"
    back = f"; {counted(loss.returning, 'deleted one')} would come back" if loss.returning else ""
    lines = [f"• {escape(table.sentence, 120)}" for table in loss.affected[:_TABLES]]
    more = [f"and {counted(len(loss.affected) - _TABLES, 'more table')}"] if len(loss.affected) > _TABLES else []
    return [head + back, *lines, *more, *stay]


def _conditions(found: Preview, usual: float | None) -> list[str]:
    """Maintenance, the safety backup, how long."""
    kind = "full" if found.data else "quick"
    how_long = takes(usual, seconds((), data=found.data))
    lines = [f"A {kind} backup of what is there now comes first, so this can be undone.", how_long]
    if closed := stays_closed(found.maintenance_stays):
        lines.append(closed)
    elif found.maintenance:
        lines.append("The site shows its maintenance page meanwhile.")
    lines += [f":warning: No maintenance page is shown meanwhile. {prose(found.page_missing, 300)}"] if found.page_missing else []
    lines += pause_meanwhile(found)
    lines += ["The site is served from its former build at once."] if found.deployment else []
    return [*lines, "Deploys are held afterwards, until somebody lifts that."]


def _other(found: Preview, replaces: str) -> Element | None:
    """The other sort, where the backup has both."""
    if found.backup.type != "full":
        return None
    word = "Look at the code only" if found.data else "Look at code and data"
    return button(word, Action.ROLLBACK_TO, f"{found.backup.id} {'code' if found.data else 'data'} {replaces}".strip())


def read(value: str) -> tuple[str, bool | None, str]:
    """A backup's id, whether its data go back too (None: as it has any), and the halted operation that is taken over from."""
    words = [*value.split(), "", "", ""]
    return words[0], {"data": True, "code": False}.get(words[1]), words[2]


def ready(found: Preview, replaces: str) -> Message:
    """What comes in the window's place when that is gone."""
    words = f"What a rollback of {found.target} to {found.backup.id} would do is counted, but its window is closed."
    value = f"{found.backup.id} {'data' if found.data else 'code'} {replaces}".strip()
    return message(prose(words), section(prose(words)), actions(button("Show it", Action.ROLLBACK_TO, value)))


def begun(target: str, channel: str) -> Message:
    """It has begun."""
    return message(prose(f"The rollback of {target} has begun: its card is in {channel}."))
