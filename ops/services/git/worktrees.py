"""A commit's files in a folder of their own, for the time of a step: never the user's checkout, and nothing left of a crash.

A ``.env`` that the app's commit carries would lead the Convex CLI to another deployment, so it is not written.
"""

from __future__ import annotations

import fcntl
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from ops.services.git.repository import Repository
from ops.services.git.trouble import GitFailed

_LOCK = ".lock"
_OLD = 3600.0  # seconds


@dataclass(frozen=True, kw_only=True)
class Worktree:
    """The files of one commit."""

    path: Path
    removed: tuple[str, ...]  # what was not taken over, from the root of the repository


class Worktrees(Repository):
    """Commits written out as files."""

    @contextmanager
    def worktree(self, commit: str, home: Path, folder: str = ".", *, stop: Event | None = None) -> Iterator[Worktree]:
        """A commit's files below ``home``, gone afterwards; ``folder`` is the app's inside the repository."""
        self._in_clone(lambda: self._need((commit,), stop), stop)
        try:
            home.mkdir(parents=True, exist_ok=True, mode=0o700)
            sweep(home)
            path = Path(tempfile.mkdtemp(prefix=f"{commit[:7]}-", dir=home))
        except OSError as error:
            raise GitFailed(f"{home} cannot be written: {error.strerror}.", "Make room there, or give the folder to our user.") from None
        with _held(path):
            try:
                files = path / "files"
                files.mkdir()
                self.program.write_files(commit, files, path / "index", stop=stop)
                yield Worktree(path=files, removed=tuple(_without_settings(files, folder)))
            finally:
                shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _held(path: Path) -> Iterator[None]:
    """Keep others from taking it for a dead process's."""
    lock = path.with_name(f"{path.name}{_LOCK}")
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)


def sweep(home: Path) -> None:
    """Remove what dead processes left; what a living one works in is locked."""
    for lock in home.glob(f"*{_LOCK}"):
        try:
            with lock.open() as held:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
                lock.unlink(missing_ok=True)
        except (BlockingIOError, FileNotFoundError):
            continue
    for path in home.iterdir():  # one whose process died before it had the lock
        if path.is_dir() and not path.with_name(f"{path.name}{_LOCK}").exists() and time.time() - path.stat().st_mtime > _OLD:
            shutil.rmtree(path, ignore_errors=True)


def _without_settings(files: Path, folder: str) -> Iterator[str]:
    """Remove what would lead the Convex CLI elsewhere; the names of what was removed."""
    for place in dict.fromkeys((files, files / folder)):
        for found in sorted(place.glob(".env*")) if place.is_dir() else ():
            if found.name == ".env" or found.name.startswith(".env."):
                shutil.rmtree(found) if found.is_dir() and not found.is_symlink() else found.unlink()
                yield str(found.relative_to(files))
