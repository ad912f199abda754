"""Readiness in one line, each figure with the way to its evidence."""

from __future__ import annotations

from bot.views.actions import Action
from bot.views.backup.marks import level
from bot.views.blocks import Block, Element, Message, actions, button, context, message, section
from bot.views.text import ago, clock, code, counted, duration, exact
from ops.readiness import Readiness


def line(found: Readiness) -> str:
    """The line itself."""
    if found.backup is None or found.snapshot is None:
        return ":warning: *If production died now, all data would be lost:* there is no good full backup. Take one: `/backup full`."
    if found.lose is None:
        dated = f"the newest good full backup is dated {exact(found.snapshot)}, ahead of this machine's clock"
        return f":warning: *If production died now, nobody knows how much would be lost:* {dated}. Set the clock right."
    files = " *and any stored files* (not in it)" if found.without_files else ""
    lose = f"lose at most *{duration(found.lose)}* (snapshot {clock(found.snapshot)}, {level(found.backup)}){files}"
    return f"*If production died now:* {lose}, {_back(found)}, {counted(found.copies, 'copy', 'copies')} (this folder), variables *unknown*"


def _back(found: Readiness) -> str:
    """How long it would take."""
    if found.back is None or found.span is None:
        return "back in an *unknown* time (nothing was restored yet)"
    fastest, slowest = (duration(each) for each in found.span)
    measured = fastest if fastest == slowest else f"{fastest} to {slowest}"
    return f"back in about *{duration(found.back)}* once decided ({counted(len(found.measured), 'restore')}: {measured})"


def blocks(found: Readiness) -> list[Block]:
    """For App Home and the status."""
    return [section(line(found)), *([actions(*buttons(found))] if buttons(found) else [])]


def buttons(found: Readiness) -> list[Element]:
    """The ways to the evidence."""
    shown = [button("Show the snapshot", Action.SHOW, found.backup.id)] if found.backup else []
    return [*shown, *([button("Show the restores", Action.EVIDENCE)] if found.measured else [])]


def evidence(found: Readiness) -> Message:
    """The restores that the time was measured from."""
    rows = [
        f"• {ago(each.at)}: {each.kind} of {code(each.backup)} in *{duration(each.seconds)}*, operation {code(each.operation_id)}"
        for each in found.measured
    ]
    title = "What the time to come back was measured from"
    note = "The steps that bring data back, without what a drill or a verification does besides, and without waiting for people."
    return message(title, section(f"*{title}*", *rows), context(note))
