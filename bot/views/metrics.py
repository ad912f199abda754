"""The figures as a table, each beside what is promised, and as a chart where Slack draws one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from bot.views.blocks import Block, Message, context, message, section, table
from bot.views.text import UNKNOWN, code, counted, duration, prose, size
from ops.metrics import Counts, Figures, Span
from ops.settings import Settings

_POINTS = 20  # of a chart: Slack takes no more
_STEPS = 3  # that are named


def metrics(found: Figures, settings: Settings, target: str, *, in_lines: bool = False) -> Message:
    """The table; in a window, which has none, a line for each."""
    days = counted(found.days, "day")
    rows = [*_backups(found), *_back(found, settings), *_changes(found)]
    shown = [section(*map(_line, rows))] if in_lines else [table(("Figure (promised)", "Measured"), *map(_cells, rows))]
    return message(
        f"Metrics of {target} over {days}: {_share(found.backups['full backup'])} of full backups succeeded",
        section(f"*Metrics* · *{prose(target)}* · the last {days}"),
        *shown,
        context(*_notes(found)),
    )


def _cells(row: tuple[str, str, str]) -> tuple[str, str]:
    """A figure in two columns, as many as a phone shows."""
    name, measured, promised = row
    return (f"{name} ({promised})" if promised else name, measured)


def _line(row: tuple[str, str, str]) -> str:
    """A figure in a line."""
    name, measured, promised = row
    return f"{name}: *{measured}*" + (f" ({promised} promised)" if promised else "")


def _backups(found: Figures) -> list[tuple[str, str, str]]:
    """Backups."""
    full, quick = (found.took.get(kind) for kind in ("full backup", "quick backup"))
    sizes = [bytes_ for _, bytes_ in found.sizes]
    grown = f"{size(round(found.per_day))} a day" if found.per_day is not None else UNKNOWN
    return [
        ("Full backups", _share(found.backups["full backup"]), "100 %"),
        ("Quick backups", _share(found.backups["quick backup"]), "100 %"),
        ("Automated ones", _share(found.backups["automated"]), "100 %"),
        ("A full backup takes", _took(full), ""),
        ("A quick backup takes", _took(quick), ""),
        ("Newest archive", size(sizes[-1]) if sizes else UNKNOWN, ""),
        ("The folder grows by", grown, ""),
    ]


def _back(found: Figures, settings: Settings) -> list[tuple[str, str, str]]:
    """Coming back."""
    rpo, rto = timedelta(hours=settings.drill.rpo_hours), timedelta(minutes=settings.drill.rto_minutes)
    return [
        (
            "Lost now",
            _lose(found),
            f"under {_round(rpo)}",
        ),
        ("Lost at most", duration(found.lose_most) if found.lose_most is not None else UNKNOWN, f"under {_round(rpo)}"),
        ("Coming back takes", duration(found.back) if found.back is not None else UNKNOWN, f"under {_round(rto)}"),
        ("Restores", _share(found.brought_back), "100 %"),
        ("Restored and proven", _percent(found.verified), ""),
        ("Copies", str(found.copies), ""),
    ]


def _changes(found: Figures) -> list[tuple[str, str, str]]:
    """Deploys, and who signs."""
    return [
        ("Deploys a week", f"{found.per_week:.1f}", ""),
        ("Deploys that went wrong", _percent(found.changes_undone), ""),
        ("Production back after", _took(found.restored_after), ""),
        ("A signature takes", _took(found.signed_after), ""),
    ]


def _round(span: timedelta) -> str:
    """A promise, which is a round one."""
    hours, minutes = divmod(int(span.total_seconds()) // 60, 60)
    return f"{hours} h" if not minutes else f"{hours * 60 + minutes} min"


def _share(counts: Counts) -> str:
    """How many of how many."""
    return f"{_percent(counts.rate)} ({counts.good} of {counts.of})" if counts.of else "none"


def _percent(rate: float | None) -> str:
    """A share; never rounded up to all."""
    if rate is None:
        return UNKNOWN
    return f"{int(rate * 1000) / 10:g} %"


def _lose(found: Figures) -> str:
    """What would be lost now."""
    if found.lose_now is not None:
        return duration(found.lose_now)
    return UNKNOWN if found.copies else "everything"  # a copy that is dated ahead of the clock


def _took(span: Span | None) -> str:
    """The middle, and the slow ones."""
    if span is None:
        return UNKNOWN
    return duration(span.middle) if span.count == 1 else f"{duration(span.middle)} (slow: {duration(span.slow)})"


def _notes(found: Figures) -> list[str]:
    """What is behind the figures."""
    steps = ", ".join(f"{name} {duration(seconds)}" for name, seconds in found.back_by_step[:_STEPS])
    oldest = f"Oldest full backup that was never restored: {code(found.never_restored.id)}" if found.never_restored else ""
    wrong = "A deploy went wrong if it failed, or was rolled back within a day."
    few = "" if len(found.sizes) > 1 else "A picture comes once there are two full backups in these days."
    return [each for each in (f"Coming back, its longest steps: {steps}" if steps else "", oldest, wrong, few) if each]


def chart(sizes: Sequence[tuple[datetime, int]]) -> Block | None:
    """How large the archives were, the oldest first, as Slack draws it; None before there are two."""
    points = thinned(sizes)
    if len(points) < 2:
        return None
    labels = [f"{at:%d %b %H:%M:%S}" for at, _ in points]
    data = [{"label": label, "value": round(value / 1000**2, 1)} for label, (_, value) in zip(labels, points, strict=True)]
    drawn: dict[str, Any] = {"type": "line", "series": [{"name": "Archive, MB", "data": data}], "axis_config": {"categories": labels}}
    return {"type": "data_visualization", "title": f"The last {len(points)} full backups", "chart": drawn}


def thinned(points: Sequence[tuple[datetime, int]]) -> list[tuple[datetime, int]]:
    """At most as many as a chart takes, the first and the last among them. Pure."""
    if len(points) <= _POINTS:
        return list(points)
    step = (len(points) - 1) / (_POINTS - 1)
    return [points[round(place * step)] for place in range(_POINTS)]
