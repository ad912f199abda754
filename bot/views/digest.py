"""The week in figures, beside the week before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from bot.views.actions import Action
from bot.views.blocks import Message, actions, button, context, message, section, table
from bot.views.text import UNKNOWN, clock, duration, prose, size
from ops.alerts import Alert, Severity
from ops.metrics import Counts, Figures, Span

Row = tuple[str, Callable[[Figures], str]]


def digest(
    this: Figures, before: Figures, alerts: tuple[Sequence[Alert], Sequence[Alert]], target: str, *, late_since: datetime | None = None
) -> Message:
    """The post; ``alerts``: those that were opened in either week."""
    late = f" · late: it was due {clock(late_since)}" if late_since else ""
    rows = [(name, shown(this), shown(before)) for name, shown in _ROWS]
    for severity in _SEVERITIES:
        now, then = (sum(each.severity is severity for each in week) for week in alerts)
        rows.append((f"{severity} alerts", str(now), str(then)))
    full = this.backups["full backup"]
    return message(
        f"The week of {target}: full backups: {_share(full)}, deploys: {_share(this.deploys)}",
        section(f"*The week in figures* · *{prose(target)}* · {clock(this.since)} to {clock(this.until)}{late}"),
        table(("Figure", "This week", "Last week"), *rows),
        context(*_open(alerts[0])),
        actions(button("Metrics", Action.METRICS), button("Show the alerts", Action.ALERTS)),
    )


def _open(week: Sequence[Alert]) -> list[str]:
    """The alerts of the week that are not over."""
    still = [each for each in week if each.is_open and each.severity is not Severity.TEST]
    return [f"Still open: {', '.join(prose(each.title, 80) for each in still[:5])}"] if still else ["No alert of the week is open."]


def _share(counts: Counts) -> str:
    """How many of how many."""
    return f"{counts.good} of {counts.of}" if counts.of else "none"


def _middle(span: Span | None) -> str:
    """How long it took."""
    return duration(span.middle) if span else UNKNOWN


def _archive(found: Figures) -> str:
    """The last archive of the time."""
    return size(found.sizes[-1][1]) if found.sizes else UNKNOWN


def _undone(found: Figures) -> str:
    """The share of deploys that went wrong."""
    return UNKNOWN if found.changes_undone is None else f"{int(found.changes_undone * 100)} %"


_SEVERITIES = (Severity.P0, Severity.P1)
_ROWS: tuple[Row, ...] = (
    ("Full backups", lambda found: _share(found.backups["full backup"])),
    ("Automated ones", lambda found: _share(found.backups["automated"])),
    ("A full backup takes", lambda found: _middle(found.took.get("full backup"))),
    ("Archive", _archive),
    ("Lost at most", lambda found: duration(found.lose_most) if found.lose_most is not None else UNKNOWN),
    ("Restores and verifications", lambda found: _share(found.brought_back)),
    ("Deploys", lambda found: _share(found.deploys)),
    ("Deploys that went wrong", _undone),
    ("A signature takes", lambda found: _middle(found.signed_after)),
)
