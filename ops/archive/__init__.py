"""The archive: the ZIP that Convex exported, looked at in a niced process of its own.

So the bot's memory and its interpreter stay untouched, whatever is in the file.
"""

from __future__ import annotations

import json
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ops.archive.words import Checked, Expected, Table
from ops.errors import Failed
from ops.services import process

__all__ = ["Checked", "Expected", "Table", "check", "compare"]

DEADLINE = 3600.0  # seconds: 500 MB take two
FALL = 0.2  # a table that lost more than this share of its rows is told
FEW = 10  # rows; a smaller loss is no news


def check(
    path: Path,
    *,
    expected: Expected | None = None,
    level: int = 2,
    stop: threading.Event | None = None,
    progress: Callable[[Mapping[str, Any]], None] | None = None,
) -> Checked:
    """Look at an archive as far as a level.

    Raises:
        Failed: the look itself could not be taken; what is wrong with the archive is in the result.
    """
    with tempfile.TemporaryDirectory(prefix="backstop-") as folder:
        asked, answered = Path(folder, "asked.json"), Path(folder, "answered.json")
        asked.write_text(json.dumps({"path": str(path), "expected": (expected or Expected()).dump(), "level": level}))
        finished = process.run(
            [sys.executable, "-m", "ops.archive", str(asked), str(answered)],
            cwd=Path(__file__).parents[2],
            environ={"PYTHONDONTWRITEBYTECODE": "1", "OPENBLAS_NUM_THREADS": "1"},
            deadline=DEADLINE,
            stop=stop,
            on_line=(lambda line: progress({"line": line})) if progress else None,
        )
        if finished.code or not answered.exists():
            raise Failed(
                "The archive could not be looked at: the process that reads it ended early.",
                f"Its last words: {finished.err[-300:] or 'none'}",
            )
        return Checked.parse(json.loads(answered.read_bytes()))


def compare(old: Mapping[str, Table], new: Mapping[str, Table]) -> tuple[str, ...]:
    """Say which tables fell against the backup before. Pure."""
    return tuple(
        _fall(name, old[name].rows, new[name].rows if name in new else None) for name in sorted(old) if _fell(old[name], new.get(name))
    )


def _fell(before: Table, now: Table | None) -> bool:
    """Whether a table lost so much that a person should look."""
    if now is None:
        return before.rows > 0
    lost = before.rows - now.rows
    return lost > 0 and (now.rows == 0 or (lost > FEW and lost > before.rows * FALL))


def _fall(name: str, before: int, now: int | None) -> str:
    """The fall in words."""
    return f"{name} is gone; it had {before} rows" if now is None else f"{name} fell from {before} to {now} rows"
