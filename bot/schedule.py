"""What is begun or posted when its time has come: the automated backups (B2) and how the backups stand, day by day.

APScheduler only calls; what is due is decided from the settings and from rows, and each moment has its own key. So a restart
catches up, two bots do it once, and a clock that steps does nothing twice.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.desk import Desk
from bot.registry import Message
from bot.views import health as views
from bot.views import outlook as outlook_views
from ops import activity, automated, health, outlook, schedules
from ops.automated import Missing
from ops.journal import Status

log = logging.getLogger(__name__)

EVERY = 15.0  # seconds
TOLD_FOR = timedelta(days=2)  # in which an alert's thread hears of its end
CATCH_UP = timedelta(days=1)  # after which a post that was missed is left to the next


class Schedule:
    """Looks every few seconds, in a thread, one look at a time."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._began = desk, datetime.now(UTC)
        self._looking: asyncio.Task[None] | None = None
        self._quiet: datetime | None = None  # the moment at which retention had nothing to say
        self._scheduler = AsyncIOScheduler(timezone=UTC)

    def open(self) -> None:
        """Begin; what a stop missed is caught up at once."""
        self._scheduler.add_job(
            self._begin, "interval", seconds=EVERY, next_run_time=datetime.now(UTC), coalesce=True, misfire_grace_time=None
        )
        self._scheduler.start()

    async def close(self) -> None:
        """End once the look that was begun is over: APScheduler would cancel its own, and log that as a crash."""
        self._scheduler.remove_all_jobs()
        await asyncio.sleep(0)  # a job that is due in this very moment only begins a look
        self._scheduler.shutdown(wait=False)
        if self._looking:
            await self._looking

    async def _begin(self) -> None:
        """Begin a look, unless one is under way."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(), name="schedule")

    async def _look(self) -> None:
        """Look; whatever goes wrong, the next look may succeed."""
        try:
            await asyncio.to_thread(self.look)
        except Exception:
            log.exception("the schedule's look failed; trying again")

    def look(self) -> None:
        """One look at everything."""
        now = datetime.now(UTC)
        late = automated.begin(self._desk.backstop, self._began, now)
        for each in [*([late] if late else []), *automated.missing(self._desk.backstop.journal.recent(10, kinds=("full backup",)), now)]:
            self._tell_missing(each)
        self._tell_of_return(now)
        self._post_health(now)
        self._post_retention(now)

    def _tell_missing(self, each: Missing) -> None:
        """Both channels hear of it once, and once more when it began in the end and then failed."""
        backstop, slack = self._desk.backstop, self._desk.settings.slack
        key = f"missing-{'late-' if each.again else ''}{each.id}"
        if self._desk.posts.wanted_at(key) is None:
            said = views.missing(each, health.of(backstop, datetime.now(UTC)))
            self._desk.say(f"{key}-engineering", slack.engineering, said)
            self._desk.say(key, slack.incidents, said)

    def _tell_of_return(self, now: datetime) -> None:
        """In the alerts' threads: there is a good full backup again."""
        newest = next((each for each in self._desk.backstop.catalogue.all() if each.type == "full" and each.good), None)
        lately = self._desk.backstop.journal.recent(10, kinds=("full backup",))
        if newest is None:
            return
        before = [each for each in lately if automated.is_automated(each) and now - TOLD_FOR < each.created_at < newest.timestamp]
        for view in before:
            for key in (f"missing-{view.id}", f"missing-late-{view.id}"):
                if self._desk.posts.wanted_at(key):
                    self._desk.once(f"{key}-over", self._desk.settings.slack.incidents, views.returned(newest), thread_of=key)

    def _post_health(self, now: datetime) -> None:
        """Once for each date; red goes to the channel of incidents too."""
        moment = self._due("health", self._desk.settings.schedule.health, now)
        if moment is None:
            return
        taking = self._desk.backstop.journal.get(automated.operation_id(automated.last(self._desk.backstop, now)))
        if taking is not None and taking.status is Status.RUNNING:
            return  # in a minute there is more to say
        found = health.of(self._desk.backstop, now)
        self._post("health", moment, views.health(found, late_since=_late(moment, now)), red=bool(found.red))

    def _post_retention(self, now: datetime) -> None:
        """Once for each date, if there is something to say."""
        moment = self._due("retention", self._desk.settings.schedule.retention, now)
        if moment is None or moment == self._quiet:
            return
        found = outlook.of(self._desk.backstop, now)
        if not found.says_something:
            self._quiet = moment
            return
        self._post("retention", moment, outlook_views.outlook(found, late_since=_late(moment, now)), red=found.over)

    def _due(self, name: str, schedule: str, now: datetime) -> datetime | None:
        """The moment of a post that is due and not posted yet."""
        moment = schedules.latest(schedule, self._desk.settings.team.zoneinfo, now)
        since = min(self._began, activity.begun(self._desk.backstop.engine) or self._began)
        if moment < since or now - moment > CATCH_UP or self._desk.posts.wanted_at(f"{name}-{moment:%Y-%m-%d}"):
            return None
        return moment

    def _post(self, name: str, moment: datetime, said: Message, *, red: bool) -> None:
        """In its channel; what is red in the channel of incidents first."""
        key, slack = f"{name}-{moment:%Y-%m-%d}", self._desk.settings.slack
        if red:
            self._desk.say(f"{key}-red", slack.incidents, said)
        self._desk.say(key, slack.engineering, said)


def _late(moment: datetime, now: datetime) -> datetime | None:
    """When it was due, where it comes late."""
    return moment if now - moment > automated.PUNCTUAL else None
