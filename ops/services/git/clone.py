"""A bare clone of our own: made on first use, made anew when it is broken, by one process at a time.

It holds nothing that is not at the remote, so it may always be thrown away. Its making is an ``init`` beside its place and a
rename; what a fetch brings, git itself brings whole or not at all.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import IO

from ops.services import process
from ops.services.git.program import Program
from ops.services.git.trouble import GitFailed

_MARK = "backstop-address"  # holds what it is a clone of; written last, so that half a clone has none
_FILLED = "backstop-filled"  # there since the first fetch succeeded
_PAUSE = 0.05

Seen = tuple[int, int] | None


class Clone:
    """The clone's place on disk."""

    def __init__(self, path: Path, program: Program) -> None:
        self.path = path
        self.program = program

    @property
    def filled(self) -> bool:
        """Whether a fetch has succeeded since it was made."""
        return (self.path / _FILLED).exists()

    def fill(self) -> None:
        """Note that a fetch succeeded."""
        (self.path / _FILLED).touch()

    def seen(self) -> Seen:
        """Tell this clone from the one made after it; None if there is none."""
        try:
            found = (self.path / _MARK).stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns

    def ensure(self, stop: Event | None) -> Seen:
        """Make it if it is not there, or is a clone of something else."""
        seen = self.seen()
        if seen is None or not self._of_this_address():
            self.renew(seen, stop)
        return self.seen()

    def renew(self, seen: Seen, stop: Event | None) -> None:
        """Make it anew, unless somebody else has since it was seen."""
        with self.held(stop):
            if self.seen() == seen:
                self._make(stop)

    @contextmanager
    def held(self, stop: Event | None) -> Iterator[None]:
        """Keep other processes from fetching into it or replacing it."""
        with self._lock_file() as lock:
            self._wait(lock.fileno(), stop)
            yield

    def _lock_file(self) -> IO[str]:
        """The file that the lock is on, beside the clone, since the clone itself is replaced."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            return self.path.with_name(f"{self.path.name}.lock").open("a")
        except OSError as error:
            raise self._not_written(error) from None

    def _not_written(self, error: OSError) -> GitFailed:
        """Say why the clone cannot be made."""
        return GitFailed(f"{self.path} cannot be written: {error.strerror}.", "Make room there, or give the folder to our user.")

    def _wait(self, lock: int, stop: Event | None) -> None:
        """Take the lock, which ends with the process that holds it."""
        end = time.monotonic() + self.program.deadline
        while not _taken(lock):
            if stop is not None and stop.is_set():
                raise process.Stopped("Waiting for the clone was stopped.")
            if time.monotonic() > end:
                raise GitFailed(
                    f"Another process has been fetching into {self.path} for {self.program.deadline:g} seconds.",
                    "Wait for it to end, then try again; `/ops status` shows what runs.",
                )
            time.sleep(_PAUSE)

    def _of_this_address(self) -> bool:
        """Whether it was made of the address that is set now."""
        try:
            return (self.path / _MARK).read_text("utf-8") == self.program.address.url
        except (OSError, UnicodeDecodeError):
            return False

    def _make(self, stop: Event | None) -> None:
        """Make an empty one beside its place, then put it there."""
        try:
            self._sweep()
            fresh = Path(tempfile.mkdtemp(prefix=f".{self.path.name}.", dir=self.path.parent))
            self.program.make(fresh, stop)
            (fresh / _MARK).write_text(self.program.address.url, "utf-8")
            if os.path.lexists(self.path):
                self.path.rename(fresh.with_suffix(".old"))
            fresh.rename(self.path)
        except OSError as error:
            raise self._not_written(error) from None
        finally:
            self._sweep()

    def _sweep(self) -> None:
        """Remove what a making left behind; only the holder of the lock makes."""
        for left in self.path.parent.glob(f".{self.path.name}.*"):
            if left.is_dir() and not left.is_symlink():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink(missing_ok=True)


def _taken(lock: int) -> bool:
    """Whether the lock could be taken."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
