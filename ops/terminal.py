"""What each terminal command does and says: operations, in words and as JSON."""

from __future__ import annotations

import argparse
import re
import signal
import sys
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ops import activity, described, ending, keeping, people, readiness, verification
from ops import backup as taking
from ops import evidence as proofs
from ops import verify as verifying
from ops.backstop import Backstop
from ops.choosing import newest_good
from ops.errors import Refused
from ops.journal import OperationView, Status
from ops.manifest import Backup, Type
from ops.people import Right, require
from ops.settings import Settings
from ops.words import ago, counted, decimal_size, elapsed, one_line

PAGE = 20
_CODES = {Status.SUCCEEDED: 0, Status.REFUSED: 3, Status.FAILED: 4, Status.CANCELLED: 4, Status.HALTED: 5}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a command has to say: an exit code, words for people, and a document for programs."""

    words: str
    document: Any
    code: int = 0
    verbatim: bool = False  # nothing in the words is put otherwise for a terminal


@contextmanager
def opened(*, running: bool = False) -> Iterator[Backstop]:
    """Open everything from the settings; it runs only what it starts itself and takes up nothing of others."""
    backstop = Backstop.open(Settings.load(), adopts=False)
    if running:
        backstop.journal.open()
    try:
        yield backstop
    finally:
        backstop.close()


def backup(options: argparse.Namespace) -> Answer:
    """Take a backup and wait for its end."""
    with opened(running=True) as backstop:
        person = people.at_terminal()
        wanted = taking.ask(
            backstop.services, options.type, person.id, purpose=options.purpose, description=options.description, notes=options.notes
        )
        view = run(backstop, wanted.kind, wanted.dump(), taking.ENVIRONMENT, quiet=options.json)
        made = backstop.catalogue.made_by(view.id) if view.status is Status.SUCCEEDED else None
        return ended(view, _created(view), described.whole(made) if made else {})


def verify(options: argparse.Namespace) -> Answer:
    """Look whether a backup is sound."""
    with opened(running=True) as backstop:
        if options.level in verification.BY_RESTORE and options.id.startswith("full-"):
            view = follow(backstop, _by_restore(backstop, options.id), quiet=options.json)
        else:
            params = verifying.ask(backstop.services, options.id, options.level)
            view = run(backstop, verifying.KIND, params, None, quiet=options.json)
        looked = backstop.catalogue.get(options.id)
        return ended(view, f"`{looked.id}` is sound: L{looked.facts.level}.", described.backup(looked))


def _by_restore(backstop: Backstop, backup_id: str) -> str:
    """Restore a backup to staging; the operation's id."""
    person = people.at_terminal()
    require(person, Right.TAKE, backstop.settings.approvals.policy)
    operation_id, now = uuid.uuid4().hex[:12], datetime.now(UTC)
    return verification.start(backstop.journal, backstop.services, backup_id, person.id, id=operation_id, now=now)


def run(backstop: Backstop, kind: str, params: dict[str, Any], environment: str | None, *, quiet: bool) -> OperationView:
    """Start an operation and wait for its end; Ctrl-C cancels it."""
    require(people.at_terminal(), Right.TAKE, backstop.settings.approvals.policy)
    operation_id = backstop.journal.start(kind, params, by=people.at_terminal().id, environment=environment)
    return follow(backstop, operation_id, quiet=quiet)


def follow(backstop: Backstop, operation_id: str, *, quiet: bool) -> OperationView:
    """Wait for an operation's end, and say how far it is; Ctrl-C cancels it where it may be."""
    signal.signal(signal.SIGINT, lambda *_: threading.Thread(target=_cancel, args=(backstop, operation_id), daemon=True).start())
    said = ""
    while (view := backstop.journal.wait(operation_id, timeout=1.0)).status is Status.RUNNING:
        said = said if quiet else _say(view, said)
    return view


def _cancel(backstop: Backstop, operation_id: str) -> None:
    """Ctrl-C, in a thread of its own: the signal may have come in the middle of a transaction."""
    try:
        backstop.journal.cancel(operation_id, by=people.at_terminal().id)
    except Refused as refused:
        sys.stderr.write(f"{refused}\n")


def _say(view: OperationView, said: str) -> str:
    """Tell on stderr how far it is, when that changed."""
    step = view.steps[-1].name if view.steps else "starting"
    grown = f", {decimal_size(view.progress['bytes'])}" if view.progress.get("bytes") else ""
    now = f"{step}{grown}"
    if now != said:
        sys.stderr.write(f"{elapsed(datetime.now(UTC) - view.created_at):>8}  {now}\n")
    return now


def ended(view: OperationView, good: str, document: dict[str, Any]) -> Answer:
    """The answer of an operation that ended."""
    bad = " ".join(part for part in (view.error, view.remedy) if part) or view.status.value
    whole = {**document, "success": view.status is Status.SUCCEEDED, **described.operation(view), **_told(view)}
    return Answer(code=_CODES[view.status], words=good if view.status is Status.SUCCEEDED else bad, document=whole)


def _told(view: OperationView) -> dict[str, Any]:
    """What the operation itself said at its end."""
    told = {**view.params, **view.result}
    return {key: told[key] for key in ("target", "warnings", "retention", "folder", "compared_to") if key in told}


def _created(view: OperationView) -> str:
    """The words after a backup."""
    if view.status is not Status.SUCCEEDED or view.finished_at is None:
        return ""
    result = view.result
    lines = [
        f"{taking.sentence(view)} in {elapsed(view.finished_at - view.created_at)} · {result['backup']['id']} · {view.params['target']}"
    ]
    lines += [f"Warning: {warning}" for warning in result["warnings"]]
    lines += [f"Retention: `{left['id']}` left ({left['why']})" for left in result["retention"]["left"]]
    lines += [f"Retention holds back: {result['retention']['held']}"] if result["retention"]["held"] else []
    return "\n".join(lines)


def listing(options: argparse.Namespace) -> Answer:
    """All backups, newest first."""
    with opened() as backstop:
        found = backstop.catalogue.all()
    shown = _page(found, options.page)
    words = [_row(each, datetime.now(UTC)) for each in shown] or ["There is no backup yet. Take one: `python -m ops backup full`."]
    return Answer(words="\n".join([*words, *_more(len(found), options.page)]), document=[described.backup(each) for each in found])


def _row(made: Backup, now: datetime) -> str:
    """A backup on one line."""
    level = "unreadable" if made.problem else "not verified" if made.facts.level is None else f"L{made.facts.level}"
    size = decimal_size(made.size) if made.size is not None else "-"
    marks = [mark for mark, there in (("pinned", made.facts.pinned), ("NOT SOUND", made.facts.failed)) if there]
    words = [one_line(made.problem or made.commit_message, 50), one_line(made.notes, 40), *marks]
    figures = f"{ago(made.timestamp, now):>16}  {made.short_commit or '------'}  {size:>9}  {level:<12}"
    return f"{made.id}  {figures} {'  '.join(filter(None, words))}"


def _page(found: Sequence[Any], page: int) -> Sequence[Any]:
    """The rows of a page."""
    if page < 1:
        raise Refused(f"There is no page {page}.", "Pages count from 1.")
    return found[(page - 1) * PAGE : page * PAGE]


def _more(count: int, page: int) -> list[str]:
    """How to see the rest."""
    return [f"{count - page * PAGE} more: --page {page + 1}"] if count > page * PAGE else []


def show(options: argparse.Namespace) -> Answer:
    """One backup with its tables."""
    with opened() as backstop:
        made = backstop.catalogue.get(options.id)
    document = described.whole(made)
    lines = [f"{key:>18}  {value}" for key, value in document.items() if key != "tables" and value not in (None, [], "")]
    tables = sorted((made.tables or {}).items(), key=lambda item: -item[1].rows)
    lines += [f"{name:>18}  {counted(table.rows, 'row')}, {decimal_size(table.bytes)}" for name, table in tables]
    return Answer(words="\n".join(lines), document=document)


def delete(options: argparse.Namespace) -> Answer:
    """Move a backup to the trash."""
    with opened() as backstop:
        gone = keeping.delete(backstop, people.at_terminal(), options.id, options.why)
    words = f"Deleted `{gone.backup.id}`. Until {gone.until:%Y-%m-%d %H:%M} UTC it comes back by `python -m ops undelete {gone.backup.id}`."
    return Answer(words=words, document={**described.thrown(gone), "success": True})


def undelete(options: argparse.Namespace) -> Answer:
    """Bring a backup back."""
    with opened() as backstop:
        back = keeping.undelete(backstop, people.at_terminal(), options.id)
    return Answer(words=f"`{back.id}` is back.", document={**described.backup(back), "success": True})


def pin(options: argparse.Namespace) -> Answer:
    """Keep a backup whatever retention says."""
    with opened() as backstop:
        kept = keeping.pin(backstop, people.at_terminal(), options.id, options.why)
    return Answer(words=f"`{kept.id}` is pinned: retention leaves it alone.", document={**described.backup(kept), "success": True})


def unpin(options: argparse.Namespace) -> Answer:
    """Let retention decide again."""
    with opened() as backstop:
        released = keeping.unpin(backstop, people.at_terminal(), options.id)
    return Answer(words=f"`{released.id}` is no longer pinned.", document={**described.backup(released), "success": True})


def rebuild(options: argparse.Namespace) -> Answer:  # noqa: ARG001 # every command takes the options
    """Make the catalogue anew from the folder."""
    with opened() as backstop:
        added = backstop.catalogue.rebuild()
        found = backstop.catalogue.all()
    bad = [each for each in found if each.problem]
    lines = [f"{counted(len(found), 'backup')} in the folder, {len(added)} of them new to the catalogue."]
    lines += [f"`{each.id}`: {each.problem}" for each in bad]
    return Answer(
        words="\n".join(lines),
        document={"found": len(found), "added": [each.id for each in added], "unreadable": [each.id for each in bad]},
    )


def log(options: argparse.Namespace) -> Answer:
    """What was done, newest first; or whether it is as it was written."""
    if options.deed:
        return verify_log(options)
    with opened() as backstop:
        lines = activity.lines(backstop.engine, limit=100_000 if options.json else options.page * PAGE + 1)
    words = [f"{_when(each)}  {each.who}  {each.text}  ({each.outcome})" for each in _page(lines, options.page)]
    return Answer(
        words="\n".join([*(words or ["Nothing was done yet."]), *_more(len(lines), options.page)]),
        document=[described.line(each) for each in lines],
    )


_WHAT_TO_DO = (
    "What to do: verify the log in Slack too, which opens the P0 alert about it at once; the bot itself looks every six hours. Keep a copy "
    "of the database as it is, and find out who can write to it; if it was lost or restored, a CTO ends the alert with this reason."
)


def _when(line: activity.Line) -> str:
    """The time of a line."""
    return f"{line.at:%Y-%m-%d %H:%M:%S} UTC" if line.at else "a time that was changed and cannot be read"


def verify_log(options: argparse.Namespace) -> Answer:
    """Whether the log is as it was written, and as the heads say that stand elsewhere."""
    heads = [_head(each) for each in options.head]
    with opened() as backstop:
        since = activity.reference(backstop.engine)
        problems = [*activity.verify(backstop.engine, since), *activity.against(backstop.engine, heads)]
        seq, digest = activity.head(backstop.engine)
    said = [*problems, _WHAT_TO_DO] if problems else ["Every line of the log is as it was written."]
    ends = "The last that was written by Backstop is" if problems else "It ends with"
    counts = [f"It counts from line {since.seq} on: {since.who} ended the alert about what was before."] if since else []
    return Answer(
        words="\n".join([*said, f"{ends} line {seq}, {digest}.", *counts]),
        document={"problems": problems, "line": seq, "hash": digest, "since": since.seq if since else 1},
        code=4 if problems else 0,
    )


def _head(typed: str) -> tuple[int, str]:
    """A head as a health post names it.

    Raises:
        Refused: it is none.
    """
    match = re.fullmatch(r"(\d{1,15}):([0-9a-f]{8,64})", typed)
    if match is None:
        raise Refused(f"{typed!r:.60} is no head.", "It looks like 120:9c41aa03b17d22e8, as a health post names line and hash.")
    return int(match[1]), match[2]


def evidence(options: argparse.Namespace) -> Answer:
    """What was done in a month; redirect it into a file."""
    with opened() as backstop:
        records = proofs.collect(backstop, *proofs.period(options.period, backstop.settings.team.zoneinfo, datetime.now(UTC)))
    written = proofs.as_csv(records) if options.format == "csv" else proofs.as_lines(records)
    return Answer(words=written.decode("utf-8-sig").rstrip("\r\n"), document=records, verbatim=True)


def status(options: argparse.Namespace) -> Answer:  # noqa: ARG001 # every command takes the options
    """What runs, and the last good backup of each type."""
    with opened() as backstop:
        running = backstop.journal.running()
        found, label = backstop.catalogue.all(), backstop.settings.convex.production.name
        ready = readiness.of(backstop, datetime.now(UTC))
    kinds: tuple[Type, ...] = ("full", "quick")
    last = {kind: newest_good(found, kind, label) for kind in kinds}
    now = datetime.now(UTC)
    lines = [_under_way(view, now) for view in running] or ["Nothing runs."]
    lines += [f"Last good {kind} backup: {_row(each, now)}" if each else f"There is no good {kind} backup." for kind, each in last.items()]
    lines.append(f"{ready.sentence}.")
    document = {
        "readiness": ready.document,
        "running": [described.operation(view) for view in running],
        "last": {kind: described.backup(each) if each else None for kind, each in last.items()},
    }
    return Answer(words="\n".join(lines), document=document)


def _under_way(view: OperationView, now: datetime) -> str:
    """One that runs, or is halted: then why, and what a person can decide."""
    if view.status is not Status.HALTED:
        return f"Running: {view.kind} ({view.id}) by {view.requested_by}, {elapsed(now - view.created_at)}"
    at = f" at “{view.steps[-1].name}”" if view.steps else ""
    since = elapsed(now - (view.halted_at or view.created_at))
    decide = f"Decide on its card in Slack, or by `python -m ops settle {view.id} retry`, `done` or `over`."
    return " ".join(filter(None, [f"Halted: {view.kind} ({view.id}) by {view.requested_by}, for {since}{at}.", view.error, decide]))


def cancel(options: argparse.Namespace) -> Answer:
    """Cancel a backup that runs, here or in the bot."""
    with opened() as backstop:
        holder = backstop.journal.get(options.operation) if options.operation else backstop.journal.holder(taking.ENVIRONMENT)
        if holder is None and options.operation:
            raise Refused(f"There is no operation “{options.operation[:40]}”.", "`python -m ops status` shows what runs.")
        if holder is None:
            raise Refused("Nothing runs that could be cancelled.", "`python -m ops status` shows what runs.")
        ending.end(backstop, people.at_terminal(), holder)
    return Answer(words=f"Asked the {holder.kind} {holder.id} to stop.", document={"operationId": holder.id, "success": True})
