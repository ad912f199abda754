"""How long an operation usually takes."""

from __future__ import annotations

from statistics import median

from ops.journal import Journal, Status

LATELY = 20  # operations of a kind that a usual duration is taken from


def usual_seconds(journal: Journal, kind: str) -> float | None:
    """How long an operation of this kind took lately, in the middle; None while none has succeeded."""
    ended = [view for view in journal.recent(LATELY, kinds=(kind,)) if view.status is Status.SUCCEEDED and view.finished_at]
    spans = [(view.finished_at - view.created_at).total_seconds() for view in ended if view.finished_at]
    return median(spans) if spans else None
