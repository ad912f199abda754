"""The windows of what went: which delta, which of its tables come back."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from bot.views.actions import Action, Field, Window
from bot.views.blocks import (
    Element,
    View,
    actions,
    button,
    checks,
    context,
    entry,
    modal,
    option,
    section,
    typed,
)
from bot.views.text import code, counted, length, plain, prose
from ops.deltas import Delta, Kept

_OFFERED, _TABLES = 10, 10
_LABEL, _VALUE = 75, 150  # characters of an option that Slack takes


def deltas(found: Sequence[Delta], target: str) -> View:
    """The deltas there are."""
    if not found:
        words = f"No rollback or restore took rows of *{prose(target)}* away, as far back as there are safety backups."
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
    return f"{code(each.id)}: {counted(each.rows, 'row')} created after {code(each.backup)}{changed}"


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
