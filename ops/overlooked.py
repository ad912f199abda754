"""A damage that the verifier missed is done again to the same backup until it is seen: another one that it sees says nothing of it (X9).

Pure: decided from the verifications as they ended.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from ops.journal import OperationView

LOOKED_BACK = 50  # verifications among which one is looked for


def owed(newest_first: Iterable[OperationView]) -> OperationView | None:
    """The newest verification whose missed damage has not been seen since."""
    seen: set[str] = set()
    for view in newest_first:
        before = view.params.get("shown", {}).get("repeats")
        if before and (view.id in seen or is_seen(view)):
            seen.add(before)
        if view.result.get("missed") and view.id not in seen:
            return view
    return None


def is_seen(view: OperationView) -> bool:
    """Whether this one repeated a damage, and the verifier saw it."""
    shown, tested = view.params.get("shown", {}), view.result.get("verifier") or {}
    return bool(shown.get("repeats")) and tested.get("damage") == shown.get("damage")


def seen_since(newest_first: Iterable[OperationView], at: datetime) -> OperationView | None:
    """The newest that saw what was missed, if that was after this moment."""
    return next((view for view in newest_first if is_seen(view) and view.created_at > at), None)
