"""Alerts on their way: the cards in Slack, what leaves by e-mail and to PagerDuty, and the dead man's switch.

What is wrong, and who hears of it, is decided in ``ops/alerts``; the schedule looks, this shows and delivers.
"""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import UTC, datetime, timedelta

from bot import unposted
from bot.desk import Desk
from bot.repeating import Repeating
from bot.views import alerts as views
from ops import alerts, automated, watch
from ops.alerts import Alert, Severity, outgoing
from ops.alerts.facts import BRINGS_BACK, UNPOSTED_FOR
from ops.alerts.of_alerting import CHANNEL, PLACE
from ops.automated import Missing
from ops.database import Looks
from ops.errors import OpsError
from ops.journal import OperationView, Status
from ops.schedules import within
from ops.services import pings

log = logging.getLogger(__name__)

EVERY = 3.0  # seconds between two looks for what is to be delivered
LONGEST = 6.0  # the same where nobody writes anything
HEARTBEAT = timedelta(minutes=1)
LATELY = timedelta(hours=2)  # in which a change of a card may have been missed
ITSELF = (f"alert-{CHANNEL}Slack", f"alert-{PLACE}")  # what says that Slack takes nothing is not what Slack does not take
_ENDS = {Status.SUCCEEDED: "success", Status.FAILED: "fail", Status.REFUSED: "fail", Status.CANCELLED: "fail", Status.HALTED: "fail"}


def look(desk: Desk, now: datetime, *, began: datetime, late: Missing | None, problems: tuple[str, ...] | None) -> None:
    """Open and end alerts, and bring their cards up to date; ``began``: from when on what waits could be posted."""
    backstop = desk.backstop
    waiting = [each for each in desk.posts.unposted("alert-", now - UNPOSTED_FOR, ITSELF) if each.error or began < now - UNPOSTED_FOR]
    places = {desk.settings.slack.engineering, desk.settings.slack.incidents}
    slack, closed = unposted.broken(waiting, places), unposted.closed(waiting, places)
    alerts.look(backstop, alerts.gather(backstop, now, late=late, log=problems, slack=slack, closed=closed), now)
    shown = {each.id: each for each in (*alerts.changed_since(backstop.engine, now - LATELY), *alerts.open_ones(backstop.engine))}
    for each in shown.values():
        show(desk, each)
    if desk.settings.secrets.backup_ping_url is not None:
        for view in backstop.journal.recent(3, kinds=("full backup",)):
            _ping(desk, view)


def show(desk: Desk, each: Alert) -> None:
    """Its card in #engineering, at P0 also in #incidents, and in their threads what happened since."""
    slack, backstop = desk.settings.slack, desk.backstop
    about = backstop.journal.get(each.about) if each.about else None
    watched = about is not None and about.kind == watch.KIND
    about = backstop.journal.get(str(about.params["restore"])) if about and watched else about
    card = views.card(each, about, outgoing.told(backstop.engine, each.id), backstop.services.target("production"))
    closed = each.key == f"{PLACE}{slack.engineering}"  # which stands in the other channel
    places = {f"alert-{each.id}": slack.incidents if closed else slack.engineering}
    told_there = about is not None and about.kind in BRINGS_BACK and not watched  # by the operation's own post
    if each.severity is Severity.P0 and not told_there and slack.incidents not in places.values():
        places[f"alert-{each.id}-incidents"] = slack.incidents
    for key, channel in places.items():
        called = desk.settings.roles if channel == slack.incidents else None
        desk.say(key, channel, views.calling(card, called) if called and each.is_open else card)
        for turn, event in enumerate(each.events):
            said = views.event(each, event)
            wakes = called and event["what"] == "again" and not each.flaps
            desk.once(f"{key}-{turn}", channel, views.calling(said, called) if called and wakes else said, thread_of=key)


def _ping(desk: Desk, view: OperationView) -> None:
    """The backups' dead man's switch hears of an automated one."""
    if not automated.is_automated(view):
        return
    outgoing.want_ping(desk.backstop.engine, view.id, "start", "")
    if view.status in _ENDS:
        outgoing.want_ping(desk.backstop.engine, view.id, _ENDS[view.status], view.error or "a good full backup")


class Outgoing:
    """Delivers, each channel by itself: a mail server that hangs holds up neither a page nor the heartbeat."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._beaten: datetime | None = None
        self.looked: float | None = None
        """When the schedule last looked, in seconds that no setting of the clock changes: the heartbeat vouches for it."""
        self._loop = asyncio.get_running_loop()
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._all = [
            Repeating("outgoing", self._look, EVERY, Looks(desk.writes, LONGEST).is_due),
            Repeating("heartbeat", self._beat, EVERY),
        ]

    def open(self) -> None:
        """Begin; what a stop left is delivered at once."""
        for each in self._all:
            each.open()

    async def close(self) -> None:
        """End; what is left is delivered after the next start."""
        for each in self._all:
            await each.close()
        for task in self._under_way.values():
            task.cancel()

    def _look(self) -> None:
        """Begin with each channel that has something due. In a thread."""
        for channel in outgoing.waiting(self._desk.backstop.engine, datetime.now(UTC)):
            self._loop.call_soon_threadsafe(self._begin, channel)

    def _begin(self, channel: str) -> None:
        """Deliver, unless that is under way."""
        before = self._under_way.get(channel)
        if before is None or before.done():
            self._under_way[channel] = asyncio.create_task(self._deliver(channel), name=f"outgoing {channel}")

    async def _deliver(self, channel: str) -> None:
        """All that is due by one channel."""
        try:
            await asyncio.to_thread(alerts.deliver, self._desk.backstop.engine, self._desk.settings, channel)
        except Exception:
            log.exception("outgoing %s: the look failed; trying again", channel)

    def _beat(self) -> None:
        """Say that we are alive, if the schedule is looked at."""
        url, now = self._desk.settings.secrets.heartbeat_url, datetime.now(UTC)
        looks = self.looked is not None and time.monotonic() - self.looked < HEARTBEAT.total_seconds()
        if url is None or not looks or within(HEARTBEAT, self._beaten, now):
            return
        self._beaten = now
        try:
            pings.ping(url.get_secret_value(), "success")
        except OpsError as error:
            log.warning("the heartbeat was not taken: %s", error.message)
