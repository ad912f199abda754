"""What is wrong with production: half changed, not brought back, or not well after it (B11, B20); and when it is over."""

from __future__ import annotations

from datetime import datetime

from ops import watch
from ops.alerts.alert import Alert, Cause
from ops.alerts.facts import BRINGS_BACK, LATELY, Facts
from ops.alerts.severity import Severity
from ops.backup import ENVIRONMENT
from ops.journal import OperationView, Status

RESTORE, HALTED, WATCH = "restore", "halted", "watch"


def wrong(facts: Facts, now: datetime) -> list[Cause]:
    """All of it."""
    watched = _watched(facts, now)
    return [*_operations(facts, now), *([watched] if watched else [])]


def _operations(facts: Facts, now: datetime) -> list[Cause]:
    """Production is half changed, or could not be brought back."""
    found = [_halted(view) for view in facts.operations if view.status is Status.HALTED and view.environment == ENVIRONMENT]
    last = next((view for view in facts.operations if view.kind in BRINGS_BACK and view.status in {Status.SUCCEEDED, Status.FAILED}), None)
    if last is not None and last.status is Status.FAILED and last.finished_at and last.finished_at > now - LATELY:
        found.append(
            Cause(
                key=RESTORE,
                severity=Severity.P0,
                title=f"The {last.kind} failed",
                text=last.error or "It did not reach its goal.",
                remedy=last.remedy or "Look at its card.",
                at=last.finished_at,
                about=last.id,
            )
        )
    return found


def _halted(view: OperationView) -> Cause:
    """Nobody but a person can say how it goes on."""
    step = f" at “{view.steps[-1].name}”" if view.steps else ""
    return Cause(
        key=f"{HALTED}:{view.environment}",
        severity=Severity.P0,
        title=f"The {view.kind} halted{step}",
        text=view.error or "Nobody knows how it ended.",
        remedy=f"{view.remedy or ''} Nothing else can start on {view.environment} until a person decides on its card.".strip(),
        at=view.halted_at or view.created_at,
        about=view.id,
    )


def goes_on(alert: Alert, facts: Facts) -> bool:
    """Whether what halted runs again: nobody has to be reminded of it meanwhile, and it is not over before it has ended. Pure."""
    views = (view for view in facts.operations if view.id == alert.about)
    return alert.key.split(":")[0] == HALTED and any(view.status is Status.RUNNING for view in views)


def _halted_over(alert: Alert, facts: Facts) -> str | None:
    """Somebody decided, and it has ended."""
    view = next((each for each in facts.operations if each.id == alert.about), None)
    if view is None or view.status in {Status.HALTED, Status.RUNNING}:
        return None
    if view.left is not None:
        return f"{view.left['by']} ended it as it was, half-way."
    return f"It {view.status}."


def _restore_over(alert: Alert, facts: Facts) -> str | None:
    """One that succeeded since."""
    good = next((view for view in facts.operations if view.kind in BRINGS_BACK and view.status is Status.SUCCEEDED), None)
    if good is None or good.finished_at is None or good.finished_at <= alert.at:
        return None
    return f"The {good.kind} {good.id} succeeded."


def _watched(facts: Facts, now: datetime) -> Cause | None:
    """After a restore the pages do not answer as they should (B11); while something else is brought back, that says how it goes."""
    if any(each.kind in BRINGS_BACK and each.finished_at is None for each in facts.operations):
        return None
    view = next(iter(facts.watches), None)
    row = watch.row(view) if view else {}
    if view is None or row["bad"] < watch.IN_A_ROW or (view.finished_at and view.finished_at <= now - LATELY):
        return None
    since = datetime.fromisoformat(row["since"])
    return Cause(
        key=WATCH,
        severity=Severity.P0,
        title="After the restore the site does not answer as it should",
        text=f"Since {since:%Y-%m-%d %H:%M:%S} UTC, {watch.IN_A_ROW} looks in a row or more: {row['fault']}",
        remedy="Look at the site. If it is due to the restore, go back to what was there before it: Undo. The watch's card has each look.",
        at=since,
        about=view.id,
    )


def _watched_over(alert: Alert, facts: Facts) -> str | None:
    """It is well again, or something newer was brought back: that has a watch of its own."""
    if good := _restore_over(alert, facts):
        return good
    view = next((each for each in facts.watches if each.id == alert.about), None)
    return "The pages answer as they should again." if view and watch.row(view)["good"] >= watch.IN_A_ROW else None


OVER = {HALTED: _halted_over, RESTORE: _restore_over, WATCH: _watched_over}
