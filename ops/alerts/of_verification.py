"""What is wrong with the proof of the backups (B14, X9): one that failed, a blind verifier, a week without; and when it is over."""

from __future__ import annotations

from datetime import datetime, timedelta

from ops import overlooked
from ops.alerts.alert import Alert, Cause
from ops.alerts.facts import Facts
from ops.alerts.severity import Severity
from ops.by_hand import ISSUES, Restoration
from ops.journal import OperationView, Status

VERIFICATION, VERIFIER, OVERDUE = "verification", "verifier", "verification-overdue"
_UNTIL_OVERDUE = timedelta(days=2)  # a Monday's verification is missed on Wednesday


def wrong(facts: Facts, now: datetime) -> list[Cause]:
    """All of it."""
    overdue = _overdue(facts, now)
    return [*_verification(facts), *([overdue] if overdue else [])]


def _verification(facts: Facts) -> list[Cause]:
    """The last one failed, by a person's word too (B14), or the verifier passed a damaged copy and has not seen that damage since (X9)."""
    last = next((each for each in facts.verifications if each.status in {Status.SUCCEEDED, Status.FAILED}), None)
    failed = last if last is not None and last.status is Status.FAILED and not last.result.get("missed") else None
    blind = overlooked.owed(facts.verifications)
    said = facts.by_hand if facts.by_hand and (last is None or facts.by_hand.at > (last.finished_at or last.created_at)) else None
    return [
        *([_verified(blind, VERIFIER, "The verifier missed a damage", "the verifier sees that damage")] if blind else []),
        *([_verified(failed, VERIFICATION, "The verification failed", "a verification succeeds")] if failed and not said else []),
        *(_tested(said) if said else []),
    ]


def _verified(view: OperationView, key: str, title: str, until: str) -> Cause:
    """What a verification found."""
    return Cause(
        key=key,
        severity=Severity.P0,
        title=title,
        text=f"`{view.params['bound']['backup']}`: {view.error}",
        remedy=f"{view.remedy or ''} Retention takes nothing until {until}.".strip(),
        at=view.finished_at or view.created_at,
        about=view.id,
    )


def _verifier_over(alert: Alert, facts: Facts) -> str | None:
    """The same damage was done again, and seen."""
    seen = overlooked.seen_since(facts.verifications, alert.at)
    if seen is None:
        return None
    return f"The verifier sees it now: `{seen.params['bound']['backup']}`, {seen.params['shown']['damage']}."


def _tested(found: Restoration) -> list[Cause]:
    """A person restored a backup, and it was not as it should be."""
    if not found.wrong:
        return []
    return [
        Cause(
            key=VERIFICATION,
            severity=Severity.P0,
            title="The verification failed",
            text=f"`{found.backup}`, restored by {found.by}: {', '.join(f'{each}: No' for each in found.wrong)}. {ISSUES}: {found.issues}",
            remedy="Find a backup that can be restored, and pin it: `/backup list`. Then fill in the log again, on the weekly checklist.",
            at=found.at,
        )
    ]


def _tested_over(alert: Alert, facts: Facts) -> str | None:
    """Backstop proved one since, or a person restored one that is as it should be."""
    found = facts.by_hand
    if found is None or found.wrong or found.at <= alert.at:
        return _verification_over(alert, facts)
    return f"`{found.backup}` was restored by {found.by}, as it should be."


def _verification_over(alert: Alert, facts: Facts) -> str | None:
    """One that succeeded since."""
    good = next((each for each in facts.verifications if each.status is Status.SUCCEEDED), None)
    if good is None or good.finished_at is None or good.finished_at <= alert.at:
        return None
    return f"`{good.params['bound']['backup']}` was restored to staging and proven."


def _overdue(facts: Facts, now: datetime) -> Cause | None:
    """Nothing was verified since Monday."""
    due = facts.weekly
    if due is None or now < due + _UNTIL_OVERDUE:
        return None
    if any(each.status is Status.SUCCEEDED and each.finished_at and each.finished_at >= due for each in facts.verifications):
        return None
    return Cause(
        key=OVERDUE,
        severity=Severity.P1,
        title="The weekly verification is not done",
        text=f"No backup was restored to staging and proven since {due:%Y-%m-%d %H:%M %Z}.",
        remedy="Look what keeps it from it: `/ops status`. Begin one: `/backup verify weekly`.",
        at=due,
        lasting=True,
    )


OVER = {VERIFICATION: _tested_over, VERIFIER: _verifier_over, OVERDUE: _verification_over}
