"""What the schedule posts, now; whether the log is as it was written; evidence for an auditor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial

from bot import checklisting, posting, witness
from bot.desk import Desk
from bot.pictures import Picture
from bot.registry import Reply, command
from bot.requests import Request
from bot.views import health as views
from bot.views import outlook as outlook_views
from bot.views.blocks import message, section
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
"""By the word that is typed; each says where it was posted."""

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
    words = f"Posted in {' and '.join('#' + each.lstrip('#') for each in channels)}."
    return Reply(message=message(words, section(words)))


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
