"""What is wrong now, and when it is over: decided from rows and files, so a restart forgets nothing (B20).

Something that happened (a backup that failed) stays an alert until its opposite is there (a good backup that is newer); a
state (a folder that is full) until it is over, or a person says so. All of it is pure; ``looking`` gathers, keeps and tells.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from ops.alerts import of_alerting, of_backups, of_operations, of_verification
from ops.alerts.alert import Alert, Cause
from ops.alerts.facts import Facts

_PARTS = (of_backups, of_verification, of_operations, of_alerting)
_OVER: Mapping[str, Callable[[Alert, Facts], str | None]] = {key: decide for part in _PARTS for key, decide in part.OVER.items()}


def causes(facts: Facts, now: datetime) -> list[Cause]:
    """Everything that is wrong. Pure."""
    return [each for part in _PARTS for each in part.wrong(facts, now)]


def over(alert: Alert, facts: Facts) -> str | None:
    """How an alert ended, if it did. Pure."""
    family = alert.key.split(":")[0]
    return _OVER[family](alert, facts) if family in _OVER else None
