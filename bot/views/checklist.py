"""The weekly and the monthly checklist: what was looked at is ticked with its evidence, the rest are buttons."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.views.actions import Action, Field, Window
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
    select,
    typed,
)
from bot.views.text import ago, clock, counted, duration, escape, mention, people, plain, prose
from ops.by_hand import ANSWERS, ISSUES, TESTED
from ops.checklists import AUTOMATED, MONTHLY, WEEKLY, Checklist, Item, State
from ops.checklists.items import Deed
from ops.manifest import Backup

NAMES = {WEEKLY: "Weekly checklist", MONTHLY: "Monthly checklist"}
_MARKS = {
    State.DONE: ":white_check_mark:",
    State.OPEN: ":white_large_square:",
    State.RUNNING: ":arrows_counterclockwise:",
    State.WRONG: ":x:",
}
_OFFERED = 20  # backups, in the form


def checklist(found: Checklist, target: str, *, quiet: bool = False) -> Message:
    """How it stands; quiet, it mentions nobody."""
    late = f"late: it was due {clock(found.due)}" if found.late else clock(found.due)
    left = len(found.left)
    state = f"{counted(left, 'item')} left" if left else "all done"
    title = dotted(f"*{NAMES[found.kind]}*", f"*{prose(target)}*", late, state)
    blocks = [block for item in found.items for block in _item(found.id, item, quiet=quiet)]
    return message(f"{NAMES[found.kind]}: {state}", section(title), *blocks)


def _item(checklist_id: str, item: Item, *, quiet: bool) -> list[Block]:
    """One line, with its evidence and what a person can do."""
    ticked = dotted(mention(item.by), ago(item.at)) if item.by and item.at else ""
    lines = [prose(each, 600) for each in item.evidence.split("\n")]
    evidence = "\n".join(lines if quiet else map(people, lines))
    evidence = f"Not as promised. {evidence}".rstrip() if item.state is State.WRONG else evidence
    deeds = _deeds(checklist_id, item)
    shown = section(f"{_MARKS[item.state]} *{prose(item.text)}*", evidence, ticked, beside=deeds[0] if len(deeds) == 1 else None)
    return [shown, *([actions(*deeds)] if len(deeds) > 1 else [])]


def _deeds(checklist_id: str, item: Item) -> list[Element]:
    """What a person can do about an item that is not done."""
    if item.state is State.DONE:
        return []
    value = f"{checklist_id} {item.key}"
    if item.deed is Deed.TICK:
        return [button("Done", f"{Action.TICK}:{item.key}", value)]
    if item.deed is Deed.LOG:
        return [button("Fill in the log", Action.TICK_LOG, value)]
    if item.deed is Deed.DRILL:
        return [button(f"Start drill {letter}", f"{Action.DRILL_START}:{letter}", letter) for letter in ("A", "B")]
    return []


def nudge(found: Checklist, target: str, now: datetime) -> Message:
    """It was forgotten."""
    words = f"{NAMES[found.kind]} of {clock(found.due)}: {counted(len(found.left), 'item')} not done after {duration(now - found.since)}"
    lines = [f"{_MARKS[each.state]} {prose(each.text)}" for each in found.left]
    return message(
        f"{NAMES[found.kind]}: still open", section(f":bell: {words} · *{prose(target)}*", *lines), context("The card is above.")
    )


def red(found: Checklist, target: str, wrong: Sequence[Item]) -> Message:
    """To the channel of incidents."""
    lines = [
        " ".join(filter(None, [_MARKS[each.state], f"*{prose(each.text)}*", people(prose(each.evidence, 400)), each.then]))
        for each in wrong
    ]
    title = f":rotating_light: *{NAMES[found.kind]} of {clock(found.due)}: not as promised* · *{prose(target)}*"
    take = button("Take full backup", Action.TAKE_FULL, style="primary") if any(each.key == AUTOMATED for each in wrong) else None
    return message(f"{NAMES[found.kind]}: not as promised", section(title, *lines), actions(take))


def mended(found: Checklist, target: str) -> Message:
    """To the same channel, once nothing of it is left."""
    title = f":white_check_mark: *{NAMES[found.kind]} of {clock(found.due)}: mended* · *{prose(target)}*"
    return message(f"{NAMES[found.kind]}: mended", section(title, "What was not as promised is as it should be again."))


def log_window(checklist_id: str, backups: Sequence[Backup]) -> View:
    """The document's verification log, for a test that a person did."""
    full = [each for each in backups if each.type == "full"][:_OFFERED]
    if not full:
        return modal("Verification log", section("There is no full backup whose restoration could have been tested."))
    offered = [option(plain(f"{each.id} · {each.timestamp:%Y-%m-%d %H:%M} UTC", 75), each.id) for each in full]
    yes_no = [option("Yes", "Yes"), option("No", "No")]
    return modal(
        "Verification log",
        entry(TESTED, select(Field.BACKUP, offered, full[0].id), needed=True),
        *(entry(words, radio(f"{Field.ANSWER}_{place}", yes_no), needed=True) for place, words in enumerate(ANSWERS)),
        entry(ISSUES, typed(Field.NOTES, hint="None, or what was not as it should be", limit=500, lines=True)),
        submit="Log it",
        callback_id=Window.VERIFICATION_LOG,
        private=checklist_id,
    )


def ticked(text: str) -> Message:
    """To whoever ticked."""
    words = f"Noted: {text}."
    return message(words, section(prose(words)))


def complete(found: Checklist) -> Message:
    """In its thread."""
    who = sorted({each.by for each in found.items if each.by})
    by = f" by {', '.join(mention(each) for each in who)}" if who else ""
    words = f":white_check_mark: *{escape(NAMES[found.kind])}*: all done{by}."
    return message(words, section(words))
