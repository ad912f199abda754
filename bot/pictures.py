"""Pictures of figures that a table does not show at a glance. Drawn in a worker's thread: matplotlib takes half a second to come in."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot.views.text import duration

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ops.drill import Drilled

_SHOWN = 8  # drills: what a phone still shows apart
_INCHES, _DPI = (4.8, 4.0), 225  # 1080 pixels wide, with letters that a phone still shows
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
    size, unit = _unit(max(promised, *(each.total for each in shown)))
    figure, axes = _empty(cache)
    below = [0.0] * len(shown)
    for phase, colour in zip(shown[0].seconds, _COLOURS, strict=True):
        spans = [each.seconds[phase] / size for each in shown]
        axes.bar(range(len(shown)), spans, width=0.6, bottom=below, color=colour, label=phase)
        below = [low + span for low, span in zip(below, spans, strict=True)]
    for place, each in enumerate(shown):
        axes.annotate(_short(each.total), (place, below[place]), (0, 3), textcoords="offset points", ha="center", fontsize=9)
    axes.axhline(promised / size, color=_PROMISE, linestyle="--", linewidth=1.5, label=f"promised: {duration(promised)}")
    axes.set_xticks(range(len(shown)), [f"{each.scenario}\n{each.at:%d %b}" for each in shown])
    axes.set_xlim(-0.6, max(len(shown), 4) - 0.4)  # one bar alone must not fill the picture
    axes.set_ylim(0, max(promised / size, *below) * 1.12)
    axes.set_ylabel(unit, color=_QUIET)
    axes.legend(ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False, fontsize=9, columnspacing=1.2, handlelength=1.2)
    totals = ", ".join(f"{each.at:%Y-%m-%d} {each.scenario} {duration(each.total)}" for each in shown)
    title = "Drills: time to come back"
    return Picture(name="drills.png", title=title, alt=f"{title}. {totals}. Promised: {duration(promised)}.", content=_png(figure))


def _short(seconds: float) -> str:
    """A span as a bar has room for it."""
    size, unit = next(((size, name) for size, name in _UNITS if seconds >= size), _UNITS[-1])
    return f"{seconds / size:.1f} h" if unit == "hours" else f"{seconds / size:.0f} {unit[:1] if unit == 'seconds' else 'min'}"


def _unit(most: float) -> tuple[float, str]:
    """The unit in which the longest span is at least two."""
    return next(((size, name) for size, name in _UNITS if most >= 2 * size), _UNITS[-1])


def _empty(cache: Path) -> tuple[Figure, Axes]:
    """An empty picture; without pyplot, whose state all threads share."""
    os.environ.setdefault("MPLCONFIGDIR", str(cache))
    from matplotlib.figure import Figure

    figure = Figure(figsize=_INCHES, dpi=_DPI, layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#e3e8e6")
    axes.set_axisbelow(True)
    axes.tick_params(colors=_QUIET, length=0)
    return figure, axes


def _png(figure: Figure) -> bytes:
    """The picture's bytes."""
    written = io.BytesIO()
    figure.savefig(written, format="png")
    return written.getvalue()
