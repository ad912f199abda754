"""Alerts: take one in hand, keep it quiet, say that it is over, say where a test arrived, list what is open."""

from __future__ import annotations

from datetime import UTC, datetime

from bot import alerting
from bot.desk import Desk
from bot.listeners.windows import at_once, shown
from bot.registry import Answer, Errors, Open, Reply, Show, action, command, submission
from bot.requests import Request
from bot.views import alerts as views
from bot.views.actions import Action, Field, Window
from bot.views.backup import looking
from ops import alerts
from ops.alerts import Alert, canary
from ops.people import NotAllowed, Right, Role

_list = command("/ops", "alerts", needs=Right.LOOK)
_list_button = action(Action.ALERTS, needs=Right.LOOK)
_take = action(Action.ALERT_ACKNOWLEDGE, needs=Right.TAKE, stored=True)
_snooze = action(Action.ALERT_SNOOZE, needs=Right.SETTLE)
_snoozed = submission(Window.ALERT_SNOOZE, needs=Right.SETTLE, stored=True)
_close = action(Action.ALERT_CLOSE, needs=Right.SETTLE)
_closed = submission(Window.ALERT_CLOSE, needs=Right.SETTLE, stored=True)
_arrived = action(Action.ALERT_ARRIVED, needs=Right.TAKE)
_answered = submission(Window.ALERT_ARRIVED, needs=Right.TAKE, stored=True)


@_list.handle
def listing(_request: Request, desk: Desk) -> Reply:
    """``/ops alerts``."""
    return Reply(message=views.listing(alerts.open_ones(desk.backstop.engine), desk.backstop.services.target("production")))


@_list_button.answer
@_take.answer
def look(request: Request) -> Answer:
    """Over Home a window at once."""
    return at_once(request)


@_list_button.handle
def listing_clicked(request: Request, desk: Desk) -> Reply:
    """The button of the same meaning."""
    return shown(request, views.listing(alerts.open_ones(desk.backstop.engine), desk.backstop.services.target("production")))


@_take.handle
def take(request: Request, desk: Desk) -> Reply:
    """Somebody has it in hand: nobody else needs to be told as often."""
    told = alerts.tell_change(desk.settings, datetime.now(UTC))
    found = alerts.acknowledge(desk.backstop.engine, request.value, by=request.person.id, tell=told)
    alerting.show(desk, found)
    return shown(request, views.done(found, "You have it in hand: the card says so."))


@_snooze.answer
@_close.answer
@_arrived.answer
def open_window(_request: Request) -> Answer:
    """A window at once."""
    return Open(looking())


@_snooze.handle
def ask_how_long(request: Request, desk: Desk) -> Reply:
    """For how long, and why."""
    return Reply(view=views.snooze_window(alerts.get_open(desk.backstop.engine, request.value)))


@_close.handle
def ask_why(request: Request, desk: Desk) -> Reply:
    """Why it is over."""
    return Reply(view=views.close_window(_to_end(request.value, request, desk)))


@_arrived.handle
def ask_where(request: Request, desk: Desk) -> Reply:
    """Where it arrived."""
    return Reply(view=views.arrived_window(alerts.get_open(desk.backstop.engine, request.value), canary.expected(desk.settings)))


@_snoozed.answer
@_closed.answer
def check(request: Request) -> Answer:
    """Something must be said."""
    return Show(looking()) if request.fields.get(Field.REASON, "").strip() else Errors({Field.REASON: "Say it in a few words."})


@_answered.answer
def wait(_request: Request) -> Answer:
    """The same window, until it is written down."""
    return Show(looking())


@_snoozed.handle
def snooze(request: Request, desk: Desk) -> Reply:
    """Keep it quiet."""
    hours = request.fields.get(Field.HOURS, "4")
    found = alerts.snooze(
        desk.backstop.engine,
        request.private,
        by=request.person.id,
        hours=float(hours) if hours.isascii() and hours.isdigit() else 0.0,
        why=request.fields.get(Field.REASON, ""),
        tell=alerts.tell_change(desk.settings, datetime.now(UTC)),
    )
    alerting.show(desk, found)
    return shown(request, views.done(found, "It is quiet now."))


@_closed.handle
def close(request: Request, desk: Desk) -> Reply:
    """A person's word that it is over."""
    _to_end(request.private, request, desk)
    why, told = request.fields.get(Field.REASON, ""), alerts.tell_change(desk.settings, datetime.now(UTC))
    found = alerts.close(desk.backstop.engine, request.private, by=request.person.id, why=why, tell=told)
    alerting.show(desk, found)
    return shown(request, views.done(found, "It is over: everybody who heard of it hears that too."))


@_answered.handle
def answered(request: Request, desk: Desk) -> Reply:
    """Where the test arrived, and where not."""
    arrived = [each for each in request.fields.get(Field.CHANNELS, "").split(",") if each]
    found = canary.answer(desk.backstop, request.private, arrived, by=request.person.id, now=datetime.now(UTC))
    alerting.show(desk, found)
    lacking = found.unheard["lacking"] if found.is_open and found.unheard else ()
    words = f"Noted: it did not arrive by {' and '.join(lacking)}. That is an alert now" if lacking else "Noted: alerts reach you"
    return shown(request, views.done(found, f"{words}."))


def _to_end(alert_id: str, request: Request, desk: Desk) -> Alert:
    """An alert that this person may end.

    Raises:
        Refused: it is over.
        NotAllowed: it is about the log, which counts from there on, and they are no CTO.
    """
    found = alerts.get_open(desk.backstop.engine, alert_id)
    if found.is_about_log and Role.CTO not in request.person.roles:
        raise NotAllowed("Only a CTO ends an alert about the log.", "The log counts from there on. Take it in hand, or ask a CTO.")
    return found
