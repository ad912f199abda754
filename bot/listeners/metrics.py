"""Metrics: the figures of some days, as a table and a picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from bot import pictures
from bot.desk import Desk
from bot.listeners.windows import at_once, shown
from bot.pictures import Picture
from bot.registry import Answer, Reply, action, command
from bot.requests import Request
from bot.views import metrics as views
from bot.views.actions import Action
from ops import metrics
from ops.errors import Refused
from ops.metrics import Figures
from ops.people import Right

_command = command("/ops", "metrics", needs=Right.LOOK)
_button = action(Action.METRICS, needs=Right.LOOK)


@_command.handle
def show(request: Request, desk: Desk) -> Reply:
    """``/ops metrics [days]``."""
    found = _measured(desk, days(" ".join(request.words)) if request.words else metrics.DAYS)
    return Reply(message=views.metrics(found, desk.settings, _target(desk)), picture=_picture(found, desk))


@_button.answer
def look(request: Request) -> Answer:
    """Over Home a window at once."""
    return at_once(request)


@_button.handle
def show_clicked(request: Request, desk: Desk) -> Reply:
    """The button of the same meaning."""
    found = _measured(desk, metrics.DAYS)
    said = views.metrics(found, desk.settings, _target(desk), in_lines=bool(request.view_type))
    return replace(shown(request, said), picture=_picture(found, desk))


def days(typed: str) -> int:
    """How many days were typed.

    Raises:
        Refused: it is no number of days.
    """
    if not (typed.isascii() and typed.isdigit() and len(typed) < 5 and 1 <= int(typed) <= metrics.MOST_DAYS):
        raise Refused(f"“{typed[:20]}” is no number of days from 1 to {metrics.MOST_DAYS}.", "`/ops metrics 30` shows the last thirty.")
    return int(typed)


def _measured(desk: Desk, span: int) -> Figures:
    """The figures of so many days."""
    return metrics.measure(desk.backstop, datetime.now(UTC), span)


def _target(desk: Desk) -> str:
    """What they are of."""
    return desk.backstop.services.target("production")


def _picture(found: Figures, desk: Desk) -> Callable[[], Picture] | None:
    """The trend; one point is none."""
    settings = desk.settings
    rto = settings.drill.rto_minutes * 60.0
    drawn = partial(pictures.trend, found, settings.backups.warn_at, rto, settings.state / "fonts")
    return drawn if len(found.sizes) > 1 else None
