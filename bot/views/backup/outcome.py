"""What came of an operation, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bot.views.actions import Action
from bot.views.backup import marks
from bot.views.blocks import Block, Element, Message, actions, button, confirm, context, dotted, message, section, table
from bot.views.text import change_of_number, change_of_size, code, counted, duration, escape, mention, number, plain, prose, size
from ops.archive import holds_files

if TYPE_CHECKING:
    from ops.journal import OperationView

TABLES = 10
_LEFT = 5  # backups that retention took, by name
_FULL_FROM = 0.8  # of the folder's limit
_MARKS: Mapping[str, str] = {
    "succeeded": ":white_check_mark:",
    "failed": ":x:",
    "refused": ":no_entry:",
    "cancelled": ":black_square_for_stop:",
    "halted": ":octagonal_sign:",
}
_SO: Mapping[str, str] = {  # how things are after a backup that was not taken
    "failed": "Production is as before.",
    "refused": "No step began; nothing was changed.",
    "cancelled": "What it had made was removed. Production is as before.",
    "halted": "Nothing else can start there until a person has decided.",
}


def title(view: OperationView) -> str:
    """What it is: "Full backup", or "Verify `full-…`"."""
    if view.kind == "verify":
        return f"Verify {view.params.get('backup', '')}".strip()
    return view.kind[:1].upper() + view.kind[1:]


def target(view: OperationView) -> str:
    """Where it works, always named: "production · sturgeon"."""
    return str(view.params.get("target") or view.params.get("bound", {}).get("target") or view.environment or "the backup folder")


def asked(view: OperationView) -> str:
    """Who asked, why, and what they noted."""
    purpose = str(view.params.get("purpose") or "")
    about = escape(str(view.params.get("description") or ""), 100)
    notes = escape(str(view.params.get("notes") or ""), 200)
    return dotted(f"asked by {mention(view.requested_by)}", escape(purpose), about, f"“{notes}”" if notes else "")


def ended(view: OperationView, steps: str) -> Message:
    """The card of an operation that is over."""
    if view.status != "succeeded":
        return _missed(view, steps)
    return _verified(view) if view.kind == "verify" else _created(view, steps)


def created(backup: Mapping[str, Any]) -> str:
    """The document's sentence: "Full backup created: abc123 (5.2 MB)"."""
    held = f" ({size(backup['exportSizeBytes'])})" if backup.get("exportSizeBytes") is not None else ""
    return f"{str(backup.get('type', '')).capitalize()} backup created: {str(backup.get('commitHash', ''))[:6]}{held}"


def _created(view: OperationView, steps: str) -> Message:
    """A backup that was taken: the sentence, its figures, what fell, what left, how full the folder is, what next."""
    made = view.result.get("backup") or {}
    said = escape(created(made))
    head = dotted(f":white_check_mark: *{said}*", took(view), f"*{prose(target(view))}*")
    return message(
        f"{said} · {prose(target(view))}{_warned(view)}",
        section(head, _identity(made, view.result), asked(view)),
        *_data(made, view.result),
        section(*_warnings(view.result)),
        context(_retention(view.result)),
        context(folder(view.result.get("folder"))),
        context(steps),
        actions(*offered(str(made.get("id", "")), view.result)),
    )


def took(view: OperationView) -> str:
    """How long it took."""
    return duration(view.finished_at - view.created_at) if view.finished_at else ""


def _warned(view: OperationView) -> str:
    """What a notification must not leave out."""
    warnings = view.result.get("warnings") or ()
    return f" · {counted(len(warnings), 'warning')}" if warnings else ""


def _identity(made: Mapping[str, Any], result: Mapping[str, Any]) -> str:
    """Its id, level and commit."""
    commit = f"{code(str(made.get('commitHash', ''))[:6])} {escape(str(made.get('commitMessage') or ''), 72)}"
    level = marks.meaning(str(made.get("type", "")), result.get("level"))
    return f"{dotted(code(str(made.get('id', ''))), level)}\n{commit}"


def _data(made: Mapping[str, Any], result: Mapping[str, Any]) -> list[Block]:
    """Rows and bytes, beside the backup before; a quick backup has none."""
    tables = made.get("tables")
    if made.get("type") != "full":
        return []
    if not isinstance(tables, dict):
        return [section("Rows and tables: unknown.")]
    rows = sum(each["rows"] for each in tables.values())
    return [
        section(
            f"{counted(rows, 'row')} in {counted(len(tables), 'table')} · {size(made.get('exportSizeBytes'))}{_without_files(tables)}",
            _against(result),
        ),
        by_table(tables),
    ]


def _without_files(tables: Mapping[str, Any]) -> str:
    """That stored files are not in it, where they are not."""
    return "" if holds_files(tables) else " · without stored files"


def _against(result: Mapping[str, Any]) -> str:
    """Size and rows beside the backup before."""
    before = result.get("compared_to")
    if not before:
        return "There is no earlier full backup to compare it with."
    bytes_, rows = result.get("size_change"), result.get("rows_change")
    more = [change_of_size(bytes_)] if bytes_ is not None else []
    more += [f"{change_of_number(rows)} {'row' if abs(rows) == 1 else 'rows'}"] if rows is not None else []
    return f"{', '.join(more) or 'Unknown change'} against {code(str(before))}"


def by_table(tables: Mapping[str, Mapping[str, Any]], most: int = TABLES) -> Block:
    """Rows and bytes of each table, the biggest first."""
    ranked = sorted(tables.items(), key=lambda item: (-item[1]["bytes"], -item[1]["rows"], item[0]))
    shown = ranked if len(ranked) <= most + 1 else ranked[:most]
    rows = [(plain(name, 80), number(each["rows"]), size(each["bytes"])) for name, each in shown]
    rest = ranked[len(shown) :]
    more = [(f"and {number(len(rest))} more tables", number(_sum(rest, "rows")), size(_sum(rest, "bytes")))] if rest else []
    return table(("Table", "Rows", "Size"), *rows, *more) if rows else section("It holds no table.")


def _sum(tables: Sequence[tuple[str, Mapping[str, Any]]], key: str) -> int:
    """A figure of several tables together."""
    return sum(int(each[key]) for _, each in tables)


def _warnings(result: Mapping[str, Any]) -> list[str]:
    """Tables that fell, and what that means."""
    warnings = [str(each) for each in result.get("warnings") or ()]
    if not warnings:
        return []
    more = [f"and {number(len(warnings) - TABLES)} more"] if len(warnings) > TABLES else []
    return [*(f":warning: {prose(each, 200)}" for each in warnings[:TABLES]), *more]


def _retention(result: Mapping[str, Any]) -> str:
    """What left, and why; or why nothing may."""
    found = result.get("retention") or {}
    if found.get("held"):
        return f":warning: Retention holds everything back: {prose(str(found['held']), 400)}"
    left = found.get("left") or ()
    if not left:
        return "Retention took nothing." if found else ""
    names = "; ".join(f"{code(str(each['id']))} ({prose(str(each['why']), 120)})" for each in left[:_LEFT])
    more = f"; and {number(len(left) - _LEFT)} more" if len(left) > _LEFT else ""
    return f"Left by retention: {names}{more}. `/backup undelete` brings one back."


def folder(found: Mapping[str, Any] | None) -> str:
    """How full the backup folder is; a warning from 80 % of its limit, an alert above it."""
    if not found or not found.get("limit"):
        return ""
    share = found["bytes"] / found["limit"]
    said = f"Backup folder: {size(found['bytes'])} of {size(found['limit'])} ({share:.0%})".replace("%", "\u202f%")
    if share > 1:
        return f":rotating_light: *{said}: over its limit.* Delete what is not needed (`/backup list`), or raise `[backups] warn_at`."
    return f":warning: {said}: near its limit." if share >= _FULL_FROM else said


def offered(backup_id: str, result: Mapping[str, Any] | None = None) -> list[Element]:
    """What can be done with a backup next; rights are asked at the click."""
    if not backup_id:
        return []
    fell = [button("Explain the fall", Action.EXPLAIN_FALL, backup_id)] if (result or {}).get("warnings") else []
    return [button("Show", Action.SHOW, backup_id), button("Verify", Action.VERIFY, backup_id), *fell, delete_button(backup_id)]


def delete_button(backup_id: str) -> Element:
    """Delete, with one question."""
    asks = confirm(
        "Delete this backup?", f"{code(backup_id)} moves to the trash. `/backup undelete` brings it back for a while.", "Delete backup"
    )
    return button("Delete", Action.DELETE, backup_id, asks=asks, style="danger")


def _verified(view: OperationView) -> Message:
    """A backup that was looked at and is sound."""
    backup_id = str(view.params.get("backup", ""))
    level = marks.meaning(backup_id.partition("-")[0], view.result.get("level"))
    looked = view.result.get("items")
    things = f"{counted(looked, 'item')} looked at" if isinstance(looked, int) else ""
    return message(
        f"{escape(backup_id)} is sound: {level}",
        section(f":white_check_mark: {code(backup_id)} is sound: *{level}*", dotted(things, took(view), asked(view))),
        actions(button("Show", Action.SHOW, backup_id)),
    )


def _missed(view: OperationView, steps: str) -> Message:
    """An operation that was refused, failed, was cancelled or halted: where, why, how things are, what next."""
    at = f" at “{view.steps[-1].name}”" if view.steps and view.status in {"failed", "halted"} else ""
    said = f"{title(view)} {view.status}{at}"
    why = [_why(view), prose(view.remedy or "", 600)]
    short = "" if view.status == "cancelled" else prose(view.error or "", 200)
    return message(
        f"{escape(said)} · {prose(target(view))}: {short}".rstrip(": "),
        section(
            dotted(f"{_MARKS[view.status]} *{escape(said)}*", took(view), f"*{prose(target(view))}*"), *why, _SO[view.status], asked(view)
        ),
        context(steps),
        actions(*_next(view)),
    )


def _why(view: OperationView) -> str:
    """What ended it; who, where a person did."""
    if view.status == "cancelled" and view.cancelled_by:
        return f"Cancelled by {mention(view.cancelled_by)}."
    return prose(view.error or "Why is unknown.", 1200)


def _next(view: OperationView) -> list[Element]:
    """What to offer after a miss."""
    if view.status == "halted":
        asks = confirm("Give it up?", "Nothing of production was touched. Others may start then.", "Give it up", "Leave it halted")
        return [button("Show status", Action.STATUS), button("Give it up", Action.CANCEL, view.id, asks=asks)]
    if view.kind == "verify":
        backup_id = str(view.params.get("backup", ""))
        return [button("Show", Action.SHOW, backup_id), button("Verify again", Action.VERIFY, backup_id)]
    return [button("Take another backup", Action.OPEN_PANEL)]
