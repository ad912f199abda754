"""What a checklist is made of. Pure."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta

UNTIL_NUDGE = timedelta(days=2)  # a Monday's list is nudged on Wednesday


class State(enum.StrEnum):
    """How an item stands."""

    DONE = "done"
    OPEN = "open"
    RUNNING = "running"  # Backstop is at it
    WRONG = "wrong"  # it was looked at, and is not as it should be


class Deed(enum.StrEnum):
    """What a person can do about an item."""

    TICK = "tick"  # say that it is done
    LOG = "log"  # fill in the verification log
    DRILL = "drill"  # start one
    NONE = ""  # Backstop looks by itself


@dataclass(frozen=True, kw_only=True)
class Item:
    """One line of it."""

    key: str
    text: str
    state: State
    evidence: str = ""
    by: str | None = None  # who ticked it
    at: datetime | None = None
    deed: Deed = Deed.NONE
    then: str = ""  # what to do where it is not as it should be


@dataclass(frozen=True, kw_only=True)
class Checklist:
    """All of it, as it stands now."""

    id: str
    kind: str
    due: datetime
    since: datetime  # when people could know of it: it may have come late
    items: tuple[Item, ...]
    late: bool = False  # it was posted later than it should have been
    verified: str = "restored"  # the item that must not wait beyond Wednesday

    @property
    def left(self) -> tuple[Item, ...]:
        """What is not done."""
        return tuple(each for each in self.items if each.state is not State.DONE)

    def red(self, now: datetime) -> tuple[Item, ...]:
        """What is wrong, and the verification that is not done in time. Pure."""
        is_late = now >= self.since + UNTIL_NUDGE
        return tuple(each for each in self.left if each.state is State.WRONG or (is_late and each.key == self.verified))

    def is_forgotten(self, now: datetime) -> bool:
        """Whether somebody should be nudged. Pure."""
        return bool(self.left) and now >= self.since + UNTIL_NUDGE
