"""Calls of the app's functions that failed, from the log that ``npx convex logs`` reads.

The server answers with what came after a cursor (milliseconds), and holds the request while there is nothing: a short silence
means that nothing more has happened. Of an error only its kind is kept: its text may quote a person's data.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ops.services.convex.door import Door
from ops.services.convex.trouble import ConvexFailed

_SILENCE = 2.0  # seconds
_BATCHES = 50  # that are read at once at most
_KIND = re.compile(r"\b[A-Z]\w*Error\b|\bServer Error\b")
_OURS = "backstop:"  # a question of ours, which no function answers


@dataclass(frozen=True, kw_only=True)
class FailedCalls:
    """What failed after one moment."""

    cursor: float  # where to go on, in milliseconds
    by_function: Mapping[str, int]  # "orders:create (TypeError)" and how often


def failed_since(door: Door, cursor: float) -> FailedCalls:
    """What failed after ``cursor``.

    Raises:
        ConvexFailed: the key may not read the log, or the deployment keeps none.
        Unreachable: it does not answer.
    """
    found: Counter[str] = Counter()
    for _ in range(_BATCHES):
        answer = door.within(_SILENCE, "GET", f"/api/stream_function_logs?cursor={int(cursor) if cursor.is_integer() else cursor}")
        if answer is None:
            break
        door.require(answer)
        entries, new = _read(answer.text, door)
        found.update(name for entry in entries if (name := _failure(entry)))
        if not entries or new <= cursor:
            break
        cursor = new
    return FailedCalls(cursor=cursor, by_function=dict(found.most_common()))


def _read(text: str, door: Door) -> tuple[list[Any], float]:
    """A batch and the next cursor."""
    import orjson

    try:
        said = orjson.loads(text)
        return list(said["entries"]), float(said["newCursor"])
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        raise ConvexFailed(f"{door.target.label} answers with no log.", "Look at its dashboard.") from None


def _failure(entry: Any) -> str:
    """The function that failed, and how; "" for everything else. Pure."""
    if not isinstance(entry, dict) or entry.get("kind") != "Completion" or not entry.get("error"):
        return ""
    name = str(entry.get("identifier") or "unknown")[:80]
    kind = _KIND.search(str(entry["error"]).split("\n", 1)[0])
    return "" if name.startswith(_OURS) else f"{name} ({kind[0] if kind else 'error'})"
