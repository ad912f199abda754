"""Import an archive: once, by the CLI, and the server's own list says how it ended.

A killed CLI leaves its import running at the server, or waiting to be confirmed by somebody who will never come. One that passes
the deadline is cancelled there, or it would change the data behind whoever gave it up. And whoever asks again looks first: one
that completed is done, one under way is waited for, one that waits is cancelled, and only one that failed or never began is made
anew. All tables change at once or none does.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from ops.errors import Failed
from ops.services.convex import misfit
from ops.services.convex.door import Door
from ops.services.convex.program import Program
from ops.services.convex.shown import Shown
from ops.services.convex.trouble import ConvexFailed, Unreachable, plain, words
from ops.services.process import Finished, Stopped, TimedOut

Mode = Literal["replace-all", "replace", "append"]

_LOOK = 0.5  # seconds between two looks at the server
_CANCELLING = 15.0  # seconds that the server may take to cancel one
_LIST = "_system/cli/queryImport:list"
_OVER = frozenset({"failed", "canceled"})  # it changed nothing
_WAITING = frozenset({"uploaded", "waiting_for_confirmation"})


@dataclass(frozen=True, kw_only=True)
class Seen:
    """An import as the server lists it."""

    id: str
    state: str
    rows: int | None = None
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What came of it."""

    id: str
    rows: int | None  # written, as the server counted them

    def dump(self) -> dict[str, Any]:
        """As a step's result."""
        return asdict(self)


class Undecided(ConvexFailed):
    """Only a person can tell how an import ended."""


class Misfit(ConvexFailed):
    """A row does not fit the schema that is deployed; only an append may have added rows before it."""

    def __init__(self, message: str, remedy: str, clash: str) -> None:
        super().__init__(message, remedy)
        self.clash = clash  # which row, and why


def newest(door: Door, known: Collection[str] | None = None) -> str:
    """The id of the newest import; "" before the first one.

    Args:
        door: of the deployment.
        known: the imports that were done when a safety backup of it began; None where there is none.

    Raises:
        ConvexFailed: what another one wrote is not sure to be in that backup.
    """
    seen = listed(door)
    if known is not None and uncovered(seen, known):
        raise ConvexFailed(
            f"Somebody else imported into {door.target.label} after the safety backup began, or still does: what that wrote may be in no "
            "backup, so ours has not begun.",
            "Start this over once theirs has ended: that takes a new safety backup first. A retry finds the same.",
        )
    return seen[0].id if seen else ""


def uncovered(seen: Sequence[Seen], known: Collection[str]) -> list[Seen]:
    """The imports that were not done yet when those were, and write or wrote rows since. Pure."""
    return [each for each in seen if each.state == "in_progress" or (each.state == "completed" and each.id not in known)]


def done(door: Door) -> list[str]:
    """The ids of those that have completed."""
    return [each.id for each in listed(door) if each.state == "completed"]


def listed(door: Door) -> list[Seen]:
    """Every import that the server remembers, newest first."""
    return [_seen(each) for each in door.query(_LIST) or ()]


def _seen(said: dict[str, Any]) -> Seen:
    """An import from its document."""
    state = said.get("state") or {}
    return Seen(
        id=str(said.get("_id")),
        state=str(state.get("state")),
        rows=_integer(state.get("num_rows_written")),
        error=str(state.get("error_message") or ""),
    )


def _integer(said: Any) -> int | None:
    """A number: plain, or as Convex spells an int64."""
    if isinstance(said, dict) and "$integer" in said:
        import base64

        return int.from_bytes(base64.b64decode(said["$integer"]), "little")
    return int(said) if isinstance(said, int | float) else None


def ours(seen: Sequence[Seen], before: str) -> list[Seen]:
    """The imports that are newer than the one that was newest before. Pure."""
    ids = [each.id for each in seen]
    return list(seen[: ids.index(before)] if before in ids else seen)


def bring(  # noqa: PLR0913 # the facts of one import, all named
    door: Door, program: Program, archive: Path, *, mode: Mode, deadline: float, stop: threading.Event, said: Callable[[str], None]
) -> Imported:
    """Run the CLI, and have the server say how it ended.

    Raises:
        Misfit: a row does not fit the schema.
        ConvexFailed, Undecided: it failed; or nobody can say how it ended.
    """
    require_free(door, said, deadline, stop)
    before, left = newest(door), "appended some rows or none" if mode == "append" else "changed nothing"
    try:
        finished = _run(program, ("import", f"--{mode}", "-y", str(archive)), deadline, stop, said)
    except TimedOut:
        finished = None
    found = since(door, before, deadline=deadline, patience=None if finished else 0, left=left, stop=stop, said=said)
    if found is not None:
        return found
    if finished is None:
        raise _late(door, f"did not begin within {deadline:g} seconds and was given up", left)
    raise _failure(door, finished, before, left)


def require_free(door: Door, said: Callable[[str], None], deadline: float, stop: threading.Event) -> None:
    """Wait until no import is under way there: one of ours that was given up may still be, and two at once would race.

    Raises:
        ConvexFailed: one does not end within the deadline, in seconds.
    """
    end = time.monotonic() + deadline
    while any(each.state == "in_progress" for each in listed(door)):
        said("Another import is under way there; ours follows")
        if time.monotonic() > end:
            raise ConvexFailed(f"Another import into {door.target.label} does not end.", "Cancel it in its dashboard, then retry.")
        if stop.wait(_LOOK):
            raise Stopped(f"Waiting for another import into {door.target.label} was stopped.")


def since(  # noqa: PLR0913 # the facts of one import, all named
    door: Door,
    before: str,
    *,
    deadline: float,
    stop: threading.Event,
    said: Callable[[str], None],
    patience: float | None = None,
    left: str = "changed nothing",
) -> Imported | None:
    """How the import that began after ``before`` ended; None when it surely changed nothing.

    Args:
        door: of the deployment.
        before: the id of the one that was the newest then.
        deadline: the seconds that it may take in all.
        stop: ends the waiting.
        said: what is waited for.
        patience: the seconds that are left of them; all, where nobody waited for it before.
        left: what one that is cancelled has done.

    Raises:
        ConvexFailed: it took longer than the deadline, and was cancelled.
        Undecided: there are several, or the server does not say how it ended.
    """
    end = time.monotonic() + (deadline if patience is None else patience)
    while True:
        newer = [each for each in ours(listed(door), before) if each.state not in _OVER]
        _require_one(door, newer)
        if not newer:
            return None
        if newer[0].state == "completed":
            return Imported(id=newer[0].id, rows=newer[0].rows)
        if newer[0].state in _WAITING:
            door.call("POST", "/api/cancel_import", {"importId": newer[0].id})
        said(f"Convex is at work on the import ({newer[0].state.replace('_', ' ')})")
        if time.monotonic() > end:
            return _given_up(door, newer[0].id, deadline, stop, left)
        if stop.wait(_LOOK):
            raise Stopped(f"Waiting for the import into {door.target.label} was stopped.")


def _given_up(door: Door, import_id: str, deadline: float, stop: threading.Event, left: str) -> Imported:
    """Have the server cancel an import that takes too long: nobody waits for it, and it would change the data at any time.

    Raises:
        ConvexFailed: it is cancelled.
        Undecided: it is still under way.
    """
    label = door.target.label
    door.call("POST", "/api/cancel_import", {"importId": import_id})
    end = time.monotonic() + _CANCELLING
    while True:
        seen = next((each for each in listed(door) if each.id == import_id), None)
        if seen is not None and seen.state == "completed":
            return Imported(id=seen.id, rows=seen.rows)
        if seen is None or seen.state in _OVER:
            raise _late(door, f"did not end within {deadline:g} seconds and was cancelled there", left)
        if time.monotonic() > end:
            raise Undecided(f"The import into {label} has not ended, and is still under way there.", "Look at its dashboard.")
        if stop.wait(_LOOK):
            raise Stopped(f"Waiting for the import into {label} was stopped.")


def _late(door: Door, what: str, left: str) -> ConvexFailed:
    """It took longer than it may."""
    words = f"The import into {door.target.label} {what}; it {left}."
    return ConvexFailed(words, "Raise `[convex] deadline` if the data are that many and restart the bot, then retry.")


def _require_one(door: Door, newer: Sequence[Seen]) -> None:
    """Only a person can tell which of several is ours."""
    if len(newer) > 1:
        raise Undecided(
            f"{len(newer)} imports into {door.target.label} began since this one was to: somebody else imports too.",
            "Look at its dashboard, then decide.",
        )


def _run(program: Program, command: tuple[str, ...], deadline: float, stop: threading.Event, said: Callable[[str], None]) -> Finished:
    """The CLI at work, with its words on the card; it ends when we are stopped."""
    target = program.target
    shown = Shown(said=said, target=target, places={command[-1]: "the archive"})
    with program.start(*command, deadline=deadline, on_line=shown.hear) as running:
        while not running.ended(_LOOK / 2):
            if stop.is_set():
                running.end()
                raise Stopped(f"The import into {target.label} was stopped.")
        return running.finished()


def _failure(door: Door, finished: Finished, before: str, left: str) -> Failed:
    """Why it did not come to its end, in the server's own words where it has some, and what it left: an append is not all or nothing."""
    newer = ours(_listed_or_none(door), before)
    why = newer[0].error if newer else ""
    said = why or finished.err
    if misfit.is_misfit(said):
        clash = misfit.sentence(said)
        return Misfit(
            f"The rows do not fit the schema that {door.target.label} has now; it {left}: {clash}.",
            "Retry once functions with a fitting schema are there.",
            clash,
        )
    told = plain(why, door.target) or words(finished.err, door.target)
    return ConvexFailed(f"The import into {door.target.label} failed, and {left}: {told}.", "Look at its dashboard, then retry.")


def _listed_or_none(door: Door) -> list[Seen]:
    """The list, if the server still answers."""
    try:
        return listed(door)
    except Unreachable:
        return []
