"""What the schedule posts, now; whether the log is as it was written; evidence for an auditor."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial

from bot import checklisting, posting, witness
from bot.desk import Desk
from bot.pictures import Picture
from bot.posts import Unposted
from bot.registry import Reply, command
from bot.requests import Request
from bot.views import health as views
from bot.views import outlook as outlook_views
from bot.views.blocks import message, section
from bot.views.text import code
from ops import activity, evidence, outlook, schedules
from ops.checklists import MONTHLY, WEEKLY
from ops.errors import Refused
from ops.people import Right


def _health(desk: Desk, turn: str, now: datetime) -> tuple[str, ...]:
    """How the backups stand."""
    return posting.health(desk, f"health-{turn}", now)


def _retention(desk: Desk, turn: str, now: datetime) -> tuple[str, ...]:
    """What leaves, how full it is."""
    found = outlook.of(desk.backstop, now)
    return posting.say(desk, f"retention-{turn}", outlook_views.outlook(found), red=found.over)


def _digest(desk: Desk, turn: str, now: datetime) -> tuple[str, ...]:
    """The week in figures."""
    return posting.say(desk, f"digest-{turn}", posting.digest(desk, now))


def _checklist(kind: str, desk: Desk, turn: str, now: datetime) -> tuple[str, ...]:
    """This week's, or this month's; where it was posted already, once more."""
    due = schedules.latest(getattr(desk.settings.schedule, kind), desk.settings.team.zoneinfo, now)
    was_there = desk.posts.wanted_at(f"{kind}-{due:%Y-%m-%d}") is not None
    found = checklisting.begin(desk, kind, due, now)
    if was_there:
        checklisting.again(desk, found, turn)
    return (desk.settings.slack.engineering,)


POSTS: Mapping[str, Callable[[Desk, str, datetime], tuple[str, ...]]] = {
    "health": _health,
    "retention": _retention,
    WEEKLY: partial(_checklist, WEEKLY),
    MONTHLY: partial(_checklist, MONTHLY),
    "digest": _digest,
}
"""By the word that is typed; each says where it is to stand."""

PATIENCE, LOOK = 5.0, 0.1  # seconds for which it is waited that Slack takes it, and between two looks
AHEAD = timedelta(minutes=10)  # the database's clock may be before ours

_post = command("/ops", "post", needs=Right.TAKE, stored=True)
_verify = command("/ops", "verify-log", needs=Right.LOOK)
_evidence = command("/ops", "evidence", needs=Right.LOOK)


@_post.handle
def post(request: Request, desk: Desk) -> Reply:
    """``/ops post health|retention|weekly|monthly|digest``."""
    named = request.text.strip().lower()
    if named not in POSTS:
        wrong = f"There is no post “{request.text.strip()[:40]}”." if named else "Which post?"
        raise Refused(wrong, f"Those there are: {', '.join(f'`/ops post {each}`' for each in POSTS)}.")
    channels = POSTS[named](desk, request.operation_id, datetime.now(UTC))
    waiting = [each for each in _waiting(desk, named) if each.channel in channels]
    there = [each for each in channels if each not in {post.channel for post in waiting}]
    words = [f"Posted in {' and '.join(_hashed(each) for each in there)}."] if there else []
    return Reply(message=message(" ".join([*words, *map(_waits, waiting)]), section(*words, *map(_waits, waiting))))


def _waiting(desk: Desk, named: str) -> list[Unposted]:
    """What Slack has not taken after a moment, of what was just written down."""
    end = time.monotonic() + PATIENCE
    while (found := desk.posts.unposted(f"{named}-", datetime.now(UTC) + AHEAD)) and time.monotonic() < end:
        time.sleep(LOOK)
    return list({each.channel: each for each in found}.values())


def _waits(post: Unposted) -> str:
    """That it is not in its channel yet, and why."""
    why = f"Slack says {code(post.error, 100)}" if post.error else "Slack has not taken it yet"
    return f":hourglass_flowing_sand: Not in {_hashed(post.channel)} yet: {why}. It is kept, and follows."


def _hashed(channel: str) -> str:
    """A channel as people write it."""
    return f"#{channel.lstrip('#')}"


@_verify.handle
def verify_log(_request: Request, desk: Desk) -> Reply:
    """``/ops verify-log``."""
    engine = desk.backstop.engine
    looked = witness.look(engine, desk.witness)
    if looked.problems:
        desk.log_in_doubt.set()  # the alert is for the schedule to open, once
    return Reply(message=views.log_verified(looked, activity.head(engine)))


@_evidence.handle
def hand_over_evidence(request: Request, desk: Desk) -> Reply:
    """``/ops evidence 2026-10``: as two files, to whoever asked alone."""
    zone, now = desk.settings.team.zoneinfo, datetime.now(UTC)
    typed = " ".join(request.words) or f"{now.astimezone(zone):%Y-%m}"
    records = evidence.collect(desk.backstop, *evidence.period(typed, zone, now))
    said = views.evidence(typed, evidence.summary(records))
    return Reply(message=said, picture=partial(_files, typed, records) if records else None, directly=True)


def _files(typed: str, records: list[evidence.Record]) -> list[Picture]:
    """The same twice: for programs, and for a spreadsheet."""
    shapes = {"jsonl": evidence.as_lines, "csv": evidence.as_csv}
    return [
        Picture(
            name=f"evidence-{typed}.{ending}",
            title=f"Evidence of {typed} ({ending})",
            alt=f"{len(records)} records",
            content=write(records),
        )
        for ending, write in shapes.items()
    ]
