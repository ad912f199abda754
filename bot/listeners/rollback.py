"""Rollback: choose a backup, see what would happen, type its id; then it begins, or a signature is asked for."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from bot.desk import Desk
from bot.listeners.signing import asked
from bot.listeners.windows import Telling, not_meant, patience
from bot.registry import ANY, Answer, Errors, Open, Reply, Show, action, command, submission
from bot.requests import Request
from bot.views import rollback as views
from bot.views.actions import Action, Field, Window
from bot.views.backup import looking
from bot.views.blocks import TITLE, in_window
from ops import asking, manifest, metrics, rollback
from ops.errors import Refused
from ops.people import Right
from ops.rollback import Preview

FRESH = 600.0  # seconds for which what was shown may be planned from
PATIENCE = 600.0  # seconds that a look may take; the person waits before a window

_command = command("/rollback", ANY, needs=Right.ROLLBACK)
_list = action(Action.ROLLBACK_OPEN, needs=Right.ROLLBACK)
_to = action(Action.ROLLBACK_TO, needs=Right.ROLLBACK)
_chosen = submission(Window.ROLLBACK_LIST, needs=Right.ROLLBACK)
_sent = submission(Window.ROLLBACK, needs=Right.ROLLBACK, stored=True)


@_command.answer
@_list.answer
@_to.answer
def open_window(request: Request) -> Answer:
    """A window at once, its content as soon as it is known."""
    return Show(looking()) if request.in_window else Open(looking())


@_command.handle
def begin(request: Request, desk: Desk) -> Reply:
    """``/rollback [ID] [code]``; without an id the list."""
    words = request.typed.split()
    if not words:
        return _page(desk, 1)
    backup_id, more = manifest.check_id(manifest.as_meant(words[0])), [word.lower() for word in words[1:]]
    if more not in ([], ["code"]):
        raise Refused(
            f"{' '.join(words[1:])!r:.40} is no part of a rollback.", f"`/rollback {backup_id}`, or `/rollback {backup_id} code`."
        )
    return _looked(request, desk, backup_id, data=False if more else None, replaces="")


@_list.handle
def choose(request: Request, desk: Desk) -> Reply:
    """The list, or a page of it."""
    return _page(desk, int(request.value) if request.value.isdigit() and len(request.value) < 6 else 1)


def _page(desk: Desk, page: int) -> Reply:
    """A page of the backups that can be read."""
    backups = [each for each in desk.backstop.catalogue.all() if not each.problem]
    return Reply(
        view=views.choice(backups, max(page, 1), desk.backstop.services.target("production"), datetime.now(desk.settings.team.zoneinfo))
    )


@_chosen.answer
def look(request: Request) -> Answer:
    """The same window, while it is looked at."""
    return Show(views.looking("Looking what a rollback would do"))


@_chosen.handle
def chosen(request: Request, desk: Desk) -> Reply:
    """What a rollback to the selected backup would do."""
    return _looked(request, desk, manifest.check_id(request.fields.get(Field.BACKUP, "")), data=None, replaces="")


@_to.handle
def to(request: Request, desk: Desk) -> Reply:
    """The buttons that name a backup."""
    backup_id, data, replaces = views.read(request.value)
    return _looked(request, desk, manifest.check_id(backup_id), data=data, replaces=replaces)


def _looked(request: Request, desk: Desk, backup_id: str, *, data: bool | None, replaces: str) -> Reply:
    """The preview in the window; a message with its button where that was closed meanwhile."""
    with_data = manifest.type_of(backup_id) == "full" if data is None else data
    found = _shown.keep(_preview(request, desk, backup_id, data=with_data))
    usual = metrics.usual_seconds(desk.backstop.journal, rollback.kind_of(data=found.data))
    holder = desk.backstop.journal.holder("production")
    view = views.window(found, zone=desk.settings.team.zoneinfo, usual=usual, replaces=replaces, now=datetime.now(UTC), holder=holder)
    return Reply(view=view, message=views.ready(found, replaces))


class _Shown:
    """What was shown lately: sent off within some minutes it is planned from what the person saw, without a second export."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, bool], tuple[float, Preview]] = {}

    def keep(self, found: Preview) -> Preview:
        """Remember it."""
        self._kept = {key: kept for key, kept in self._kept.items() if time.monotonic() - kept[0] < FRESH}
        self._kept[found.backup.id, found.data] = (time.monotonic(), found)
        return found

    def of(self, backup_id: str, *, data: bool, head: str) -> Preview | None:
        """The one of this backup, if production is where it was then."""
        at, found = self._kept.get((backup_id, data), (0.0, None))
        return found if found is not None and time.monotonic() - at < FRESH and found.live.hash == head else None


_shown = _Shown()


def _preview(request: Request, desk: Desk, backup_id: str, *, data: bool) -> Preview:
    """Look, for as long as somebody may wait; the window says how far it is."""
    with patience(PATIENCE) as stop:
        return rollback.look(desk.backstop.services, backup_id, data=data, stop=stop, said=Telling(request, desk, views.looking))


@_sent.answer
def check(request: Request) -> Answer:
    """The id must be the one that is meant, and a reason given."""
    backup_id, _, _ = views.read(request.private)
    wrong = not_meant(request, backup_id)
    return Errors(wrong) if wrong else Show(views.looking("Making the plan"))


@_sent.handle
def start(request: Request, desk: Desk) -> Reply:
    """Plan what is so now, then start it or have it signed."""
    backup_id, data, replaces = views.read(request.private)
    if data is None:
        raise Refused("It is not said whether the data go back too.", "Open it again: `/rollback`.")
    head = desk.backstop.services.git.remote_head(desk.settings.app.production_branch)
    found = _shown.of(backup_id, data=data, head=head) or _preview(request, desk, backup_id, data=data)
    plan = rollback.plan(desk.settings, found, request.fields.get(Field.REASON, ""), request.fields.get(Field.IMPACT, ""))
    begun = asking.ask(desk.backstop, request.person, plan, id=request.operation_id, replaces=replaces or None)
    said = views.begun(found.target, desk.settings.slack.engineering) if begun.started else asked(desk, begun.approval)
    return Reply(view=in_window(dict(said), TITLE, Window.ANSWER), message=said)
