"""What is wrong, and the alert that is kept of it, as values; the families of causes that are treated otherwise."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ops.alerts.severity import Severity
from ops.database import AlertRow

LOG = "log"
"""The cause that a person ends only: what was posted of the log may be out of sight by the time it is looked at again."""
BY_ITSELF = frozenset({"storage", "verification-overdue", "halted", "verifier"})
"""Causes that are over only when it is so: a person can keep them quiet, not declare them over."""

FLAPS = frozenset({"storage", "channel", "watch"})
"""States that come and go: their end is told when it has lasted for an hour (``records.SAME``)."""
EACH_COUNTS = frozenset({"halted", "restore"})
"""What happens to production: once more is news at once, whoever has the last time in hand or keeps it quiet."""


@dataclass(frozen=True, kw_only=True)
class Cause:
    """Something that is wrong."""

    key: str
    severity: Severity
    title: str
    text: str
    remedy: str
    at: datetime  # when it happened
    about: str | None = None
    lasting: bool = False  # a state, not something that happened


@dataclass(frozen=True, kw_only=True)
class Alert:
    """One of them."""

    id: str
    key: str
    severity: Severity
    title: str
    text: str
    remedy: str
    about: str | None
    at: datetime
    opened_at: datetime
    changed_at: datetime
    told_at: datetime | None
    told: str | None
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    snoozed_by: str | None
    snoozed_until: datetime | None
    snoozed_why: str | None
    resolved_at: datetime | None
    resolved_by: str | None
    how: str | None
    events: tuple[dict[str, Any], ...]  # what happened to it, oldest first: {"at", "what", "text"}

    @property
    def is_open(self) -> bool:
        """Whether it is still so."""
        return self.resolved_at is None

    @property
    def is_over_by_itself(self) -> bool:
        """Whether no person can declare it over."""
        return self.key.split(":")[0] in BY_ITSELF

    @property
    def is_about_log(self) -> bool:
        """Whether ending it is a new beginning of the log."""
        return self.key == LOG

    @property
    def flaps(self) -> bool:
        """Whether it comes and goes."""
        return self.key.split(":")[0] in FLAPS

    @property
    def unheard(self) -> dict[str, Any] | None:
        """Of a test of the alerts: the newest word that it did not arrive everywhere; {"at", "by", "lacking", …}."""
        return next((each for each in reversed(self.events) if each["what"] == "unheard"), None)

    @property
    def digest(self) -> str:
        """What it says, in a few characters."""
        return hashlib.sha256(f"{self.title}|{self.text}".encode()).hexdigest()[:16]


_NAMES = tuple(Alert.__dataclass_fields__)


def of_row(row: AlertRow) -> Alert:
    """A row as a value."""
    values = {name: getattr(row, name) for name in _NAMES}
    return Alert(**values | {"severity": Severity(row.severity), "events": tuple(row.events)})
