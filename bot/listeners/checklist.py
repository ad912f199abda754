"""Checklists: tick an item, fill in the verification log."""

from __future__ import annotations

from datetime import UTC, datetime

from bot import checklisting
from bot.desk import Desk
from bot.listeners.windows import at_once, shown
from bot.registry import Answer, Errors, Open, Reply, Show, action, submission
from bot.requests import Request
from bot.views import checklist as views
from bot.views.actions import Action, Field, Window
from bot.views.backup import looking
from ops import by_hand, checklists
from ops.checklists import Checklist, Item
from ops.errors import Refused
from ops.people import Right

_tick = action(Action.TICK, needs=Right.TAKE, stored=True)
_log = action(Action.TICK_LOG, needs=Right.TAKE)
_logged = submission(Window.VERIFICATION_LOG, needs=Right.TAKE, stored=True)


@_tick.answer
def look(request: Request) -> Answer:
    """Over Home a window at once."""
    return at_once(request)


@_tick.handle
def tick(request: Request, desk: Desk) -> Reply:
    """A person did it."""
    checklist_id, _, key = request.value.partition(" ")
    item = _item(desk, checklist_id, key)
    checklists.tick(desk.backstop.engine, checklist_id, key, item.text, by=request.person.id)
    checklisting.show(desk, _now(desk, checklist_id))
    return shown(request, views.ticked(item.text))


@_log.answer
def open_window(_request: Request) -> Answer:
    """A window at once."""
    return Open(looking())


@_log.handle
def ask(request: Request, desk: Desk) -> Reply:
    """The document's form."""
    return Reply(view=views.log_window(request.value.partition(" ")[0], desk.backstop.catalogue.all()))


@_logged.answer
def check(request: Request) -> Answer:
    """Each question has an answer."""
    missing = {f"{Field.ANSWER}_{place}": "Yes or no?" for place in range(len(by_hand.ANSWERS)) if not _answered(request, place)}
    return Errors(missing) if missing else Show(looking())


@_logged.handle
def log(request: Request, desk: Desk) -> Reply:
    """Write it down, with the document's fields."""
    backup = desk.backstop.catalogue.get(request.fields.get(Field.BACKUP, ""))
    item = _item(desk, request.private, by_hand.ITEM)
    fields = {
        "Date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        by_hand.TESTED: backup.id,
        "Backup timestamp": f"{backup.timestamp:%Y-%m-%d %H:%M:%S} UTC",
        **{words: _answered(request, place) for place, words in enumerate(by_hand.ANSWERS)},
        by_hand.ISSUES: request.fields.get(Field.NOTES, "").strip() or "none",
        "Tested by": request.person.id,
    }
    checklists.tick(desk.backstop.engine, request.private, item.key, item.text, by=request.person.id, fields=fields)
    checklisting.show(desk, _now(desk, request.private))
    return shown(request, views.ticked(item.text))


def _answered(request: Request, place: int) -> str:
    """What was said to a question: "Yes" or "No"."""
    said = request.fields.get(f"{Field.ANSWER}_{place}", "")
    return said if said in {"Yes", "No"} else ""


def _now(desk: Desk, checklist_id: str) -> Checklist:
    """How it stands."""
    return checklists.of(desk.backstop, checklists.made(desk.backstop.engine, checklist_id), datetime.now(UTC))


def _item(desk: Desk, checklist_id: str, key: str) -> Item:
    """The item that was clicked.

    Raises:
        Refused: it is none of that list.
    """
    found = next((each for each in _now(desk, checklist_id).items if each.key == key), None)
    if found is None:
        raise Refused("That is not on the checklist.", "`/ops post weekly` posts it anew.")
    return found
