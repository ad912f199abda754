"""The restore's windows: which backup, what would happen, the id typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from bot.views.actions import Action, Field, Window
from bot.views.approval import UNREHEARSED, UNTIL, UNVALIDATED
from bot.views.backup.marks import level
from bot.views.blocks import (
    Block,
    Element,
    Message,
    View,
    actions,
    button,
    confirm,
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
from bot.views.rollback import loss_lines
from bot.views.staging import waits
from bot.views.text import code, counted, escape, exact, mention, number, plain, prose, size, takes
from ops.manifest import Backup
from ops.restore import UNKNOWN_SECONDS, Assessment
from ops.restoring.looking import files_stay
from ops.settings import Docs
from ops.spots import Spot
from ops.words import ago as since

if TYPE_CHECKING:
    from ops.journal import OperationView

TITLE = "Restore the database"
_OFFERED = 10
_BACK = (
    "Staging's own data are saved first, and put back afterwards under the functions that production runs. Until then staging holds the "
    "backup's."
)
_REPLACED = "All of staging's own data are replaced by the backup's, and stay so (`[verification] put_back` is off)."
_READ = {"production": "Those who sign read this; the incident report keeps it"}


def choice(backups: Sequence[Backup], environment: str, target: str, now: datetime, began: datetime | None = None) -> View:
    """The backups to choose from; the first is proposed, unless it is from after it ``began``."""
    if not backups:
        return modal(TITLE, section(f"There is no full backup of *{prose(target)}*. Take one: `/backup full`."), callback_id=Window.ANSWER)
    shown = backups[:_OFFERED]
    options = [option(_option(each, now, began), each.id) | {"description": _described(each, now)} for each in shown]
    proposed = shown[0].id if began is None or shown[0].moment < began else ""
    return modal(
        TITLE,
        section(
            f"From which backup should the data of *{prose(target)}* come? Nothing happens yet: next you see what would change.",
            _before(began, backups),
        ),
        entry("Full backups, sound ones first, then the newest", radio(Field.BACKUP, options, proposed), needed=True),
        context(f"Older ones: `/restore database ID {environment}`, with an id of `/backup list`."),
        submit="Look",
        callback_id=Window.RESTORE_LIST,
        private=f"{environment} {began:%Y-%m-%d %H:%M}" if began else environment,
    )


def _before(began: datetime | None, backups: Sequence[Backup]) -> str:
    """What is known of the time at which it began; the first of the backups is the one that is proposed, if any is."""
    if began is None:
        return ""
    at = f"{began:%Y-%m-%d %H:%M %Z}"
    if backups[0].moment < began:
        return f"It began at *{at}*: the newest sound one from before that is proposed; what is from after it is marked."
    if earlier := next((each for each in backups if each.moment < began), None):
        return f":warning: *No sound full backup is from before {at}*, so none is proposed. Not verified: {code(earlier.id)}"
    return f":warning: *No full backup here is from before {at}.* Each of these may hold the damage already."


def _option(each: Backup, now: datetime, began: datetime | None) -> str:
    """When, how much, what for; whether it is from after it began."""
    rows = f" · {number(each.rows)} rows" if each.rows is not None else ""
    late = " · AFTER it began" if began is not None and each.moment >= began else ""
    why = f" · {each.purpose.value}" if each.purpose else ""
    return plain(f"{since(each.moment, now)}{late} · {size(each.size)}{rows}{why}", 75)


def _described(each: Backup, now: datetime) -> Element:
    """The small line under it, its time in the zone of ``now``: the team's."""
    sound = "" if each.good else " · NOT VERIFIED"
    proven = " · restored and proven" if each.facts.restored_at else ""
    fell = " · ROWS FELL" if each.facts.warnings else ""
    return {"type": "plain_text", "text": plain(f"{each.id} · {exact(each.timestamp, now.tzinfo)}{fell}{sound}{proven}", 75)}


def looking(line: str) -> View:
    """While it is looked at, with how far that is."""
    return modal(TITLE, section(f":hourglass_flowing_sand: {escape(line, 200)} …"), callback_id=Window.LOOKING)


def _rehearsal(found: Assessment, *, staging: bool, own: bool, put_back: bool) -> list[Block]:
    """What is known of whether the rows fit the functions that run, and how to know it."""
    if not found.schema_differs:
        return []
    head = ":warning: The backup's code had another Convex schema."
    if not own:
        return [section(f"{head} {UNREHEARSED}")]
    if found.rehearsed == "":
        return [section(f"{head} *Rehearsed in staging: its rows fit the functions that run.*")]
    if found.rehearsed is not None:
        return [
            section(f"{head} *Rehearsed in staging: its rows do not fit*, so nothing is validated afterwards.", prose(found.rehearsed, 400))
        ]
    asks = confirm(
        "Rehearse in staging?",
        f"{_becomes(found, put_back=put_back)} Production is not touched.",
        "Rehearse it",
        "Not now",
    )
    ways = actions(button("Rehearse in staging", Action.REHEARSE, found.backup.id, asks=asks)) if staging else None
    said = waits(found.left) if staging else ""
    return [each for each in (section(f"{head} Whether its rows fit is *not rehearsed*. {UNTIL}", said), ways) if each]


def _becomes(found: Assessment, *, put_back: bool) -> str:
    """What becomes of staging's own data in a rehearsal."""
    if not put_back:
        return _REPLACED
    return "Staging's own data, which wait in a file, are put back in the end; until then it holds the backup's." if found.left else _BACK


def window(  # noqa: PLR0913 # all that it shows, named
    found: Assessment,
    *,
    zone: ZoneInfo,
    usual: float | None,
    replaces: str,
    docs: Docs,
    staging: bool,
    own: bool,
    put_back: bool,
    now: datetime,
    said: Mapping[str, Any],
    holder: OperationView | None,
) -> View:
    """What would happen, and what must be typed.

    Args:
        found: what was looked up.
        zone: the team's.
        usual: how long former ones took, in seconds; None where there was none.
        replaces: the halted operation that it takes over from.
        docs: the team's own documents.
        staging: whether there is one to rehearse in.
        own: whether we push the functions, not Vercel's build.
        put_back: whether staging's own data come back after a rehearsal.
        now: aware.
        said: reason, begin and impact, as far as they were said before.
        holder: what holds the environment now.
    """
    backup = found.backup
    at = backup.moment.astimezone(zone)
    return modal(
        TITLE,
        section(
            f"*The data of {prose(found.target)} will be as they were on {at:%a %Y-%m-%d %H:%M %Z}, {since(at, now)}. Continue?*",
            dotted(code(backup.id), level(backup), f"taken by {mention(backup.created_by)}"),
            _held(backup),
            f":arrows_counterclockwise: It takes over from the halted operation {code(replaces)}, which ends with that."
            if replaces
            else "",
            *(spot_line(each) for each in found.spots if not each.good),
        ),
        in_use(holder, replaces),
        *_data(found),
        *_rehearsal(found, staging=staging, own=own, put_back=put_back),
        context(*_conditions(found, usual, own=own)),
        context(documents(docs)),
        entry(
            "What is wrong?",
            typed(
                Field.REASON,
                hint=_READ.get(found.environment, "Its card says it"),
                limit=500,
                lines=True,
                value=_again(said, "reason", 500),
            ),
            needed=True,
        ),
        entry(
            "When did it begin?",
            typed(Field.BEGAN, hint="This morning at 9:40, with the import", limit=100, value=_again(said, "began", 100)),
        ),
        entry("Business impact", typed(Field.IMPACT, hint="Who notices what", limit=500, value=_again(said, "impact", 500))),
        entry(f"Type {backup.id} to restore {plain(found.target, 60)}", typed(Field.TYPED, hint=backup.id, limit=40), needed=True),
        submit="Restore",
        callback_id=Window.RESTORE,
        private=f"{backup.id} {found.environment} {replaces}".strip(),
    )


def _again(said: Mapping[str, Any], what: str, limit: int) -> str:
    """What was said before, as far as the field takes it."""
    return str(said.get(what) or "")[:limit]


def _held(backup: Backup) -> str:
    """The document's preview: how many tables and rows, how large, of when."""
    tables = counted(len(backup.tables), "table") if backup.tables is not None else "tables unknown"
    rows = counted(backup.rows, "row") if backup.rows is not None else "rows unknown"
    empty = [name for name, table in (backup.tables or {}).items() if not table.rows]
    note = f" · :warning: empty: {escape(', '.join(sorted(empty)), 150)}" if empty else ""
    fell = f"\n:warning: {escape('; '.join(backup.facts.warnings), 200)}" if backup.facts.warnings else ""
    return f"{tables} · {rows} · {size(backup.size)}{note}{fell}"


def spot_line(each: Spot) -> str:
    """A spot check that is not as wanted."""
    return f":warning: {escape(each.sentence, 200)}"


def _data(found: Assessment) -> list[Block]:
    """What becomes of the rows."""
    if found.environment != "production":
        what = "every table of staging and every stored file is" if found.backup.files else "every table of staging is"
        replaced = f"*Data:* {what} replaced; nothing of production is touched."
        return [section(replaced, files_stay(found.backup.files), waits(found.left))]
    if found.loss is None:
        return [
            section(
                f"*Data:* the backup's tables come back. :warning: What would be lost is *unknown*: {prose(found.loss_unknown, 300)}",
                files_stay(found.backup.files),
            )
        ]
    return [section(*loss_lines(found.loss), found.loss.kept, files_stay(found.backup.files))]


def _conditions(found: Assessment, usual: float | None, *, own: bool) -> list[str]:
    """Maintenance, the pause, the schema, how long."""
    lines = [f"{takes(usual, UNKNOWN_SECONDS)} The code stays as it is."]
    if found.environment != "production":
        functions = (
            "gets the backup's own functions" if own else "keeps the functions that it has: Vercel's build pushes them, not Backstop"
        )
        lines[0] = f"{takes(usual, UNKNOWN_SECONDS)} Staging {functions}."
    lines += ["A full backup of what is there now comes first, so this can be undone."] if found.environment == "production" else []
    if closed := stays_closed(found.maintenance_stays):
        lines.append(closed)
    elif found.maintenance:
        lines.append("The site shows its maintenance page meanwhile.")
    lines += [f":warning: No maintenance page is shown meanwhile. {prose(found.page_missing, 300)}"] if found.page_missing else []
    lines += pause_meanwhile(found)
    lines += [f":warning: {UNVALIDATED}"] if found.unvalidated and own else []
    return lines


def documents(docs: Docs) -> str:
    """The team's own documents."""
    named = {"Incident response": docs.incident_response, "Rollback plan": docs.rollback_plan, "Runbooks": docs.runbooks}
    return " · ".join(f"<{address}|{name}>" for name, address in named.items() if address.startswith(("https://", "http://")))


def read(value: str) -> tuple[str, str, str]:
    """A backup's id, the environment, and the halted operation that is taken over from."""
    words = [*value.split(), "", "", ""]
    return words[0], words[1] or "production", words[2]


def ready(found: Assessment, replaces: str) -> Message:
    """What comes in the window's place when that is gone."""
    words = f"What a restore of {found.target} to {found.backup.id} would do is counted, but its window is closed."
    value = f"{found.backup.id} {found.environment} {replaces}".strip()
    return message(prose(words), section(prose(words)), actions(button("Show it", Action.RESTORE_TO, value)))


def begun(target: str, channel: str) -> Message:
    """It has begun."""
    return message(prose(f"The restore of {target} has begun: its card is in {channel}."))
