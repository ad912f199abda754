"""What is begun or posted when its time has come: the automated backups (B2) and how the backups stand, day by day.

APScheduler only calls; what is due is decided from the settings and from rows, and each moment has its own key. So a restart
catches up, two bots do it once, and a clock that steps does nothing twice.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot import alerting, checklisting, posting, witness
from bot.alerting import Outgoing
from bot.automating import Automated
from bot.desk import Desk
from bot.repeating import Repeating
from bot.views import branches as branch_views
from bot.views import outlook as outlook_views
from bot.views.blocks import message
from ops import activity, automated, old_branches, outlook, schedules, staging, verification
from ops.alerts import canary
from ops.checklists import MONTHLY, WEEKLY
from ops.database import Looks
from ops.errors import OpsError, Refused
from ops.journal import Busy, Status

log = logging.getLogger(__name__)

EVERY = 15.0  # seconds
JOB = "look"
LONGEST = 40.0  # between two looks at what is wrong, where nobody writes anything
SOON = 2.0  # seconds after an operation changed, in which more may
VERIFYING = timedelta(hours=6)  # between two looks at the whole activity log
UNKNOWN_AGAIN = timedelta(minutes=15)  # after which it is looked at again where Slack did not say what was posted of it
CATCH_UP = {"health": timedelta(days=1), "retention": timedelta(days=1), WEEKLY: timedelta(days=6), MONTHLY: timedelta(days=27)}
"""Until when what was missed is caught up, late: after that the next one is near."""


class Schedule:
    """Looks every few seconds, in a thread, one look at a time."""

    def __init__(self, desk: Desk, outgoing: Outgoing) -> None:
        self._desk, self._outgoing, self._began = desk, outgoing, datetime.now(UTC)
        self._automated = Automated(desk.backstop, desk.posts.last_wanted(), self._began)
        self._first: datetime | None = None  # line of the activity log
        self._verified: datetime | None = None
        self._problems: tuple[str, ...] | None = None  # of the log, that no alert has told yet; None: it was not looked at since
        self._witnessed = True  # Slack said, when the log was last looked at, what was posted of it
        self._branches: datetime | None = None  # the moment for which they were looked at
        self._aside = Repeating("old branches", self._look_aside, EVERY)
        self._looks = Looks(desk.writes, LONGEST)
        self._loop = asyncio.get_running_loop()
        self._waking: asyncio.TimerHandle | None = None
        self._looking: asyncio.Task[None] | None = None
        self._quiet: datetime | None = None  # the moment at which retention had nothing to say
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        self._keeping: asyncio.TimerHandle | None = None

    def open(self) -> None:
        """Begin; what a stop missed is caught up at once."""
        self._scheduler.add_job(
            self._begin, "interval", id=JOB, seconds=EVERY, next_run_time=datetime.now(UTC), coalesce=True, misfire_grace_time=None
        )
        self._scheduler.start()
        self._keep_turning()
        self._aside.open()

    def _keep_turning(self) -> None:
        """APScheduler's next turn is a time of the clock: once that was set back it would be away for as long."""
        job = self._scheduler.get_job(JOB)
        if job is not None and job.next_run_time - datetime.now(UTC) > timedelta(seconds=2 * EVERY):
            job.modify(next_run_time=datetime.now(UTC))
        self._keeping = self._loop.call_later(EVERY, self._keep_turning)

    async def close(self) -> None:
        """End once the look that was begun is over: APScheduler would cancel its own, and log that as a crash."""
        await self._aside.close()
        self._scheduler.remove_all_jobs()
        for each in (self._waking, self._keeping):
            if each:
                each.cancel()
        await asyncio.sleep(0)  # a job that is due in this very moment only begins a look
        self._scheduler.shutdown(wait=False)
        if self._looking:
            await self._looking

    def changed(self, _operation_id: str) -> None:
        """An operation changed: what it means is told soon, not at the next turn. From any thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        """Look in a moment, once for all that changes until then."""
        if self._waking is None and self._scheduler.running:
            self._waking = self._loop.call_later(SOON, self._woken)

    def _woken(self) -> None:
        """The moment has come."""
        self._waking = None
        if self._scheduler.running:
            self._start()

    async def _begin(self) -> None:
        """The turn has come."""
        self._start()

    def _start(self) -> None:
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
        """One look at everything, the backups and the alerts first: a defect in one part keeps no other from being done."""
        now = datetime.now(UTC)
        done = [_do(part, now) for part in (self._begin_backup, self._note_missed, self._verify_log, self._look_what_is_wrong)]
        if all(done):
            self._outgoing.looked = time.monotonic()  # else the heartbeat ends, and whoever waits for it hears of the defect
        posts = (self._post_health, self._post_retention, self._make_checklists, self._follow_checklists, self._post_digest)
        for part in (self._verify_weekly, self._test_alerts, *posts):
            _do(part, now)

    def _look_aside(self) -> None:
        """What asks git, which may hang for minutes: no alert waits for that."""
        _do(self._list_branches, datetime.now(UTC))

    def _begin_backup(self, now: datetime) -> None:
        """The automated one that is due."""
        self._automated.begin(self._since(now), now)

    def _note_missed(self, now: datetime) -> None:
        """Automated backups that never came."""
        self._automated.note(self._since(now), now)

    def _look_what_is_wrong(self, now: datetime) -> None:
        """The alerts; what was found wrong with the log stays until they were told of it."""
        if self._looks.is_due() or self._automated.late or self._problems is not None:
            self._look_at_once(now)

    def _look_at_once(self, now: datetime) -> None:
        """The same, whether or not anything was written."""
        alerting.look(self._desk, now, began=self._began, late=self._automated.late, problems=self._problems)
        self._problems = None

    def _follow_checklists(self, now: datetime) -> None:
        """Those that are not over."""
        checklisting.follow(self._desk, now)

    def _verify_log(self, now: datetime) -> None:
        """What is wrong with the activity log, if that is known: now and then, as all of it is read, or once somebody found something."""
        doubted = self._desk.log_in_doubt.is_set()
        if not doubted and schedules.within(VERIFYING if self._witnessed else UNKNOWN_AGAIN, self._verified, now):
            return
        self._desk.log_in_doubt.clear()
        looked = witness.look(self._desk.backstop.engine, self._desk.witness)
        self._verified, self._witnessed, self._problems = now, looked.posted is not None, looked.known

    def _test_alerts(self, now: datetime) -> None:
        """Every week, where an alert would go beside Slack."""
        if moment := self._moment(WEEKLY, self._desk.settings.schedule.weekly, now):
            canary.send(self._desk.backstop, moment, now)

    def _verify_weekly(self, now: datetime) -> None:
        """What the week's verification is due for, once for each date (B14)."""
        backstop, moment = self._desk.backstop, self._moment(WEEKLY, self._desk.settings.schedule.weekly, now)
        if not moment or not staging.configured(backstop.services):
            return
        operation_id, begun = automated.begun(backstop.journal, f"verification-{moment:%Y-%m-%d}", now)
        if begun is not None:
            return
        try:
            verification.start(backstop.journal, backstop.services, "", verification.WHO, id=operation_id, now=now)
        except Busy:
            return  # staging is in use: the next look tries again
        except Refused as refused:
            words = f"The weekly verification did not begin: {refused.message} {refused.remedy}"
            self._desk.once(f"{operation_id}-refused", self._desk.settings.slack.incidents, message(f":warning: {words}"))

    def _make_checklists(self, now: datetime) -> None:
        """Once for each date."""
        for kind in (WEEKLY, MONTHLY):
            moment = self._moment(kind, getattr(self._desk.settings.schedule, kind), now)
            if moment and self._desk.posts.wanted_at(f"{kind}-{moment:%Y-%m-%d}") is None:
                checklisting.begin(self._desk, kind, moment, now, late=_late(moment, now) is not None)

    def _post_health(self, now: datetime) -> None:
        """Once for each date; red goes to the channel of incidents too."""
        moment = self._due("health", self._desk.settings.schedule.health, now)
        if moment is None:
            return
        named = automated.operation_id(automated.last(self._desk.backstop, now))
        _, taking = automated.begun(self._desk.backstop.journal, named, now)
        if taking is not None and taking.status is Status.RUNNING:
            return  # in a minute there is more to say
        self._look_at_once(now)  # what has failed since this look began is red
        posting.health(self._desk, self._key("health", moment, now), now, late_since=_late(moment, now))

    def _post_retention(self, now: datetime) -> None:
        """Once for each date, if there is something to say."""
        moment = self._due("retention", self._desk.settings.schedule.retention, now)
        if moment is None or moment == self._quiet:
            return
        found = outlook.of(self._desk.backstop, now)
        if not found.says_something:
            self._quiet = moment
            return
        said = outlook_views.outlook(found, late_since=_late(moment, now))
        posting.say(self._desk, self._key("retention", moment, now), said, red=found.over)

    def _list_branches(self, now: datetime) -> None:
        """Every week the branches that were merged long ago, if there are any (B16)."""
        moment = self._moment(WEEKLY, self._desk.settings.schedule.weekly, now)
        key = self._key("branches", moment, now) if moment else ""
        if not moment or moment == self._branches or self._desk.posts.wanted_at(key) is not None:
            return
        try:
            found = old_branches.find(self._desk.backstop, now)
        except OpsError as error:
            log.info("the old branches could not be listed; trying again: %s", error.message)
            return
        self._branches = moment
        if found:
            said = branch_views.listing(found, self._desk.settings.app.source_branch, late_since=_late(moment, now))
            self._desk.say(key, self._desk.settings.slack.engineering, said)

    def _post_digest(self, now: datetime) -> None:
        """Every week, the figures beside the last week's; the week ends when the post is due, also where it comes late."""
        moment = self._moment(WEEKLY, self._desk.settings.schedule.weekly, now)
        key = self._key("digest", moment, now) if moment else ""
        if moment and self._desk.posts.wanted_at(key) is None:
            said = posting.digest(self._desk, moment.astimezone(UTC), late_since=_late(moment, now))
            self._desk.say(key, self._desk.settings.slack.engineering, said)

    def _due(self, name: str, schedule: str, now: datetime) -> datetime | None:
        """The moment of a post that is due and not posted yet."""
        moment = self._moment(name, schedule, now)
        return moment if moment and self._desk.posts.wanted_at(self._key(name, moment, now)) is None else None

    def _key(self, name: str, moment: datetime, now: datetime) -> str:
        """Of the post of a date; what a clock posted that was ahead was not that date's."""
        key = f"{name}-{moment:%Y-%m-%d}"
        at = self._desk.posts.wanted_at(key)
        return f"{key}-again" if at is not None and schedules.is_ahead(at, now) else key

    def _moment(self, name: str, schedule: str, now: datetime) -> datetime | None:
        """The last moment at which something was due, if it is not too long ago, nor from before anything was done here."""
        moment = schedules.latest(schedule, self._desk.settings.team.zoneinfo, now)
        return moment if moment >= self._since(now) and now - moment <= CATCH_UP[name] else None

    def _since(self, now: datetime) -> datetime:
        """From when on something can be due: a new installation begins with nothing that was missed."""
        if self._first is None:
            self._first = activity.begun(self._desk.backstop.engine, now)
        return min(self._began, self._first or self._began)


def _do(part: Callable[[datetime], None], now: datetime) -> bool:
    """Do one part of a look; whether it could be done. What could not is tried again at the next look."""
    try:
        part(now)
    except Exception:
        log.exception("defect: what is due could not be done; trying again at the next look")
        return False
    return True


def _late(moment: datetime, now: datetime) -> datetime | None:
    """When it was due, where it comes late."""
    return moment if now - moment > automated.PUNCTUAL else None
