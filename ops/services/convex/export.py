"""Export a deployment: wait for our turn, let the CLI do it, and look after it, for it does not look after itself.

The CLI waits for ever for a server that never finishes and behind a proxy that lets no websocket through, keeps half a file
of a cut download, and leaves its export running when it is ended. So while it works we watch the clock, the disk, what it
says and what the server says.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ops import files
from ops.services.convex import latest
from ops.services.convex.door import Door
from ops.services.convex.heard import Heard
from ops.services.convex.latest import Latest
from ops.services.convex.program import Program, Running
from ops.services.convex.server import Patience, Server
from ops.services.convex.trouble import AGAIN, ConvexFailed, Trouble, Unreachable, explain, plain, trouble
from ops.services.process import Finished, Stopped
from ops.words import decimal_size, elapsed

log = logging.getLogger(__name__)

_LOOK = 0.25  # seconds between two looks at the file, the disk and the clock
_GRACE = 10.0  # seconds after our deadline at which the program's own net catches it


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What came of it."""

    snapshot_timestamp: datetime | None  # the moment whose data it holds
    size: int  # bytes


@dataclass(kw_only=True)
class Export:
    """One export being taken: what it works with, and what it knows so far."""

    door: Door
    program: Program
    part: Path
    with_files: bool
    seconds: float  # for all of it
    zone: ZoneInfo
    stop: threading.Event
    progress: Callable[[Mapping[str, Any]], None]
    patience: Patience
    before: Latest | None = None  # the newest export before ours; None if the server does not tell
    begun: float = field(default_factory=time.monotonic)

    @property
    def label(self) -> str:
        """Whose export, for sentences."""
        return self.program.target.label

    def take(self) -> Exported:
        """Wait for our turn, then run the CLI; again if somebody was faster. On failure no file is left."""
        try:
            self.before, pause = self.door.first_look(), self.patience.between_looks
            while True:
                self.wait_for_others()
                heard = Heard()
                finished = self.run(heard)
                if finished.code == 0:
                    return self.exported(heard)
                if finished.code < 0 or trouble(finished.err) is not Trouble.BUSY:
                    raise self.failure(finished)
                self.pause(pause, "Another export is under way there; ours follows.")
                self.before, pause = self.look(), min(pause * 1.5, self.patience.longest_pause)
        except BaseException:
            self.part.unlink(missing_ok=True)
            raise

    # -- our turn --

    def wait_for_others(self) -> None:
        """Wait until no export is under way as far as the server tells."""
        while self.before is not None and self.before.under_way:
            self.pause(self.patience.between_looks, waiting(self.before, self.zone))
            self.before = self.look()

    def pause(self, seconds: float, waiting: str) -> None:
        """Wait a while for somebody else; say so."""
        self.progress({"phase": "waiting", "bytes": 0, "line": "", "waiting": waiting})
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.stop.wait(min(left, _LOOK))
            self.require_time(f"Another export of {self.label} was under way for all of {self.allowed}; ours never began.")

    def look(self) -> Latest | None:
        """The newest export; None while the server does not tell."""
        try:
            return self.door.look()
        except Unreachable:
            return None

    # -- the CLI at work --

    def run(self, heard: Heard) -> Finished:
        """Run the CLI and look after it; whatever ends it before its time ends our export at the server too."""
        words = ("export", "--path", str(self.part), *(("--include-file-storage",) if self.with_files else ()))
        left = self.begun + self.seconds - time.monotonic() + _GRACE
        with self.program.start(*words, deadline=left, on_line=lambda line: heard.hear(line, time.monotonic())) as running:
            try:
                self.look_after(running, heard)
                return running.finished()
            except BaseException:
                self.abandon(running, heard)
                raise

    def look_after(self, running: Running, heard: Heard) -> None:
        """Watch the clock, the disk, the CLI and the server until the CLI has ended."""
        server = Server(patience=self.patience, door=self.door, before=self.before)
        while not running.ended(_LOOK):
            self.require_time(f"The export of {self.label} did not end within {self.allowed}.")
            self.require_room()
            self.tell(heard)
            server.require_websocket(heard, time.monotonic(), self.label)

    def require_time(self, too_late: str) -> None:
        """End here if somebody stopped us, or our time is up."""
        if self.stop.is_set():
            raise Stopped(f"The export of {self.label} was stopped.", AGAIN)
        if time.monotonic() - self.begun > self.seconds:
            raise ConvexFailed(too_late, f"Look at the deployment's exports in its dashboard. {AGAIN}")

    def require_room(self) -> None:
        """End here before the disk is full: the machine and its database live there too."""
        there = files.room(self.part.parent)
        if self.part.exists() and there.free < there.reserve:
            raise ConvexFailed(
                f"The export of {self.label} was ended at {decimal_size(self.size)}: only {decimal_size(there.free)} are free where "
                f"backups lie, and {decimal_size(there.reserve)} must stay free.",
                "The unfinished file was removed. Make room, or delete backups that are not needed: `/backup list`.",
            )

    def tell(self, heard: Heard) -> None:
        """Say how far it is."""
        line = plain(heard.line.replace(str(self.part), "the archive"), self.program.target)
        self.progress({"phase": heard.phase, "bytes": self.size, "line": line, "waiting": None})

    @property
    def size(self) -> int:
        """Bytes written so far."""
        try:
            return self.part.stat().st_size
        except FileNotFoundError:
            return 0

    @property
    def allowed(self) -> str:
        """How long it may take, for sentences."""
        return elapsed(timedelta(seconds=self.seconds))

    # -- the end --

    def failure(self, finished: Finished) -> ConvexFailed:
        """What a run that failed means. One that was killed leaves its export running."""
        if finished.code > 0:
            return explain(finished.err, self.program.target)
        self.cancel()
        return ConvexFailed(
            f"The CLI that exported {self.label} was killed by signal {-finished.code}.",
            f"Look whether the machine ran out of memory. {AGAIN}",
        )

    def exported(self, heard: Heard) -> Exported:
        """The archive is there. The CLI itself says of which moment; else the server is asked."""
        if not self.size:
            raise ConvexFailed(f"The CLI ended well, but wrote no export of {self.label}.", AGAIN)
        self.tell(heard)
        snapshot = latest.instant(heard.snapshot)
        if snapshot is None and (newest := self.look()) is not None and newest.state == "completed":
            snapshot = newest.snapshot
        return Exported(snapshot_timestamp=snapshot, size=self.size)

    def abandon(self, running: Running, heard: Heard) -> None:
        """End the CLI, then cancel our export at the server, if one of ours is under way there."""
        if heard.requested is None:
            running.end()
            return
        running.ended(max(0.0, heard.requested + self.patience.answer - time.monotonic()))  # a refusal may be on its way
        refused = running.outcome.done()
        running.end()
        if not refused:
            self.cancel()

    def cancel(self) -> None:
        """Cancel what is under way at the server and was not there before us; somebody else's is left alone."""
        try:
            newest = self.door.look()
            if newest and self.before and newest.under_way and newest.id not in {"", self.before.id}:
                log.info("export of %s cancelled at the server: %s", self.label, self.door.cancel(newest))
        except Unreachable as failure:
            log.warning("our export of %s may still be under way there: %s", self.label, failure.message)


def waiting(other: Latest, zone: ZoneInfo) -> str:
    """Who is in front of us, and since when."""
    since = f" since {other.created.astimezone(zone):%H:%M}" if other.created else ""
    gone = f" ({elapsed(datetime.now(UTC) - other.created)})" if other.created else ""
    return f"{other.who[:1].upper()}{other.who[1:]} has been under way there{since}{gone}; ours follows."
