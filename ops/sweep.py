"""Remove temporary files whose operation has ended; everything else is left where it is, and said."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ops import files
from ops.catalogue import FACTS_WRITER

_GRACE = 60  # seconds in which another process may still be writing facts


@dataclass(frozen=True, kw_only=True)
class Swept:
    """What a sweep removed, and what it left for a person."""

    removed: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


def sweep(folder: Path, ended: Callable[[str], bool]) -> Swept:
    """Remove the leftovers of operations that have ended; those of unknown ones stay."""
    found = [entry for shelf in ("quick", "full", "deltas") for entry in files.leftovers(folder / shelf)]
    removable = [path for path, operation in found if _removable(path, operation, ended)]
    for path in removable:
        path.unlink(missing_ok=True)
    return Swept(removed=tuple(path.name for path in removable), left=tuple(path.name for path, _ in found if path not in removable))


def _removable(path: Path, operation: str, ended: Callable[[str], bool]) -> bool:
    """Whether nobody can be writing this file any more."""
    if operation != FACTS_WRITER:
        return ended(operation)
    try:
        return time.time() - path.stat().st_mtime > _GRACE
    except FileNotFoundError:
        return True
