"""Why a backup stays or leaves: data first, then the clause that people read."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from ops.purposes import Purpose


class Rule(enum.StrEnum):
    """What keeps a backup, or why nothing does."""

    PINNED = "pinned"
    IN_USE = "in use"
    UNREADABLE = "unreadable"
    UNKNOWN = "unknown purpose"
    YOUNG = "age not over"
    AMONG_NEWEST = "among the newest"
    NOT_COUNTED = "not counted"
    LAST_GOOD = "last good"
    LAST_RESTORED = "last restore-verified"
    HELD = "retention held"
    TOO_OLD = "age over"
    BEYOND_NEWEST = "beyond the newest"
    NOT_GOOD = "not good"


@dataclass(frozen=True, kw_only=True)
class Reason:
    """A rule with the numbers it was decided by."""

    rule: Rule
    type: str = ""  # quick or full
    purpose: Purpose | None = None
    age: int = 0  # whole days
    place: int = 0  # among the good ones, 1 is the newest
    limit: int = 0  # days or backups that stay
    stopped: bool = False  # the age counts from the newest good backup, since none came after it

    @property
    def text(self) -> str:
        """The clause that people read, without a full stop."""
        return _TEXTS[self.rule].format(
            type=self.type,
            purpose=self.purpose or "",
            age=f"{_days(self.age)} {'older than the newest good backup' if self.stopped else 'old'}",
            days=_days(self.limit),
            place=_ordinal(self.place),
            limit=self.limit,
            which="quick backup" if self.type == "quick" else "of the routine and automated full backups",
        )


_TEXTS = {
    Rule.PINNED: "pinned",
    Rule.IN_USE: "in use by an operation, or an undo that is still offered",
    Rule.UNREADABLE: "it cannot be read, so only a person may remove it",
    Rule.UNKNOWN: "its purpose is unknown; it stays until a person releases it",
    Rule.YOUNG: "{purpose}, {age}; {days} stay",
    Rule.AMONG_NEWEST: "{place} newest {which}; the newest {limit} stay",
    Rule.NOT_COUNTED: "not good, so it takes no place among the newest {limit}; it leaves when they are all newer",
    Rule.LAST_GOOD: "the last good {type} backup",
    Rule.LAST_RESTORED: "the last {type} backup that was restored as a proof",
    Rule.HELD: "retention is held back",
    Rule.TOO_OLD: "{purpose}, {age}; {days} stay",
    Rule.BEYOND_NEWEST: "{place} newest {which}; the newest {limit} stay",
    Rule.NOT_GOOD: "not good, and older than the newest {limit} good ones",
}


def _days(count: int) -> str:
    """A number of days in words."""
    return "1 day" if count == 1 else f"{count} days"


def _ordinal(place: int) -> str:
    """1st, 2nd, 3rd, 4th, …, 11th, …, 21st."""
    ending = "th" if place % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return f"{place}{ending}"
