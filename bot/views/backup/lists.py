"""Lists of backups, a page at a time: all of them, the log of them, the deleted ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Generic, TypeVar

from bot.views.actions import Action, Listing, turned
from bot.views.backup.marks import PINNED, in_short, level, name, place, row
from bot.views.blocks import Block, Element, Message, actions, button, context, dotted, message, section
from bot.views.text import ago, clock, code, counted, escape, mention, number, prose
from ops.words import ago as in_words

if TYPE_CHECKING:
    from ops.manifest import Backup
    from ops.trash import Thrown

PAGE = 10

Item = TypeVar("Item")


@dataclass(frozen=True)
class Page(Generic[Item]):
    """One page of a list."""

    items: Sequence[Item]
    number: int  # from 1
    pages: int
    count: int  # of the whole list

    @property
    def first(self) -> int:
        """The place of its first item in the whole list, from 1."""
        return (self.number - 1) * PAGE + 1


def page_of(items: Sequence[Item], wanted: int) -> Page[Item]:
    """A page; one that does not exist, as in a click on an old message, is the nearest that does."""
    pages = max(1, -(-len(items) // PAGE))
    number = min(max(1, wanted), pages)
    return Page(items[(number - 1) * PAGE : number * PAGE], number, pages, len(items))


def listing(backups: Sequence[Backup], page: int, now: datetime, target: str) -> Message:
    """All backups, newest first."""
    shown = page_of(backups, page)
    title = f"*{counted(shown.count, 'backup')}* of *{prose(target)}*, newest first"
    if not backups:
        return message(*_none(target))
    newest = backups[0]
    said = f"{counted(shown.count, 'backup')} of {prose(target)}; the newest is {escape(newest.id)}, {in_words(newest.timestamp, now)}"
    return _paged(said, title, Listing.BACKUPS, shown, _with_button)


def _none(target: str) -> tuple[str, Block, Block]:
    """What is said when there is no backup at all."""
    said = f"There is no backup of {prose(target)} yet."
    return said, section(said), actions(button("Open backup panel", Action.OPEN_PANEL))


def _with_button(backup: Backup) -> Block:
    """A backup with the button that shows it."""
    return section(*row(backup), beside=button("Show", Action.SHOW, backup.id))


def log(backups: Sequence[Backup], page: int, folder: str) -> Message:
    """The backup log: id, time, purpose, by whom, status, where it lies, how to get at it."""
    if not backups:
        return message("The backup log is empty: no backup was taken yet.")
    shown = page_of(backups, page)
    title = f"*Backup log* · {counted(shown.count, 'backup')}, newest first"
    said = f"Backup log: {counted(shown.count, 'backup')}"
    return _paged(said, title, Listing.LOG, shown, lambda backup: _logged(backup, folder), _access(folder))


def _logged(backup: Backup, folder: str) -> Block:
    """One entry of the backup log."""
    purpose = backup.purpose.value if backup.purpose else "purpose unknown"
    what = dotted(name(backup), clock(backup.timestamp), escape(backup.label, 150) if backup.label else purpose)
    pinned = PINNED if backup.facts.pinned else ""
    return section(what, dotted(f"by {mention(backup.created_by)}", f"status: {level(backup)}", pinned, place(backup, folder)))


def _access(folder: str) -> str:
    """How anybody gets at a backup."""
    return (
        f"Access: on the bot's machine, under {code(folder)}, for whoever may log in there. "
        "`/backup show ID` has the details; from a terminal there: `python -m ops show ID`."
    )


def trash(thrown: Sequence[Thrown], page: int) -> Message:
    """The deleted backups, each with the button that brings it back."""
    if not thrown:
        return message("The trash is empty: no deleted backup can be brought back.")
    shown = page_of(thrown, page)
    return _paged(
        f"{counted(shown.count, 'deleted backup')}", f"*{counted(shown.count, 'deleted backup')}*", Listing.TRASH, shown, _deleted
    )


def _deleted(thrown: Thrown) -> Block:
    """A deleted backup: by whom, why, until when it is there."""
    facts = thrown.backup.facts
    at = f" {ago(facts.trashed_at)}" if facts.trashed_at else ""
    by = f"deleted{at} by {mention(facts.trashed_by)}"
    why = escape(facts.trash_reason, 150) if facts.trash_reason else ""
    until = f"gone for good {clock(thrown.until)}"
    return section(in_short(thrown.backup), dotted(by, why, until), beside=button("Bring back", Action.UNDELETE, thrown.backup.id))


def _paged(said: str, title: str, which: Listing, shown: Page[Item], draw: Callable[[Item], Block], *after: str) -> Message:
    """A page: its title, its items, where it is in the whole, the buttons that turn it."""
    where = ""
    if shown.pages > 1:
        last = shown.first + len(shown.items) - 1
        where = f"{number(shown.first)}-{number(last)} of {number(shown.count)} · page {number(shown.number)} of {number(shown.pages)}"
    return message(
        said,
        section(title),
        *(draw(item) for item in shown.items),
        context(where, *after),
        actions(*turns(which, shown)),
    )


def turns(which: Listing, shown: Page[Item]) -> list[Element | None]:
    """The buttons to the pages beside this one."""
    newer = button("Newer", f"{Action.PAGE}:newer", turned(which, shown.number - 1)) if shown.number > 1 else None
    older = button("Older", f"{Action.PAGE}:older", turned(which, shown.number + 1)) if shown.number < shown.pages else None
    return [newer, older]


def first_few(backups: Sequence[Backup], most: int = 5) -> list[Block]:
    """The newest few, for App Home."""
    return [_with_button(backup) for backup in backups[:most]]
