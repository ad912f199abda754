"""The restore's windows and cards: which backup, what would happen, the id typed; what was kept of what went; the watch after it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.views import changing, limits, steps
from bot.views.actions import Action, Field, Window
from bot.views.approval import UNREHEARSED
from bot.views.backup import outcome
from bot.views.backup.marks import level
from bot.views.blocks import (
    Block,
    Element,
    Message,
    View,
    actions,
    button,
    checks,
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
from bot.views.rollback import loss_lines
from bot.views.steps import DONE, RUNNING
from bot.views.text import clock, code, counted, duration, escape, exact, length, mention, number, people, plain, prose, size
from ops.deltas import Delta, Kept
from ops.manifest import Backup
from ops.reports import calls_sentence, unwritten_sentence, watch_sentence
from ops.restore import Assessment
from ops.restoring.data import unproven
from ops.settings import Docs
from ops.spots import Spot
from ops.words import ago as since

if TYPE_CHECKING:
    from ops.journal import OperationView

TITLE = "Restore the database"
_OFFERED, _TABLES = 10, 10
_PART = 1200  # characters of a section: what a message does not hold is left out by sections
_LABEL, _VALUE = 75, 150  # characters of an option that Slack takes
_READ = "Those who sign read this; the incident report keeps it"


def choice(backups: Sequence[Backup], environment: str, target: str, now: datetime, began: datetime | None = None) -> View:
    """The backups to choose from; the first is proposed, unless it is from after it ``began``."""
    if not backups:
        return modal(TITLE, section(f"There is no full backup of *{prose(target)}*. Take one: `/backup full`."), callback_id=Window.ANSWER)
    shown = backups[:_OFFERED]
    options = [option(_option(each, now, began), each.id) | {"description": _described(each)} for each in shown]
    proposed = shown[0].id if began is None or shown[0].moment < began else ""
    return modal(
        TITLE,
        section(
            f"From which backup should the data of *{prose(target)}* come? Nothing happens yet: next you see what would change.",
            _before(began, any(each.moment < began for each in shown) if began else False),
        ),
        entry("Full backups, sound ones first, then the newest", radio(Field.BACKUP, options, proposed), needed=True),
        context(f"Older ones: `/restore database ID {environment}`, with an id of `/backup list`."),
        submit="Look",
        callback_id=Window.RESTORE_LIST,
        private=f"{environment} {began:%Y-%m-%d %H:%M}" if began else environment,
    )


def _before(began: datetime | None, there: bool) -> str:  # what it says
    """What is known of the time at which it began."""
    if began is None:
        return ""
    at = f"{began:%Y-%m-%d %H:%M %Z}"
    if there:
        return f"It began at *{at}*: the newest from before that is proposed; what is from after it is marked."
    return f":warning: *No full backup here is from before {at}.* Each of these may hold the damage already."


def _option(each: Backup, now: datetime, began: datetime | None) -> str:
    """When, and how much; whether it is from after it began."""
    rows = f" · {number(each.rows)} rows" if each.rows is not None else ""
    late = " · AFTER it began" if began is not None and each.moment >= began else ""
    return plain(f"{since(each.moment, now)}{late} · {size(each.size)}{rows}", 75)


def _described(each: Backup) -> Element:
    """The small line under it."""
    sound = "" if each.good else " · NOT VERIFIED"
    proven = " · restored and proven" if each.facts.restored_at else ""
    return {"type": "plain_text", "text": plain(f"{each.id} · {exact(each.timestamp)}{proven}{sound}", 75)}


def looking(line: str) -> View:
    """While it is looked at, with how far that is."""
    return modal(TITLE, section(f":hourglass_flowing_sand: {escape(line, 200)} …"), callback_id=Window.LOOKING)


def _rehearsal(found: Assessment, *, staging: bool, own: bool) -> list[Block]:
    """What is known of whether the rows fit the functions that run, and how to know it."""
    if not found.schema_differs:
        return []
    head = ":warning: The backup's code had another Convex schema."
    if not own:
        return [section(f"{head} {UNREHEARSED}")]
    if found.rehearsed == "":
        return [section(f"{head} *Rehearsed in staging: its rows fit the functions that run.*")]
    meanwhile = "The functions run without validation until the rows are there, and after that too if the rows do not fit."
    if found.rehearsed is not None:
        return [
            section(f"{head} *Rehearsed in staging: its rows do not fit*, so nothing is validated afterwards.", prose(found.rehearsed, 400))
        ]
    asks = confirm(
        "Rehearse in staging?",
        "All of staging's own data are replaced by the backup's, and stay so. Production is not touched.",
        "Rehearse it",
        "Not now",
    )
    ways = actions(button("Rehearse in staging", Action.REHEARSE, found.backup.id, asks=asks)) if staging else None
    return [each for each in (section(f"{head} Whether its rows fit is *not rehearsed*. {meanwhile}"), ways) if each]


def window(  # noqa: PLR0913 # all that it shows, named
    found: Assessment, *, zone: ZoneInfo, usual: float, replaces: str, docs: Docs, staging: bool, own: bool, now: datetime, began: str = ""
) -> View:
    """What would happen, and what must be typed; ``own``: we push the functions, not Vercel's build; ``began``: said before."""
    backup = found.backup
    at = backup.moment.astimezone(zone)
    return modal(
        TITLE,
        section(
            f"*The data of {prose(found.target)} will be as they were on {at:%a %Y-%m-%d %H:%M %Z}, {since(at, now)}. Continue?*",
            dotted(code(backup.id), level(backup), f"taken by {mention(backup.created_by)}"),
            _held(backup),
            *(spot_line(each) for each in found.spots if not each.good),
        ),
        *_data(found),
        *_rehearsal(found, staging=staging, own=own),
        context(*_conditions(found, usual, own=own)),
        context(_documents(docs)),
        entry(
            "What is wrong?",
            typed(Field.REASON, hint=_READ, limit=500, lines=True),
            needed=True,
        ),
        entry("When did it begin?", typed(Field.BEGAN, hint="This morning at 9:40, with the import", limit=100, value=began)),
        entry("Business impact", typed(Field.IMPACT, hint="Who notices what", limit=500)),
        entry(f"Type {backup.id} to restore {plain(found.target, 60)}", typed(Field.TYPED, hint=backup.id, limit=40), needed=True),
        submit="Restore",
        callback_id=Window.RESTORE,
        private=f"{backup.id} {found.environment} {replaces}".strip(),
    )


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
        return [section("*Data:* every table of staging is replaced; nothing of production is touched.")]
    if found.loss is None:
        return [
            section(f"*Data:* the backup's tables come back. :warning: What would be lost is *unknown*: {prose(found.loss_unknown, 300)}")
        ]
    return [section(*loss_lines(found.loss), found.loss.kept)]


def _conditions(found: Assessment, usual: float, *, own: bool) -> list[str]:
    """Maintenance, the pause, the schema, how long."""
    lines = [f"It usually takes about {duration(usual)}. The code stays as it is."]
    if found.environment != "production":
        functions = (
            "gets the backup's own functions" if own else "keeps the functions that it has: Vercel's build pushes them, not Backstop"
        )
        lines[0] = f"It usually takes about {duration(usual)}. Staging {functions}."
    lines += ["A full backup of what is there now comes first, so this can be undone."] if found.environment == "production" else []
    lines += ["The site shows its maintenance page meanwhile."] if found.maintenance else []
    lines += [f":warning: No maintenance page is shown meanwhile. {prose(found.page_missing, 300)}"] if found.page_missing else []
    lines += ["The deployment is paused meanwhile, so nothing can be written."] if found.paused else []
    again = "The functions validate nothing now, since rows of a former restore did not fit; they do again afterwards, if these rows fit."
    lines += [f":warning: {again}"] if found.unvalidated and own else []
    return lines


def _documents(docs: Docs) -> str:
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


# -- the cards ---------------------------------------------------------------------------------------------------------------


def card(view: OperationView, now: datetime) -> Message:
    """How it stands."""
    return _done(view) if view.status == "succeeded" else changing.card(view, now)


def _done(view: OperationView) -> Message:
    """The data are back."""
    mark, said = changing.verdict(view)
    undo = changing.undo(view)
    kept = ":clipboard: The incident report is in the thread; the watch goes on for half an hour." if undo else ""
    return message(
        f"{said} · {prose(outcome.target(view))}",
        section(
            dotted(f"{mark} *{said}*", outcome.took(view), f"*{prose(outcome.target(view))}*"),
            f"{'Brought back from' if unproven(view.result) else 'The data are those of'} {code(view.params['bound']['backup'])}",
            *changing.proof(view.result),
            changing.about(view),
        ),
        context(steps.line(view)),
        context(kept, changing.safety_line(view.result.get("safety"))),
        context(_unwritten(view)),
        actions(undo, changing.salvage_button(view), button("Report a problem", Action.PROBLEM, view.id) if undo else None),
    )


def _unwritten(view: OperationView) -> str:
    """That the report's file could not be written, and why."""
    said = unwritten_sentence(view.result)
    return f":warning: {prose(said, 300)}" if said else ""


def salvaged(view: OperationView, now: datetime) -> Message:
    """Rows that came back."""
    if view.status != "succeeded":
        return changing.card(view, now)
    rows, there = view.result.get("appended"), (view.result.get("proof") or {}).get("rows")
    said = f"{counted(rows, 'row')} brought back" if rows else "Nothing was missing" if rows == 0 else "Taken as done by a person"
    named = escape(", ".join(view.params["bound"]["tables"]), 200)
    sure = (
        f"All {counted(there, 'row')} of {named} are there, byte for byte."
        if there is not None
        else f"The rows of {named} are *not proven*."
    )
    return message(
        f"{said} · {prose(outcome.target(view))}",
        section(
            dotted(f"{DONE} *{said}*", outcome.took(view), f"*{prose(outcome.target(view))}*"),
            sure,
            changing.about(view),
        ),
        context(steps.line(view)),
        context(changing.safety_line(view.result.get("safety"))),
        actions(changing.undo(view)),
    )


def watched(view: OperationView, _now: datetime) -> Message:
    """The card of the watch after a restore."""
    restore, until = str(view.params["restore"]), datetime.fromisoformat(view.params["until"])
    problem = button("Report a problem", Action.PROBLEM, restore)
    if view.status == "running":
        looks, failed = (int(view.progress.get(name, 0)) for name in ("looks", "failed"))
        bad = list(view.progress.get("bad", ()))
        last = f":warning: {escape(str(bad[-1]['at']), 30)} {prose(str(bad[-1]['fault']), 300)}" if bad else ""
        words = f"Watching {prose(outcome.target(view))} after the restore, until {clock(until)}"
        return message(
            words,
            section(
                f"{RUNNING} *{words}*",
                f"{looks - failed} of {looks} looks were good." if looks else "No look at a page is over yet.",
                escape(_sentence(calls_sentence(view.progress)), 600),
            ),
            context(last),
            actions(problem),
        )
    words = f"The watch after the restore is over: {watch_sentence(view)}" if view.status == "succeeded" else f"The watch {view.status}"
    bad = list(view.result.get("bad", ()))
    faults = [f"• {escape(str(each['at']), 30)} {prose(str(each['fault']), 300)}" for each in bad[-5:]]
    quiet = not (bad or view.result.get("calls") or view.result.get("unwatched"))
    mark = DONE if view.status == "succeeded" and quiet else ":warning:"
    return message(words, section(f"{mark} *{escape(words)}*", *faults), context(_unwritten(view)), actions(problem))


def _sentence(clause: str) -> str:
    """A clause that stands alone."""
    return f"{clause[0].upper()}{clause[1:]}." if clause else ""


def report(restore_id: str, text: str) -> Message:
    """The incident report, in the thread: as much as a message holds; the button brings all of it."""
    whole = actions(button("The report as a file", Action.REPORT, restore_id))
    on = context("The report goes on: the button below brings the whole of it.")
    parts = [section(part) for part in _in_parts(text)]
    shown = list(parts)
    while limits.size([*shown, on, whole]) > limits.MESSAGE_CHARACTERS:
        shown.pop()
    return message("The incident report", *shown, *([on] if len(shown) < len(parts) else []), whole)


def _in_parts(text: str) -> list[str]:
    """A long text in as many sections as it needs; what is a table or a heading there is a line here."""
    lines = [_spoken(line) for line in text.splitlines() if line.strip() and not line.startswith(("| | |", "|---"))]
    parts = [""]
    for line in lines:
        if len(parts[-1]) + len(line) > _PART:
            parts.append("")
        parts[-1] += f"{line}\n"
    return parts


def _spoken(line: str) -> str:
    """A line of Markdown as Slack draws it."""
    if line.startswith("#"):
        return f"*{escape(line.lstrip('# '), 200)}*"
    if line.startswith("| "):
        name, _, rest = line.strip("| ").partition(" | ")
        return f"*{escape(name, 60)}:* {people(prose(rest, 600))}"
    return f"• {people(prose(line[2:], 400))}" if line.startswith("- ") else prose(line, 400)


# -- what went ---------------------------------------------------------------------------------------------------------------


def deltas(found: Sequence[Delta], target: str) -> View:
    """The deltas there are."""
    if not found:
        words = f"Nothing of *{prose(target)}* went by a rollback or a restore whose safety backup is still there."
        return modal("Bring rows back", section(words), callback_id=Window.ANSWER)
    blocks = [
        block
        for each in found[:_OFFERED]
        for block in (section(_delta(each)), actions(button("Choose tables", Action.SALVAGE_TO, each.id) if each.rows else None))
    ]
    return modal("Bring rows back", *blocks, context(_older(found[_OFFERED:])), callback_id=Window.ANSWER)


def _older(left_out: Sequence[Delta]) -> str:
    """How many are not in the list, and how to come to them."""
    if not left_out:
        return ""
    named = f"`/restore salvage ID`, with `delta-` and the digits of the safety backup; the newest is {code(left_out[0].id)}"
    return f"{counted(len(left_out), 'older one')} not shown: {named}. `python -m ops deltas` lists all."


def _delta(each: Delta) -> str:
    """One of them."""
    changed = f"; {counted(each.changed, 'row')} had changed, and are kept to be read" if each.changed else ""
    return f"{code(each.id)}: {counted(each.rows, 'row')} that were created after {code(each.backup)}{changed}"


def salvage(delta: Delta, chosen: Sequence[str], target: str) -> View:
    """Which tables come back."""
    there = sorted((table for table in delta.tables if table.rows), key=lambda table: -table.rows)
    shown = [table for table in there if not chosen or table.name in chosen][:_TABLES]
    if not shown:
        return modal("Bring rows back", section(_delta(delta), "None of its rows can be brought back."), callback_id=Window.ANSWER)
    options = [_table(table) for table in shown]
    more = f"{counted(len(there) - len(shown), 'more table')}: `/restore salvage {delta.id} TABLE …`" if len(there) > len(shown) else ""
    return modal(
        "Bring rows back",
        section(_delta(delta), f"Rows come back to *{prose(target)}* under their own ids; what is there is left alone."),
        entry("Tables", checks(Field.TABLES, options), needed=True),
        context(more, "A full backup comes first. Afterwards every row is looked for, byte for byte."),
        entry("Why?", typed(Field.REASON, hint="Those who sign read this", limit=500), needed=True),
        entry(f"Type {delta.id} to import into {plain(target, 60)}", typed(Field.TYPED, hint=delta.id, limit=40), needed=True),
        submit="Bring them back",
        callback_id=Window.SALVAGE,
        private=delta.id,
    )


def chosen_as(table: str) -> str:
    """The value of a table's box: its name, or where Slack takes no value so long, a digest. Pure."""
    return table if length(table) <= _VALUE else sha256(table.encode()).hexdigest()


def _table(table: Kept) -> Element:
    """A box: of a name that is too long the end is kept, where the tables of one component differ; its beginning stands below."""
    rows = counted(table.rows, "row")
    room = _LABEL - len(rows) - 2
    name = plain(table.name, len(table.name))
    if length(name) <= room:
        return option(f"{name}: {rows}", chosen_as(table.name))
    below = {"type": "plain_text", "text": plain(name, _LABEL)}
    return option(f"…{name[1 - room :]}: {rows}", chosen_as(table.name)) | {"description": below}


def problem(restore_id: str) -> View:
    """What somebody sees."""
    return modal(
        "Report a problem",
        section("What is wrong after the restore? #incidents hears it at once, and it stays a task until somebody closes it."),
        entry("What do you see?", typed(Field.REASON, hint="Where, since when, for whom", limit=500, lines=True), needed=True),
        submit="Report it",
        callback_id=Window.PROBLEM,
        private=restore_id,
    )


def reported(view: OperationView, by: str, text: str) -> Message:
    """To the channel of incidents."""
    words = f"{mention(by)} reports a problem after the restore of {prose(outcome.target(view))}: “{escape(text, 400)}”"
    return message(words, section(f":rotating_light: {words}"), actions(changing.undo(view)))


def in_progress(view: OperationView, usual: float, docs: Docs) -> Message:
    """The document's sentence, to the channel of incidents."""
    bound, shown = view.params["bound"], view.params["shown"]
    minutes = max(1, round(usual / 60))
    words = f"Database restore in progress. Downtime: ~{counted(minutes, 'minute')}"
    about = dotted(
        prose(bound["target"]), f"to {code(bound['backup'])}", f"asked by {mention(view.requested_by)}", f"“{escape(shown['reason'], 200)}”"
    )
    return message(words, section(f":construction: *{words}*", about), context(_documents(docs)))
