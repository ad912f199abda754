"""Who runs operations on this machine: each process holds a lock on a file of its own, so a free lock proves it dead.

A lease alone would make a restart wait; a single lock would not tell a living terminal from a dead one.
"""

from __future__ import annotations

import fcntl
import os
import socket
import sys
import uuid
from collections.abc import Iterable
from pathlib import Path


class Runner:
    """This process, and what it knows of the others. Without a folder (more than one machine) it knows nothing."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.name = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self._held: int | None = None
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            self._held = os.open(folder / self.name, os.O_CREAT | os.O_RDWR, 0o600)
            fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)

    @property
    def proves(self) -> bool:
        """Whether it can tell the dead from the living; else only a lease that ran out says anything."""
        return self.folder is not None

    @property
    def leaves_nothing(self) -> bool:
        """Whether a process that it calls dead has surely left no program running: on Linux they die with it."""
        return self.proves and sys.platform == "linux"

    def dead(self, names: Iterable[str | None]) -> set[str]:
        """Those of these runners that are proven to be gone."""
        return {name for name in names if name and self.folder is not None and name != self.name and _free(self.folder / name)}

    def close(self) -> None:
        """Let go of our file."""
        if self._held is not None and self.folder is not None:
            (self.folder / self.name).unlink(missing_ok=True)
            os.close(self._held)
            self._held = None


def _free(path: Path) -> bool:
    """Whether nobody holds the file's lock; a file that is gone was closed in good order."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        path.unlink(missing_ok=True)
        return True
    finally:
        os.close(descriptor)
