"""The windows of what went: which delta, which of its tables come back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
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
from bot.views.text import code, counted, escape, length, plain, prose
from ops.deltas import Delta, Kept

_OFFERED, _TABLES = 10, 10
_NONE: Set[str] = frozenset()
_LABEL, _VALUE = 75, 150  # characters of an option that Slack takes


def deltas(found: Sequence[Delta], target: str, back: Mapping[str, Set[str]]) -> View:
    """The deltas there are, each with which of its tables were brought back already."""
    if not found:
        words = f"No rollback or restore took rows of *{prose(target)}* away, as far back as there are safety backups."
        return modal("Bring rows back", section(words), callback_id=Window.ANSWER)
    blocks = [
        block
        for each in found[:_OFFERED]
        for block in (section(_delta(each), _listed(each, back.get(each.id, _NONE))), actions(_choose(each, back.get(each.id, _NONE))))
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


def _choose(each: Delta, back: Set[str]) -> Element | None:
    """The button, where something is left to be brought back."""
    return button("Choose tables", Action.SALVAGE_TO, each.id) if each.rows and not _whole(each, back) else None


def _listed(each: Delta, back: Set[str]) -> str:
    """What was brought back already, and how to do it again."""
    return (
        f"{_back(each, back)} If they went again: {code(f'/restore salvage {each.id}')}"
        if back and _whole(each, back)
        else _back(each, back)
    )


def _whole(each: Delta, back: Set[str]) -> bool:
    """Whether all that can be brought back was."""
    return all(table.name in back for table in each.tables if table.rows)


def _back(each: Delta, back: Set[str]) -> str:
    """What was brought back already: it may have gone again since, so it is said and still to be had."""
    if not back:
        return ""
    return (
        "All of its tables were brought back already."
        if _whole(each, back)
        else f"Brought back already: {escape(', '.join(sorted(back)))}."
    )


def salvage(delta: Delta, chosen: Sequence[str], target: str, back: Set[str] = _NONE) -> View:
    """Which tables come back."""
    there = sorted((table for table in delta.tables if table.rows), key=lambda table: -table.rows)
    shown = [table for table in there if not chosen or table.name in chosen][:_TABLES]
    if not shown:
        named = f"Its tables with created rows: {escape(', '.join(table.name for table in there), 500)}." if there else ""
        return modal("Bring rows back", section(_delta(delta), named or "None of its rows can be brought back."), callback_id=Window.ANSWER)
    options = [_table(table) for table in shown]
    more = f"{counted(len(there) - len(shown), 'more table')}: `/restore salvage {delta.id} TABLE …`" if len(there) > len(shown) else ""
    return modal(
        "Bring rows back",
        section(
            _delta(delta), _back(delta, back), f"Rows come back to *{prose(target)}* under their own ids; what is there is left alone."
        ),
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
