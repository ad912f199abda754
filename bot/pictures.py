"""Pictures of figures that a table does not show at a glance. Drawn in a worker's thread: matplotlib takes half a second to come in."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING

from bot.views.text import duration, size

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ops.drill import Drilled
    from ops.metrics import Figures

_SHOWN = 8  # drills: what a phone still shows apart
_INCHES, _TALL, _DPI = (4.8, 4.0), (4.8, 5.6), 225  # 1080 pixels wide, with letters that a phone still shows
_COLOURS = ("#e69f00", "#56b4e9", "#0072b2", "#009e73")  # told apart by colour-blind people too (Okabe and Ito)
_PROMISE, _QUIET = "#b3372f", "#5c6966"
_UNITS = ((3600.0, "hours"), (60.0, "minutes"), (1.0, "seconds"))


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture as Slack takes it, with the words for those who do not see it."""

    name: str
    title: str
    alt: str
    content: bytes


def drills(found: Sequence[Drilled], cache: Path) -> Picture:
    """How long coming back took, drill by drill and phase by phase, beside what is promised.

    Args:
        found: at least one, the oldest first.
        cache: where matplotlib may keep what it knows of fonts.
    """
    shown = list(found)[-_SHOWN:]
    promised = shown[-1].rto
    by, unit = _unit(max(promised, *(each.total for each in shown)))
    figure, axes = _empty(cache)
    below = [0.0] * len(shown)
    for phase, colour in zip(shown[0].seconds, _COLOURS, strict=True):
        spans = [each.seconds[phase] / by for each in shown]
        axes.bar(range(len(shown)), spans, width=0.6, bottom=below, color=colour, label=phase)
        below = [low + span for low, span in zip(below, spans, strict=True)]
    for place, each in enumerate(shown):
        axes.annotate(_short(each.total), (place, below[place]), (0, 3), textcoords="offset points", ha="center", fontsize=9)
    axes.axhline(promised / by, color=_PROMISE, linestyle="--", linewidth=1.5, label=f"promised: {duration(promised)}")
    axes.set_xticks(range(len(shown)), [f"{each.scenario}\n{each.at:%d %b}" for each in shown])
    axes.set_xlim(-0.6, max(len(shown), 4) - 0.4)  # one bar alone must not fill the picture
    axes.set_ylim(0, max(promised / by, *below) * 1.12)
    axes.set_ylabel(unit, color=_QUIET)
    axes.legend(ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False, fontsize=9, columnspacing=1.2, handlelength=1.2)
    totals = ", ".join(f"{each.at:%Y-%m-%d} {each.scenario} {duration(each.total)}" for each in shown)
    title = "Drills: time to come back"
    return Picture(name="drills.png", title=title, alt=f"{title}. {totals}. Promised: {duration(promised)}.", content=_png(figure))


def trend(found: Figures, limit: int, rto: float, cache: Path) -> Picture:
    """How large the archives were and how long the backups took, day by day, beside what is promised.

    Args:
        found: with two full backups at least.
        limit: of the backup folder, in bytes.
        rto: seconds within which production must be back.
        cache: where matplotlib may keep what it knows of fonts.
    """
    figure, (above, below) = _two(cache)
    from matplotlib.dates import date2num

    times = [[date2num(at) for at, _ in each] for each in (found.sizes, found.spans)]  # type: ignore[no-untyped-call] # matplotlib's own
    sizes, spans = [bytes_ / 1000**2 for _, bytes_ in found.sizes], [seconds for _, seconds in found.spans]
    above.plot(times[0], sizes, color=_COLOURS[2], marker="o", markersize=3, linewidth=1.5, label="archive")
    above.axhline(limit / 1000**2, color=_PROMISE, linestyle="--", linewidth=1.5, label=f"limit of the folder: {size(limit)}")
    above.set_ylabel("MB", color=_QUIET)
    by, unit = _unit(max(rto, *spans))
    below.plot(times[1], [each / by for each in spans], color=_COLOURS[3], marker="o", markersize=3, linewidth=1.5, label="backup")
    below.axhline(rto / by, color=_PROMISE, linestyle="--", linewidth=1.5, label=f"coming back, promised: {duration(rto)}")
    if found.back is not None:
        below.axhline(found.back / by, color=_COLOURS[0], linewidth=1.5, label=f"coming back, measured: {duration(found.back)}")
    below.set_ylabel(unit, color=_QUIET)
    for axes in (above, below):
        axes.set_ylim(bottom=0)
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=1, frameon=False, fontsize=9, handlelength=1.2)
    below.xaxis_date(UTC)
    figure.autofmt_xdate(rotation=30)
    title = f"Full backups of {found.days} days: size and duration"
    ends = f"From {size(found.sizes[0][1])} to {size(found.sizes[-1][1])}; the folder's limit is {size(limit)}."
    took = f"The last one took {duration(spans[-1])}, the longest {duration(max(spans))}."
    return Picture(name="metrics.png", title=title, alt=f"{title}. {ends} {took}", content=_png(figure))


def _two(cache: Path) -> tuple[Figure, tuple[Axes, Axes]]:
    """Two empty pictures, one above the other, with one axis of time."""
    figure, above = _empty(cache, rows=2)
    below = figure.add_subplot(2, 1, 2, sharex=above)
    _plain(below)
    return figure, (above, below)


def _short(seconds: float) -> str:
    """A span as a bar has room for it."""
    by, unit = next(((by, name) for by, name in _UNITS if seconds >= by), _UNITS[-1])
    return f"{seconds / by:.1f} h" if unit == "hours" else f"{seconds / by:.0f} {unit[:1] if unit == 'seconds' else 'min'}"


def _unit(most: float) -> tuple[float, str]:
    """The unit in which the longest span is at least two."""
    return next(((by, name) for by, name in _UNITS if most >= 2 * by), _UNITS[-1])


def _empty(cache: Path, rows: int = 1) -> tuple[Figure, Axes]:
    """An empty picture; without pyplot, whose state all threads share."""
    os.environ.setdefault("MPLCONFIGDIR", str(cache))
    from matplotlib.figure import Figure

    figure = Figure(figsize=_INCHES if rows == 1 else _TALL, dpi=_DPI, layout="constrained")
    axes = figure.add_subplot(rows, 1, 1)
    _plain(axes)
    return figure, axes


def _plain(axes: Axes) -> None:
    """Nothing that is not needed."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#e3e8e6")
    axes.set_axisbelow(True)
    axes.tick_params(colors=_QUIET, length=0)


def _png(figure: Figure) -> bytes:
    """The picture's bytes."""
    written = io.BytesIO()
    figure.savefig(written, format="png")
    return written.getvalue()
