"""The watch after a restore: for half an hour the smoke tests are asked again and again, without a lock, across restarts.

Its end is thirty minutes after the restore's, whatever happens to the process that watches; what people report meanwhile is
written down beside what the tests say. When nobody looked, because nothing ran, is said; one that begins after its time looks once.
One that somebody ends before its time writes what it saw, and who ended it, into the report: it cannot begin again.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from ops import activity, reports, restore, smoke, tasks
from ops.context import Services
from ops.errors import OpsError, Refused
from ops.journal import Cancelled, Interrupted, Journal, Kind, Operation, OperationView, Status
from ops.journal.reading import Readings
from ops.services.process import Stopped
from ops.words import one_line

if TYPE_CHECKING:
    from ops.backstop import Backstop

log = logging.getLogger(__name__)

KIND = "watch"
PROBLEM = "problem after a restore"
LASTS = timedelta(minutes=30)
EVERY = 120.0  # seconds between two looks
PATIENCE = 5.0  # seconds for a page to be well, within one look
TEXT = 500  # characters of a report
UNSEEN = timedelta(minutes=5)  # between two looks: longer than they are ever apart while something runs
_NAMED = 20  # faults that are kept with their words
IN_A_ROW = 2  # looks that say that something is wrong, or that it is well again: one may be chance


def kind(services: Services) -> Kind:
    """The watch, for the journal; it holds no lock."""
    return Kind(name=KIND, workflow=partial(watch, services=services), version=1, cancellable=True, sentence=sentence)


def id_of(restore_id: str) -> str:
    """The watch of a restore: there is one."""
    return f"watch-{restore_id}"


def begin(journal: Journal, done: OperationView) -> str:
    """Begin to watch after a restore; a second time is the same watch."""
    bound = done.params["bound"]
    until = (done.finished_at or datetime.now(UTC)) + LASTS
    params = {"restore": done.id, "target": bound["target"], "until": until.isoformat(), "safety": done.result.get("safety")}
    return journal.start(KIND, params, by=done.requested_by, environment=None, id=id_of(done.id))


def watch(op: Operation, services: Services) -> None:
    """Look until the time is over, then write the report again."""
    until = datetime.fromisoformat(op.params["until"])
    before = Readings(services.engine).get(op.id)  # a step that begins again begins with no progress
    seen = dict(before.progress) if before else {}
    try:
        found = op.step("watch", lambda: look_until(op, services, until, seen), if_interrupted=Interrupted.REDO)
    except OpsError as error:
        _broke_off(op, services, Status.CANCELLED if isinstance(error, Cancelled) else Status.FAILED)
        raise
    op.result(**found)
    written = op.step("report", lambda: _report(op, services), if_interrupted=Interrupted.REDO)
    op.result(unwritten=written.get("unwritten"))


def _broke_off(op: Operation, services: Services, status: Status) -> None:
    """It ends before its time: what it saw until then stays, and the report says that nobody looks any more."""
    view = Readings(services.engine).get(op.id)
    op.result(**(view.progress if view else {}))
    try:
        ended = partial(_report, op, services, status)
        written = op.step("report", ended, if_interrupted=Interrupted.REDO, cancellable=False)
        op.result(unwritten=written.get("unwritten"))
    except OpsError as failed:  # why it ended is what counts
        log.warning("the watch %s has no report: %s", op.id, failed.message)


def look_until(op: Operation, services: Services, until: datetime, before: dict[str, Any]) -> dict[str, Any]:
    """Ask the smoke tests every two minutes; one that was interrupted goes on with what it has seen (``before``).

    Without any page it reads Convex's log, and people may report what they see.
    """
    begin = (until - LASTS).timestamp()
    seen: dict[str, Any] = {"looks": 0, "failed": 0, "bad": [], "calls": {}, "calls_unknown": "", "cursor": begin * 1000}
    seen |= {"looked": begin, "unwatched": [], "row": _ROW} | before
    pages = [page for page in services.settings.smoke if page.environment == "production"]
    while True:
        now = datetime.now(UTC)
        last = now >= until  # calls that failed since the look before count too
        gap = unwatched(datetime.fromtimestamp(seen["looked"], UTC), now)
        seen["unwatched"] = [*seen["unwatched"], *gap][-_NAMED:]
        seen |= _pages(services, pages, op, seen) if pages and (gap or not last) else {}
        seen |= _calls(services, seen) | {"looked": datetime.now(UTC).timestamp()}
        if last:
            return seen
        op.progress(**seen)
        if op.stop.wait(min(EVERY, max((until - datetime.now(UTC)).total_seconds(), 0.0))):
            raise Stopped("The watch was stopped.")


def unwatched(since: datetime, now: datetime) -> list[dict[str, str]]:
    """From when to when nobody looked, if that is longer than two looks are apart. Pure."""
    return [{"from": f"{since:%Y-%m-%d %H:%M:%S} UTC", "to": f"{now:%Y-%m-%d %H:%M:%S} UTC"}] if now - since > UNSEEN else []


def _pages(services: Services, pages: list[Any], op: Operation, seen: dict[str, Any]) -> dict[str, Any]:
    """One look at the pages."""
    fault, now = _fault(services, pages, op), datetime.now(UTC)
    looks = {"looks": seen["looks"] + 1, "row": in_a_row(seen["row"], fault, now)}
    if not fault:
        return looks
    bad = {"at": f"{now:%H:%M:%S} UTC", "fault": fault}
    return {**looks, "failed": seen["failed"] + 1, "bad": [*seen["bad"], bad][-_NAMED:]}


_ROW = {"bad": 0, "good": 0, "since": None, "fault": ""}


def in_a_row(before: Mapping[str, Any], fault: str, now: datetime) -> dict[str, Any]:
    """How many of the last looks were bad, since when and why; or how many were good. Pure."""
    if not fault:
        return {**_ROW, "good": before["good"] + 1}
    begin = {"since": before["since"], "fault": before["fault"]} if before["bad"] else {"since": now.isoformat(), "fault": fault}
    return {**_ROW, **begin, "bad": before["bad"] + 1}


def row(view: OperationView) -> Mapping[str, Any]:
    """The same of a watch as it stands, or as it ended. Pure."""
    found: Mapping[str, Any] = view.result.get("row") or view.progress.get("row") or _ROW
    return found


def _calls(services: Services, seen: dict[str, Any]) -> dict[str, Any]:
    """Which calls of functions failed since the last look; that it cannot be known is said, and is no fault of the restore's."""
    try:
        found = services.convex.failed_calls("production", seen["cursor"])
    except OpsError as error:
        return {"calls_unknown": error.message}
    sums = Counter(seen["calls"])
    sums.update(found.by_function)
    return {"calls": dict(sums.most_common()), "calls_unknown": "", "cursor": found.cursor}


def _fault(services: Services, pages: list[Any], op: Operation) -> str:
    """What is wrong at this moment; "" where nothing is."""
    cookies = services.vercel.bypass if services.vercel.configured else {}
    try:
        smoke.require(pages, op.stop, cookies=cookies, patience=PATIENCE)
    except OpsError as error:
        return error.message
    return ""


def _report(op: Operation, services: Services, status: Status = Status.SUCCEEDED) -> dict[str, Any]:
    """The incident report, with what the watch saw, as it will have ended."""
    found = Readings(services.engine).get(op.id)
    view = replace(found, status=status) if found else None
    return reports.write(services, str(op.params["restore"]), _with_problems(services, view) if view else None)


def report(services: Services, restore_id: str) -> str:
    """The incident report as it is now, whatever became of its file; the watch is in it once it has ended."""
    view = Readings(services.engine).get(id_of(restore_id))
    return reports.text(services, restore_id, _with_problems(services, view) if view and view.finished_at else None)


def _with_problems(services: Services, view: OperationView) -> OperationView:
    """The watch with what people reported meanwhile."""
    reported = [
        {"at": f"{task.opened_at:%H:%M:%S} UTC", "by": task.opened_by, "text": task.text}
        for task in tasks.of(services.engine, str(view.params["restore"]), PROBLEM)
    ]
    return replace(view, result={**view.result, "problems": reported})


def report_problem(backstop: Backstop, restore_id: str, person_id: str, text: str, *, id: str) -> None:  # noqa: A002 # the contract's name
    """Write down what somebody saw after a restore: it is a task until somebody closes it.

    Raises:
        Refused: nothing is said, or there is no such restore.
    """
    if not text.strip():
        raise Refused("A report needs words.", "Say what you see, and where.")
    view = backstop.journal.get(restore_id)
    if view is None or view.kind not in restore.KINDS:
        raise Refused("There is no such restore.", "`/ops log` shows what was done.")
    said = one_line(text, TEXT)
    with Session(backstop.engine) as session, session.begin():
        tasks.begin(session, f"problem-{id}", PROBLEM, said, by=person_id, about=restore_id)
        activity.append(session, who=person_id, text=f"Problem after the restore: {said}", outcome="reported", operation_id=restore_id)


def due(journal: Journal) -> list[OperationView]:
    """Restores of production that are done and not watched yet; where nothing ran in that half hour, a look is due all the same."""
    lately = [view for view in journal.recent(5, kinds=(restore.PRODUCTION,)) if view.status is Status.SUCCEEDED]
    return [view for view in lately if journal.get(id_of(view.id)) is None]


def sentence(view: OperationView) -> str | None:
    """The activity log's sentence."""
    if view.status is Status.SUCCEEDED:
        return f"Watch after restore {view.params['restore']} over: {reports.watch_sentence(view)}"
    return f"Watch after restore {view.params['restore']}: {reports.watch_sentence(view)}"
