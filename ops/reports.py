"""The incident report of a restore: the document's fields, the timeline from the journal, who signed, what was lost, the evidence.

Written from rows alone, so that it can be written again at any time: once at the restore's end, once when the watch is over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from ops import activity, approvals, files, spots, tasks
from ops.activity import Line
from ops.approvals import Approval
from ops.context import Services
from ops.errors import Refused
from ops.journal import OperationView, Status
from ops.journal.reading import Readings
from ops.loss import Loss
from ops.manifest import moment_of
from ops.words import counted, decimal_size, elapsed, number

FOLDER = "reports"
FOLLOW_UP = "follow-up"
_FUNCTIONS = 6  # that are named
_DECIDED = frozenset({"alert", "acknowledged", "settled"})  # lines of the log that say that it halted, and what people did about it


def place(folder: Path, operation_id: str) -> Path:
    """Where an operation's report lies."""
    return folder / FOLDER / f"restore-{operation_id}.md"


def write(services: Services, operation_id: str, watch: OperationView | None = None) -> dict[str, Any]:
    """Write the report, and open what is to be done after it; a second time replaces the one and leaves the other.

    What it is about is done: a disk that takes no file (``unwritten`` says why) changes nothing of that.
    """
    view = _operation(services, operation_id)
    with Session(services.engine) as session, session.begin():
        why = view.params["shown"]["reason"][:200]
        what = f"Find out why “{why}” came about, and how it would have shown earlier; the restore is {view.id}."
        tasks.begin(session, f"cause-{view.id}", FOLLOW_UP, what, by=view.requested_by, about=view.id)
    return keep(place(services.settings.folder, operation_id), text(services, operation_id, watch), operation_id)


def keep(path: Path, text: str, operation_id: str) -> dict[str, Any]:
    """Write a report's file; why it is ``unwritten``, if the disk takes none."""
    try:
        files.make_folder(path.parent)
        files.write(path, text.encode(), operation_id)
    except OSError as error:
        return {"report": None, "unwritten": f"{path.name} could not be written: {error.strerror or error}."}
    except files.NotWritten as error:
        return {"report": None, "unwritten": error.message}
    return {"report": path.name}


def text(services: Services, operation_id: str, watch: OperationView | None = None) -> str:
    """The report as it is now, from rows alone."""
    told = activity.about(services.engine, operation_id)
    return markdown(_operation(services, operation_id), approvals.of_operation(services.engine, operation_id), watch, told)


def _operation(services: Services, operation_id: str) -> OperationView:
    """What the report is about."""
    view = Readings(services.engine).get(operation_id)
    if view is None:
        raise Refused("There is no such operation.", "`/ops log` shows what was done.")
    return view


def unwritten_sentence(result: Mapping[str, Any]) -> str:
    """That the report's file is not there, and why; "" where it is. Pure."""
    why = result.get("unwritten")
    return f"The incident report is in Slack only: {why}" if why else ""


def markdown(view: OperationView, signed: Approval | None, watch: OperationView | None, told: Sequence[Line] = ()) -> str:
    """The whole report; ``told`` is what the activity log has of it, for who decided what. Pure."""
    bound, shown, result = view.params["bound"], view.params["shown"], view.result
    at, until = _window(view)
    last = max((step.finished_at for step in view.steps if step.finished_at), default=view.created_at)
    parts = [
        f"# Incident report: restore of {bound['target']}",
        _fields(
            {
                "Issue": shown["reason"],
                "It began": shown["began"] or "not said",
                "Business impact": shown["impact"] or "not said",
                "Backup": f"{bound['backup']}, taken {_clock(at)}",
                "Data loss window": f"{elapsed(until - at)}: what was written from {_clock(at)} to {_clock(until)}",
                "Duration": f"{elapsed(last - view.created_at)}, from {_clock(view.created_at)} to {_clock(last)}",
                "Asked by": view.requested_by,
                "Signed by": _signed(signed),
                "Status": _status(view, watch),
            }
        ),
        "## What went",
        *_lost(result),
        "## Evidence",
        *_evidence(view, result),
        "## Timeline",
        *_timeline(view, signed, told),
        "## After it",
        *_watched(watch),
    ]
    return "\n\n".join(_paragraphs(parts)) + "\n"


def _timeline(view: OperationView, signed: Approval | None, told: Sequence[Line]) -> list[str]:
    """What was asked, signed, done, halted and decided, as it came. Pure."""
    found = [(step.started_at, f"{step.name}{_took(step.started_at, step.finished_at)}") for step in view.steps]
    found += [(line.at or view.created_at, _decided(line)) for line in told if line.outcome in _DECIDED]
    if signed is not None:
        found.append((signed.asked_at or signed.created_at, f"asked for by {signed.requested_by}"))
        found += [(signed.decided_at, f"signed by {signed.decided_by}")] if signed.decided_at and signed.status == "approved" else []
    return [f"- {_clock(at)} {text}" for at, text in sorted(found, key=lambda each: each[0])]


def _decided(line: Line) -> str:
    """What the log has of it, and who it was."""
    words = line.text if line.outcome == "alert" else f"{line.text} ({line.who})"
    return words if line.at else f"{words}; when is not known: the log was changed"


def _window(view: OperationView) -> tuple[datetime, datetime]:
    """From the moment of the backup's own rows until its rows were there: what was written between the two went. Pure."""
    at = moment_of(view.params["bound"]["backup"], view.params["shown"].get("snapshot"))
    back = next((step for step in view.steps if step.name == "data"), None)
    return at, (back.finished_at or back.started_at) if back else view.created_at


def _paragraphs(parts: Sequence[str]) -> list[str]:
    """Lines of a list stay together."""
    joined: list[str] = []
    for part in parts:
        if part.startswith("- ") and joined and joined[-1].startswith("- "):
            joined[-1] += f"\n{part}"
        else:
            joined.append(part)
    return joined


def _fields(values: Mapping[str, str]) -> str:
    """The document's fields, as a table."""
    rows = [f"| {name} | {text.replace('|', '/')} |" for name, text in values.items()]
    return "\n".join(["| | |", "|---|---|", *rows])


def _clock(at: datetime) -> str:
    """A moment."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def _took(began: datetime, ended: datetime | None) -> str:
    """How long a step took, where that is worth saying."""
    return f", {elapsed(ended - began)}" if ended and (ended - began).total_seconds() >= 1 else ""


def _signed(signed: Approval | None) -> str:
    """Who signed, or why nobody did."""
    if signed is None or signed.decided_by is None:
        return "nobody"
    if signed.status == "broken":
        return f"nobody: {signed.decided_by} broke the glass (“{signed.why}”)"
    return signed.decided_by if signed.role else "nobody needed to"


def _status(view: OperationView, watch: OperationView | None) -> str:
    """How the application is, as far as is known. Pure."""
    proof = view.result.get("proof")
    proven = (
        f"{number(proof['equal'])} of {counted(proof['of'], 'table')} equal to the backup, row by row"
        if proof
        else "the data are not proven"
    )
    watched = watch_sentence(watch) if watch else "the watch has not ended"
    closed = ["the site stays in maintenance, which a person had switched on before"] if view.result.get("maintenance_stays") else []
    closed += ["Convex was paused by hand before, and runs now"] if (view.result.get("paused") or {}).get("before") else []
    return "; ".join([proven, *_wanted((proof or {}).get("spots", ()), view.result.get("spots_accepted")), *closed, watched])


def _wanted(kept: Sequence[Mapping[str, Any]], accepted: str | None) -> list[str]:
    """Whether the rows are what the settings want, in clauses. Pure."""
    found = [spots.load(each) for each in kept]
    bad = [each for each in found if not each.good]
    seen = [f"{len(found) - len(bad)} of {counted(len(found), 'spot check')} as wanted"] if found else []
    return [*seen, *(f"{each.sentence.rstrip('.')}{f' ({accepted} accepted it)' if accepted and each.wanting else ''}" for each in bad)]


def watch_sentence(watch: OperationView) -> str:
    """What the watch saw, in one clause. Pure."""
    early = _early(watch)
    looks, failed = int(watch.result.get("looks", 0)), int(watch.result.get("failed", 0))
    problems = list(watch.result.get("problems", ()))
    said = f"{looks - failed} of {counted(looks, 'look')} during the watch {'was' if looks == 1 else 'were'} good"
    if not looks:
        said = "" if early else "no page was looked at: none is set"
    reported = f"{counted(len(problems), 'problem')} {'was' if len(problems) == 1 else 'were'} reported" if problems else ""
    return "; ".join(filter(None, [early, said, *_unwatched(watch.result), calls_sentence(watch.result), reported]))


def _early(watch: OperationView) -> str:
    """Why it ended before its time, and that nobody looks any more, in a clause. Pure."""
    if watch.status is Status.CANCELLED:
        return f"{watch.cancelled_by} ended the watch before its time, and nobody looks any more"
    return f"the watch {watch.status} before its time, and nobody looks any more" if watch.status is Status.FAILED else ""


def _unwatched(seen: Mapping[str, Any]) -> list[str]:
    """When nobody watched, in clauses. Pure."""
    return [f"nobody watched from {each['from']} to {each['to']}" for each in seen.get("unwatched", ())]


def calls_sentence(seen: Mapping[str, Any]) -> str:
    """Which calls of functions failed meanwhile, in one clause. Pure."""
    if unknown := seen.get("calls_unknown"):
        return f"whether calls of functions failed is not known ({unknown.rstrip('.')})"
    calls = seen.get("calls") or {}
    if not calls:
        return "no call of a function failed" if "calls" in seen else ""
    named = ", ".join(f"{name} {count}" for name, count in list(calls.items())[:_FUNCTIONS])
    return f"{counted(sum(calls.values()), 'call of a function', 'calls of functions')} failed: {named}"


def _lost(result: Mapping[str, Any]) -> list[str]:
    """What the restore took away, by table."""
    lost = result.get("lost") or {}
    if "unknown" in lost:
        return [f"It could not be counted: {lost['unknown']}"]
    if "loss" not in lost:
        return ["It was not counted."]
    loss = Loss.load(lost["loss"])
    back = "brings the created rows back" if loss.created else "lists them; none was created, so none comes back by itself"
    kept = f"Kept in `{lost['delta']}`: `/restore salvage` {back}." if lost.get("delta") else ""
    paused = bool((result.get("paused") or {}).get("paused"))
    mixed = "" if paused else "The deployment was not paused: what was written between the safety backup and the import is in neither."
    return [*(f"- {line}" for line in loss.sentences()), *filter(None, [kept, loss.files, mixed])]


def _evidence(view: OperationView, result: Mapping[str, Any]) -> list[str]:
    """What proves it."""
    bound, shown = view.params["bound"], view.params["shown"]
    size = decimal_size(int(shown["size"])) if shown.get("size") else "of unknown size"
    lines = [f"- Archive {size}, sha256 {bound['sha256'] or 'unknown'}"]
    if safety := result.get("safety"):
        lines.append(f"- Safety backup `{safety}`: {_safe(result.get('safety_files'))}")
    if proof := result.get("proof"):
        more = f"; different: {', '.join(proof['different'])}" if proof["different"] else ""
        lines.append(f"- Exported again afterwards: {number(proof['equal'])} of {counted(proof['of'], 'table')} equal, row by row{more}")
    lines += [f"- Spot check: {spots.load(each).sentence}" for each in (proof or {}).get("spots", ())]
    if any(step.name == "smoke tests" and step.state == "done" for step in view.steps):
        lines.append("- Smoke tests passed")
    if result.get("validated") is False:
        lines.append("- The functions run without schema validation: rows of the backup do not fit the present schema")
    return lines


def _safe(files: bool | None) -> str:
    """What a safety backup holds: without stored files it does where the import leaves those alone. Pure."""
    if files is None:  # of an operation from before that was written down
        return "every row that was there before"
    return "everything that was there before" if files else "every row that was there before; stored files stayed as they were"


def _watched(watch: OperationView | None) -> list[str]:
    """What came after."""
    if watch is None:
        return ["The watch has not ended."]
    lines = [f"- {watch_sentence(watch)[0].upper()}{watch_sentence(watch)[1:]}"]
    lines += [f"- {each['at']}: {each['fault']}" for each in watch.result.get("bad", ())]
    lines += [f"- {each['at']}, {each['by']}: {each['text']}" for each in watch.result.get("problems", ())]
    return lines
