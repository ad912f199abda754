"""The archive: the ZIP that Convex exported, looked at in a niced process of its own.

So the bot's memory and its interpreter stay untouched, whatever is in the file. It is read once: inflated, hashed, counted
and fingerprinted on the way, on two cores where there are two.
"""

from __future__ import annotations

import json
import logging
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ops.archive.layout import Unreadable, read
from ops.archive.recorded import compare
from ops.archive.words import NO_TABLE, Checked, Expected, Table, holds_files, lists_files
from ops.errors import Failed
from ops.services import process

__all__ = ["NO_TABLE", "Checked", "Expected", "Table", "check", "compare", "has_files", "holds_files", "lists_files"]

DEADLINE = 3600.0  # seconds: 500 MB take two

log = logging.getLogger(__name__)


def check(
    path: Path,
    *,
    expected: Expected | None = None,
    level: int = 2,
    stop: threading.Event | None = None,
    progress: Callable[[Mapping[str, Any]], None] | None = None,
) -> Checked:
    """Look at an archive as far as a level.

    Args:
        path: the ZIP.
        expected: what was recorded of it. None: nothing yet, so every row is fingerprinted for the record; without
            tables in it rows are counted only, which takes half the time.
        level: 0 to 3.
        stop: ends the look.
        progress: told ``done`` (uncompressed bytes) and ``items`` now and then, in a thread.

    Raises:
        Failed: the look itself could not be taken; what is wrong with the archive is in the result.
    """
    with tempfile.TemporaryDirectory(prefix="backstop-") as folder:
        asked, answered = Path(folder, "asked.json"), Path(folder, "answered.json")
        asked.write_text(json.dumps({"path": str(path.absolute()), "expected": expected and expected.dump(), "level": level}))
        finished = process.run(
            [sys.executable, "-m", "ops.archive", str(asked), str(answered)],
            cwd=Path(__file__).parents[2],
            environ={},
            deadline=DEADLINE,
            stop=stop,
            on_line=(lambda line: _hear(line, progress)) if progress else None,
        )
        if finished.code or not answered.exists():
            raise _not_looked(finished)
        return Checked.parse(json.loads(answered.read_bytes()))


def has_files(path: Path) -> bool:
    """Whether an archive was taken with stored files, by its directory alone.

    Raises:
        Failed: it cannot be read.
    """
    try:
        return holds_files(member.table for member in read(path) if member.table)
    except OSError as error:
        raise Failed(f"The archive cannot be read ({error.strerror}).", "Choose another backup: `/backup list` shows them.") from None
    except Unreadable as error:
        raise Failed(f"The archive is damaged: {error}.", "Choose another backup: `/backup list` shows them.") from None


def _hear(line: str, progress: Callable[[Mapping[str, Any]], None]) -> None:
    """Hand on a word of progress; anything else that the process says is no progress."""
    if line.startswith("{"):
        progress(json.loads(line))


def _not_looked(finished: process.Finished) -> Failed:
    """The process that looks has died: what it said is for the log, not for a person."""
    log.error("looking at an archive ended with code %s: %s", finished.code, finished.err)
    return Failed(
        f"The archive could not be looked at: the process that reads it ended early (code {finished.code}).",
        "Look at the machine's memory and disk, then verify it again; the log has the details.",
    )
