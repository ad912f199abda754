"""The checklists' posts: made when they are due, kept up to date while something is left, nudged once when they are forgotten."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.desk import Desk
from bot.views import checklist as views
from bot.views.blocks import Message
from ops import alerts, checklists
from ops.checklists import MONTHLY, WEEKLY, Checklist

FOLLOWED = {WEEKLY: timedelta(days=7), MONTHLY: timedelta(days=31)}
"""For how long a list is kept up to date: until the next one comes."""


def begin(desk: Desk, kind: str, due: datetime, now: datetime, *, late: bool = False) -> Checklist:
    """Make the list of a moment, and post it; a second time it is the same post."""
    made = checklists.make(desk.backstop, kind, due, desk.members() if kind == MONTHLY else {}, late=late)
    found = checklists.of(desk.backstop, checklists.made(desk.backstop.engine, made), now)
    show(desk, found)
    return found


def again(desk: Desk, found: Checklist, turn: str) -> None:
    """Post it once more, where people look now; both are kept up to date."""
    desk.say(f"{found.id}-again-{turn}", desk.settings.slack.engineering, _drawn(desk, found))


def follow(desk: Desk, now: datetime) -> None:
    """Those that are not over yet: as they stand now."""
    for kind, span in FOLLOWED.items():
        for made in checklists.lately(desk.backstop.engine, kind, now - span)[:1]:
            found = checklists.of(desk.backstop, made, now)
            show(desk, found)
            _remind(desk, found, now)


def show(desk: Desk, found: Checklist) -> None:
    """Its posts, and in the first one's thread that all is done."""
    channel = desk.settings.slack.engineering
    for key in (found.id, *desk.posts.keys(f"{found.id}-again-")):
        desk.say(key, channel, _drawn(desk, found))
    if not found.left:
        desk.once(f"{found.id}-complete", channel, views.complete(found), thread_of=found.id)


def _drawn(desk: Desk, found: Checklist) -> Message:
    """As it stands."""
    quiet = alerts.at_night(desk.settings, datetime.now(UTC))  # a post that names people wakes them; an edit in the morning does not
    return views.checklist(found, desk.backstop.services.target("production"), quiet=quiet)


def _remind(desk: Desk, found: Checklist, now: datetime) -> None:
    """What is wrong goes to the channel of incidents, and that it is mended; what was forgotten is said once more."""
    target, slack = desk.backstop.services.target("production"), desk.settings.slack
    told = f"{found.id}-red"
    if wrong := found.red(now):
        desk.say(told, slack.incidents, views.red(found, target, wrong))
    elif desk.posts.wanted_at(told) is not None:
        desk.say(told, slack.incidents, views.mended(found, target))
        desk.once(f"{found.id}-mended", slack.incidents, views.mended(found, target), thread_of=told)  # an edit alone is heard by nobody
    if found.is_forgotten(now):
        desk.once(f"{found.id}-nudge", slack.engineering, views.nudge(found, target, now))
