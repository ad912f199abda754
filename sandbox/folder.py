"""The folder in which a sandbox keeps everything: one sandbox at a time."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class Taken(Exception):
    """Another sandbox runs in this folder."""


class Claim:
    """A folder held by this process until it ends, however it ends.

    Args:
        folder: made when missing.

    Raises:
        Taken: somebody else holds it; the message says who and where.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = (folder / "lock").open("a+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.seek(0)
            holder = self._file.read().strip() or "another process"
            self._file.close()
            raise Taken(f"A sandbox runs in {folder} already: {holder}.") from None

    def note(self, address: str) -> None:
        """Say where this sandbox is, for whoever is refused."""
        self._file.truncate(0)
        self._file.write(f"{address} (process {os.getpid()})\n")
        self._file.flush()

    def release(self) -> None:
        """Let the next one in."""
        self._file.truncate(0)
        self._file.close()
