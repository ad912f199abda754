"""What time brings: approvals expire and are reminded of, what stands too long nags, who waits is told, incidents are kept informed.

Everything is decided from rows and said under a key that names it, so a restart catches up and two bots say it once.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.desk import Desk
from bot.listeners import signing
from bot.repeating import Repeating
from bot.views import alerts as alert_views
from bot.views import approval as views
from bot.views import restored as restored_views
from bot.views import standing as standing_views
from bot.views.blocks import message
from ops import alerts, approvals, metrics, outside, restore, rollback, standing, tasks, waiting, watch
from ops.approvals import Approval, Due, Status
from ops.approvals.policy import only_asker, signers
from ops.database import Looks
from ops.errors import Refused
from ops.journal import OperationView

log = logging.getLogger(__name__)

EVERY = 3.0  # seconds
LONGEST = 12.0  # seconds between two looks where nobody writes anything
FOLLOWING = 30.0  # seconds between two looks at operations of which the journal reports no change
OBSERVING = 1800.0  # seconds between two looks at what may have been changed by hand
OVERLAP = timedelta(seconds=10)  # two machines' clocks may differ by this much
CATCH_UP = timedelta(days=1)  # after which a time that was missed is left to the next
HALTED_NAG = timedelta(hours=1)
LATE = 2.0  # times the usual duration after which a rollback is late
LATELY = timedelta(days=1)  # what ended longer ago is no news


class Timer:
    """Looks every few seconds, in a thread."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._engine = desk, desk.backstop.engine
        self._looked = datetime.now(UTC) - LATELY
        self._followed_at, self._observed_at = -FOLLOWING, -OBSERVING
        self._repeating = Repeating("timer", self.look, EVERY, Looks(desk.writes, LONGEST).is_due)

    def open(self) -> None:
        """Begin; what a stop missed is caught up at once."""
        self._repeating.open()

    async def close(self) -> None:
        """End."""
        await self._repeating.close()

    def look(self) -> None:
        """One look at everything."""
        now = datetime.now(UTC)
        changed = self._has_changed()
        self._follow_approvals(now)
        self._observe()
        self._tell_who_waits()
        if changed:
            self._nag(now)
            self._close_reminders(now)
            self._close_nags(now)
            self._inform_incidents(now)
            self._follow_restores(now)

    def _has_changed(self) -> bool:
        """Whether an operation moved since the last look; also now and then, for what time alone makes due."""
        due = time.monotonic() - self._followed_at >= FOLLOWING
        if due or self._desk.backstop.journal.changed_since(self._looked - OVERLAP):
            self._followed_at = time.monotonic()
            return True
        return False

    # -- approvals ---------------------------------------------------------------------------------------------------------

    def _follow_approvals(self, now: datetime) -> None:
        """Cards of what waits, since their glass may be broken from some minute on; and of what was decided elsewhere."""
        since = self._looked - OVERLAP
        moving = approvals.moving(self._engine, since)
        self._looked = now
        if any(each.status is Status.PENDING and each.expires_at and each.expires_at <= now for each in moving):
            approvals.expire(self._engine, now)
            moving = approvals.moving(self._engine, since)
        for each in moving:
            signing.draw(self._desk, each)
            if each.status not in {Status.PENDING, Status.APPROVED}:
                self._tell_asker(each)
        for due in approvals.due(moving, now, self._desk.settings):
            self._remind(due, now)

    def _tell_asker(self, each: Approval) -> None:
        """Whoever asked hears how it ended, in person."""
        if each.requested_by.startswith(("U", "W")):
            decided = views.card(each, (), datetime.now(UTC), glass=False, allow_self=False)
            self._desk.say(f"asker-{each.id}", each.requested_by, message(str(decided["text"])))

    def _remind(self, due: Due, now: datetime) -> None:
        """In the card's thread: the approvers again, or the stand-ins for the first time."""
        each, settings = due.approval, self._desk.settings
        parent = signing.key(each)
        if due.what == "remind":
            said = views.reminder(each, signers(each.requested_by, each.role, settings), now)
            self._desk.say(f"{parent}-remind-{due.turn}", settings.slack.incidents, said, thread_of=parent)
            approvals.note_reminded(self._engine, each.id, due.turn)
        else:
            said = views.stand_ins(
                each, settings.approvals.stand_ins - {each.requested_by}, own=only_asker(each.requested_by, each.role, settings)
            )
            self._desk.say(f"{parent}-stand-ins", settings.slack.incidents, said, thread_of=parent)
            approvals.note_stand_ins_told(self._engine, each.id, now)

    # -- what stands, and who waits ----------------------------------------------------------------------------------------

    def _nag(self, now: datetime) -> None:
        """Forgotten states (X11): what stands, tasks, halted operations; by night only what keeps production away."""
        slack, night = self._desk.settings.slack, alerts.at_night(self._desk.settings, now)
        running = {view.id for view in self._desk.backstop.journal.running() if view.status == "running"}  # it will end what it began
        left = [each for each in standing.all_of(self._engine) if each.operation_id not in running]
        stands = [each for each in left if each.keeps_production_away or not night]
        for each, turn in standing.overdue(stands, now):
            after = f"{int(each.until.timestamp())}-" if each.until else ""
            self._desk.once(f"nag-{each.id}-{after}{turn}", slack.incidents, standing_views.nag(each, now))
        for task, turn in () if night else tasks.overdue(tasks.open_ones(self._engine), now):
            self._desk.once(f"task-{task.id}-{turn}", slack.incidents, views.task(task, turn=turn))
        for view in self._desk.backstop.journal.running():
            since = view.halted_at
            if since and (turn := (now - since) // HALTED_NAG):
                self._desk.once(f"halted-{view.id}-{int(since.timestamp())}-{turn}", slack.incidents, standing_views.halted_nag(view, now))

    def _close_reminders(self, now: datetime) -> None:
        """What asked for a decision that was made: its task is over, and nothing of its posts can be pressed any more."""
        desk, journal = self._desk, self._desk.backstop.journal
        decided = [view for view in journal.recent(20) if view.halted_at is None and (view.finished_at or now) > now - LATELY]
        for task in tasks.open_ones(self._engine):
            view = journal.get(task.about) if task.kind == tasks.HANDED and task.about else None
            if view is not None and view.halted_at is None:
                with suppress(Refused):  # another bot was faster
                    tasks.close(self._engine, task.id, by="Backstop", how="somebody has decided")
        for key in (key for view in decided for sort in ("halted", "handed") for key in desk.posts.keys(f"{sort}-{view.id}-")):
            if (said := self._pressed(key)) is not None:
                desk.say(key, desk.settings.slack.incidents, standing_views.answered(said))

    def _close_nags(self, now: datetime) -> None:
        """What asked about something that stood, or was to be done, says that it is over."""
        posts, since = self._desk.posts, now - LATELY
        over = [
            (key, standing_views.over(each))
            for each in standing.ended_since(self._engine, since)
            for key in (*posts.keys(f"nag-{each.id}-"), f"found-{each.id}")
        ]
        over += [(key, views.task_over(task)) for task in tasks.closed_since(self._engine, since) for key in posts.keys(f"task-{task.id}-")]
        for key, said in over:
            if self._pressed(key) is not None:
                self._desk.say(key, self._desk.settings.slack.incidents, said)

    def _pressed(self, key: str) -> Mapping[str, Any] | None:
        """What a post says, if there is something on it that can be pressed."""
        said = self._desk.posts.wanted(key)
        return said if said and any(block["type"] == "actions" for block in said["blocks"]) else None

    def _observe(self) -> None:
        """Now and then, what somebody did at Vercel or Convex by hand; App Home follows by itself."""
        if time.monotonic() - self._observed_at < OBSERVING:
            return
        self._observed_at = time.monotonic()
        found, unknown = outside.observe(self._desk.backstop)
        for why in unknown:
            log.warning("whether production is as it was left could not be looked at: %s", why)
        for what in sorted(found.begun):
            each = standing.current(self._engine, what, outside.ENVIRONMENT)
            if each:
                self._desk.say(f"found-{each.id}", self._desk.settings.slack.incidents, standing_views.found(each))

    def _tell_who_waits(self) -> None:
        """Each once, when the environment is free."""
        for environment, person, since in waiting.due(self._engine):
            target = self._desk.backstop.services.target(environment)
            self._desk.say(f"free-{environment}-{person}-{int(since.timestamp())}", person, standing_views.free(target))
            waiting.told(self._engine, environment, person)

    # -- incidents ---------------------------------------------------------------------------------------------------------

    def _inform_incidents(self, now: datetime) -> None:
        """Rollbacks and restores of production: at the start, when one is late, and at the end."""
        for view in self._desk.backstop.journal.recent(20, kinds=(*rollback.KINDS, restore.PRODUCTION)):
            if (view.finished_at or now) > now - LATELY:
                self._inform(view, now)

    def _inform(self, view: OperationView, now: datetime) -> None:
        """What the channel of incidents hears of one."""
        channel, parent = self._desk.settings.slack.incidents, f"incident-{view.id}"
        known, data = metrics.usual_seconds(self._desk.backstop.journal, view.kind), bool(view.params["bound"]["data"])
        usual = known or (rollback.seconds((), data=data) if view.kind in rollback.KINDS else restore.UNKNOWN_SECONDS)
        begun = (
            standing_views.incident_begun(view, known)
            if view.kind in rollback.KINDS
            else restored_views.in_progress(view, usual, self._desk.settings.docs)
        )
        self._desk.once(parent, channel, begun)
        if view.status == "running" and (now - view.created_at).total_seconds() > LATE * usual:
            self._desk.once(f"{parent}-late", channel, standing_views.delayed(view, now, usual, known=known is not None))
        turn = f"-{int(view.halted_at.timestamp())}" if view.halted_at else ""  # each halt is told
        for key in self._desk.posts.keys(f"{parent}-halted-"):
            if key != f"{parent}-halted{turn}":
                self._desk.say(key, channel, standing_views.decided(view))
        if view.status != "running":
            said = standing_views.incident_over(view)
            called = alert_views.calling(said, self._desk.settings.roles) if view.halted_at else said
            self._desk.once(f"{parent}-{view.status}{turn}", channel, called)

    def _follow_restores(self, now: datetime) -> None:
        """After a restore: the watch, and the report in the thread, once more when the watch is over."""
        journal = self._desk.backstop.journal
        for done in watch.due(journal):
            watch.begin(journal, done)
        for view in journal.recent(5, kinds=(restore.PRODUCTION,)):
            if view.status == "succeeded" and self._is_news(view, now):
                said = restored_views.report(view.id, watch.report(self._desk.backstop.services, view.id))
                self._desk.say(f"report-{view.id}", self._desk.settings.slack.incidents, said, thread_of=f"incident-{view.id}")

    def _is_news(self, done: OperationView, now: datetime) -> bool:
        """Whether a restore ended lately; or, where the channel knows of it, its watch, which a stop may have put off."""
        seen = self._desk.backstop.journal.get(watch.id_of(done.id))
        if seen and seen.finished_at and seen.finished_at > now - LATELY:
            return self._desk.posts.wanted_at(f"incident-{done.id}") is not None
        return bool(done.finished_at and done.finished_at > now - LATELY)
