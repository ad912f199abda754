"""Restore: choose a backup, see what would be lost, type its id; bring back rows that went; report what is wrong afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.desk import Desk
from bot.listeners.signing import asked
from bot.listeners.windows import Telling, not_meant, patience, shown
from bot.pictures import Picture
from bot.registry import ANY, Answer, Errors, Open, Reply, Show, action, command, submission
from bot.requests import Request
from bot.views import restore as views
from bot.views import restored as restored_views
from bot.views import salvage as salvage_views
from bot.views.actions import Action, Field, Window
from bot.views.backup import looking
from bot.views.blocks import TITLE, actions, button, in_window, message, section
from bot.views.staging import waits
from ops import asking, deltas, manifest, metrics, reports, restore, salvage, staging, watch
from ops.errors import Refused
from ops.people import Right
from ops.restore import Assessment, moment

PATIENCE = 600.0  # seconds that a look may take; the person waits before a window
ENVIRONMENTS = ("production", "staging")

_command = command("/restore", ANY, needs=Right.RESTORE)
_to = action(Action.RESTORE_TO, needs=Right.RESTORE)
_open = action(Action.RESTORE_OPEN, needs=Right.RESTORE)
_chosen = submission(Window.RESTORE_LIST, needs=Right.RESTORE)
_sent = submission(Window.RESTORE, needs=Right.RESTORE, stored=True)
_rehearse = action(Action.REHEARSE, needs=Right.RESTORE, stored=True)
_deltas = action(Action.SALVAGE_OPEN, needs=Right.RESTORE)
_delta = action(Action.SALVAGE_TO, needs=Right.RESTORE)
_tables = submission(Window.SALVAGE, needs=Right.RESTORE, stored=True)
_problem = action(Action.PROBLEM, needs=Right.LOOK)
_report = action(Action.REPORT, needs=Right.LOOK)
_reported = submission(Window.PROBLEM, needs=Right.LOOK, stored=True)


@_command.answer
@_to.answer
@_open.answer
@_deltas.answer
@_delta.answer
def open_window(request: Request) -> Answer:
    """A window at once, its content as soon as it is known."""
    return Show(looking()) if request.in_window else Open(looking())


@_command.handle
def begin(request: Request, desk: Desk) -> Reply:
    """``/restore [database [ID | before TIME] [staging|production]]`` and ``/restore salvage [ID [TABLE …]]``."""
    what, *words = request.typed.split() or ["database"]
    if what.lower() == "salvage":
        return _salvage(desk, manifest.as_meant(words[0]), words[1:]) if words else _all_deltas(desk)
    if what.lower() != "database":
        raise Refused(f"“{what[:40]}” cannot be restored.", "`/restore database [ID] [staging]`, or `/restore salvage [ID]`.")
    environment, named = deployment(words)
    if named[:1] == ["before"]:
        return _list(desk, environment, moment(" ".join(named[1:]), desk.settings.team.zoneinfo, datetime.now(UTC)))
    return _looked(request, desk, named[0], environment, "") if named else _list(desk, environment)


def deployment(words: Sequence[str]) -> tuple[str, list[str]]:
    """Where to, and what else is typed: ``before`` and a time, one backup's id, or nothing. Pure.

    Raises:
        Refused: a word is neither, so that no mistyped ``staging`` becomes production.
    """
    said = [word for word in map(str.lower, words) if word in ENVIRONMENTS]
    if len(set(said)) > 1:
        raise Refused("Both production and staging are named.", "Name one: `/restore database ID staging`.")
    environment, named = (said or ["production"])[0], [word for word in words if word.lower() not in ENVIRONMENTS]
    if named and named[0].lower() == "before":
        return environment, ["before", *named[1:]]
    ids = [manifest.check_id(manifest.as_meant(word)) for word in named[:1]]
    if len(named) > 1:
        raise Refused(
            f"“{named[1][:40]}” is neither an environment nor a part of `{ids[0]}`.",
            "`/restore database ID`, with `staging` behind it or nothing.",
        )
    return environment, ids


@_open.handle
def choose(_request: Request, desk: Desk) -> Reply:
    """The list."""
    return _list(desk, "production")


def _list(desk: Desk, environment: str, began: datetime | None = None) -> Reply:
    """The backups that could be restored there, those from before it began first."""
    settings, services = desk.settings, desk.backstop.services
    found = restore.offered(desk.backstop.catalogue.all(), began, settings.convex.production.name)
    zone = settings.team.zoneinfo
    return Reply(view=views.choice(found, environment, services.target(environment), datetime.now(zone), began and began.astimezone(zone)))


@_chosen.answer
def look(_request: Request) -> Answer:
    """The same window, while it is looked at."""
    return Show(views.looking("Looking what a restore would do"))


@_chosen.handle
def chosen(request: Request, desk: Desk) -> Reply:
    """What a restore from the selected backup would do."""
    environment, _, began = request.private.partition(" ")
    backup_id = manifest.check_id(request.fields.get(Field.BACKUP, ""))
    return _looked(request, desk, backup_id, environment or "production", "", began=began)


@_to.handle
def to(request: Request, desk: Desk) -> Reply:
    """The buttons that name a backup."""
    backup_id, environment, replaces = views.read(request.value)
    return _looked(request, desk, manifest.check_id(backup_id), environment, replaces)


def _looked(  # noqa: PLR0913 # what was asked for, all named
    request: Request, desk: Desk, backup_id: str, environment: str, replaces: str, *, began: str = ""
) -> Reply:
    """The assessment in the window; a message with its button where that was closed meanwhile."""
    found = _assessed(request, desk, backup_id, environment)
    settings = desk.settings
    view = views.window(
        found,
        zone=settings.team.zoneinfo,
        usual=_usual(desk, environment),
        replaces=replaces,
        docs=settings.docs,
        staging=staging.configured(desk.backstop.services),
        own=settings.app.functions == "bot",
        put_back=settings.verification.put_back,
        now=datetime.now(UTC),
        said={"began": began} if began else _said(desk, replaces),
        holder=desk.backstop.journal.holder(environment),
    )
    return Reply(view=view, message=views.ready(found, replaces))


def _said(desk: Desk, replaces: str) -> Mapping[str, Any]:
    """What was said of the trouble when the halted operation that this takes over from was asked for."""
    halted = desk.backstop.journal.get(replaces) if replaces else None
    return halted.params["shown"] if halted else {}


def _usual(desk: Desk, environment: str) -> float | None:
    """How long former ones took; None before the first."""
    return metrics.usual_seconds(desk.backstop.journal, restore.PRODUCTION if environment == "production" else restore.STAGING)


def _assessed(request: Request, desk: Desk, backup_id: str, environment: str) -> Assessment:
    """Look, for as long as somebody may wait; the window says how far it is."""
    with patience(PATIENCE) as stop:
        return restore.look(desk.backstop.services, backup_id, environment, stop=stop, said=Telling(request, desk, views.looking))


@_rehearse.answer
def rehearse_at_once(_request: Request) -> Answer:
    """The same window, while it is planned."""
    return Show(views.looking("Making the plan"))


@_rehearse.handle
def rehearse(request: Request, desk: Desk) -> Reply:
    """Restore it to staging first, under the functions that production runs.

    Raises:
        Refused: Vercel's build pushes the functions, so staging would run others.
    """
    if desk.settings.app.functions != "bot":
        raise Refused(
            "Vercel's build pushes the functions here, so staging would not run those of production: nothing would be rehearsed.",
            "A restore whose rows do not fit halts before any row changes. To try the import alone: `/restore database ID staging`.",
        )
    backup_id, services = manifest.check_id(request.value), desk.backstop.services
    with patience(PATIENCE) as stop:
        found = restore.look(services, backup_id, "staging", stop=stop, rehearsal=True)
    plan = restore.plan(desk.settings, found, "rehearsal of a restore to production")
    asking.ask(desk.backstop, request.person, plan, id=request.operation_id)
    words = f"The rehearsal on {found.target} has begun: its card is in {desk.settings.slack.engineering}. Then look again."
    said = message(words, section(words, waits(found.left)), actions(button("Look again", Action.RESTORE_TO, f"{backup_id} production")))
    return Reply(view=in_window(dict(said), TITLE, Window.ANSWER), message=said)


@_sent.answer
def check(request: Request) -> Answer:
    """The id must be the one that is meant, and a reason given."""
    backup_id, _, _ = views.read(request.private)
    wrong = not_meant(request, backup_id)
    return Errors(wrong) if wrong else Show(views.looking("Making the plan"))


@_sent.handle
def start(request: Request, desk: Desk) -> Reply:
    """Plan what is so now, then start it or have it signed."""
    backup_id, environment, replaces = views.read(request.private)
    found = _assessed(request, desk, backup_id, environment)
    reason, impact, began = (request.fields.get(field, "") for field in (Field.REASON, Field.IMPACT, Field.BEGAN))
    plan = restore.plan(desk.settings, found, reason, impact, began, usual=_usual(desk, environment))
    begun = asking.ask(desk.backstop, request.person, plan, id=request.operation_id, replaces=replaces or None)
    said = views.begun(found.target, desk.settings.slack.engineering) if begun.started else asked(desk, begun.approval)
    return Reply(view=in_window(dict(said), TITLE, Window.ANSWER), message=said)


# -- what went ---------------------------------------------------------------------------------------------------------------


@_deltas.handle
def list_deltas(_request: Request, desk: Desk) -> Reply:
    """The deltas there are."""
    return _all_deltas(desk)


def _all_deltas(desk: Desk) -> Reply:
    """The deltas there are, newest first."""
    services = desk.backstop.services
    found = deltas.all_of(services.settings.folder)
    return Reply(view=salvage_views.deltas(found, services.target("production"), salvage.brought_back(desk.backstop.journal)))


@_delta.handle
def open_delta(request: Request, desk: Desk) -> Reply:
    """The button that names one."""
    return _salvage(desk, request.value, [])


def _salvage(desk: Desk, delta_id: str, tables: list[str]) -> Reply:
    """Which tables come back."""
    services = desk.backstop.services
    delta, back = deltas.get(services.settings.folder, delta_id), salvage.brought_back(desk.backstop.journal).get(delta_id, frozenset())
    return Reply(view=salvage_views.salvage(delta, tables, services.target("production"), back))


@_tables.answer
def check_tables(request: Request) -> Answer:
    """A table, a reason, and the id that is meant, as for every import into production."""
    wrong = {}
    if not request.fields.get(Field.TABLES):
        wrong[str(Field.TABLES)] = "Choose at least one table."
    if not request.fields.get(Field.REASON, "").strip():
        wrong[str(Field.REASON)] = "Say why: others read it before they sign."
    if request.fields.get(Field.TYPED, "").strip() != request.private:
        wrong[str(Field.TYPED)] = f"That is not {request.private}. Type it as it stands there."
    return Errors(wrong) if wrong else Show(views.looking("Making the plan"))


@_tables.handle
def bring_back(request: Request, desk: Desk) -> Reply:
    """Have it signed."""
    services = desk.backstop.services
    delta = deltas.get(services.settings.folder, request.private)
    chosen = request.fields.get(Field.TABLES, "").split(",")
    named = {salvage_views.chosen_as(table.name): table.name for table in delta.tables}
    tables = [named.get(each, each) for each in chosen]
    plan = salvage.plan(services, delta, tables, request.fields.get(Field.REASON, ""))
    begun = asking.ask(desk.backstop, request.person, plan, id=request.operation_id)
    said = views.begun(services.target("production"), desk.settings.slack.engineering) if begun.started else asked(desk, begun.approval)
    return Reply(view=in_window(dict(said), TITLE, Window.ANSWER), message=said)


# -- after it ----------------------------------------------------------------------------------------------------------------


@_problem.answer
def problem_window(request: Request) -> Answer:
    """A window at once: nothing has to be looked up."""
    return Show(restored_views.problem(request.value)) if request.in_window else Open(restored_views.problem(request.value))


@_problem.handle
def opened(_request: Request, _desk: Desk) -> Reply:
    """It is open already."""
    return Reply()


@_report.handle
def hand_over_report(request: Request, desk: Desk) -> Reply:
    """The whole report as a file: made of rows, so that it is there whatever became of the one on the disk.

    Raises:
        Refused: there is none.
    """
    view = desk.backstop.journal.get(request.value)
    if view is None or view.kind != restore.PRODUCTION:
        raise Refused("There is no such report.", "`/ops log` shows what was done.")
    text, name = watch.report(desk.backstop.services, request.value), reports.place(desk.settings.folder, request.value).name
    file = Picture(name=name, title="The incident report", alt="The incident report as Markdown", content=text.encode())
    return Reply(picture=lambda: file)


@_reported.answer
def check_words(request: Request) -> Answer:
    """Something must be said."""
    return Show(looking()) if request.fields.get(Field.REASON, "").strip() else Errors({Field.REASON: "Say what you see."})


@_reported.handle
def report(request: Request, desk: Desk) -> Reply:
    """A task, and the channel of incidents hears it."""
    text, journal = request.fields.get(Field.REASON, ""), desk.backstop.journal
    watch.report_problem(desk.backstop, request.private, request.person.id, text, id=request.operation_id)
    view = journal.get(request.private)
    if view is not None:
        desk.say(f"problem-{request.operation_id}", desk.settings.slack.incidents, restored_views.reported(view, request.person.id, text))
    return shown(request, message("Reported: #incidents was told, and it is a task until somebody closes it."))
