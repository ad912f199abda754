"""Folders in which a piece of work is done: locked while its process lives, so that what the dead left can be told and removed."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_LOCK = ".lock"
_OLD = 3600.0  # seconds


@contextmanager
def folder(home: Path, prefix: str = "") -> Iterator[Path]:
    """A new folder below ``home``, gone afterwards; what dead processes left there goes first.

    Raises:
        OSError: it cannot be made.
    """
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    sweep(home)
    path = Path(tempfile.mkdtemp(prefix=prefix, dir=home))
    lock = path.with_name(f"{path.name}{_LOCK}")
    with (path / _LOCK).open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        (path / _LOCK).rename(lock)  # seen by others only once it is held
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)
            lock.unlink(missing_ok=True)


def sweep(home: Path) -> None:
    """Remove what dead processes left; what a living one works in is locked."""
    for lock in home.glob(f"*{_LOCK}"):
        with suppress(BlockingIOError, FileNotFoundError), lock.open() as held:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
            lock.unlink(missing_ok=True)
    for path in home.glob("*"):  # one whose process died before it had the lock
        with suppress(FileNotFoundError):
            if path.is_dir() and not path.with_name(f"{path.name}{_LOCK}").exists() and time.time() - path.stat().st_mtime > _OLD:
                shutil.rmtree(path, ignore_errors=True)
