"""What retention will take by tomorrow, and how long the folder and its disk will do (A14, B16)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ops import files, retaining, retention
from ops.backstop import Backstop
from ops.backup import ENVIRONMENT, KINDS
from ops.files import Room
from ops.journal import OperationView
from ops.retention import Leaving

AHEAD = timedelta(days=1)
MEASURED = timedelta(days=30)  # over which growth is measured, at most
SHORTEST = timedelta(days=1)  # over which it is measured, at least
SOON = 30.0  # days to the limit that are worth a word
WARNED_FROM = 0.8  # of the folder's limit
_YEARS = timedelta(days=3650)  # farther ahead than a growth can tell


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """What is ahead of the backup folder."""

    target: str
    leaving: tuple[Leaving, ...]  # by tomorrow, by age
    held: str | None  # why nothing may leave
    used: int  # bytes of the folder
    limit: int
    room: Room  # of its disk
    per_day: float | None  # bytes by which it grew a day; None while that is not known

    @property
    def over(self) -> bool:
        """Whether the folder is over its limit."""
        return self.used > self.limit

    @property
    def days_left(self) -> float | None:
        """Days until the folder is at its limit, if it goes on growing so."""
        return max(0.0, self.limit - self.used) / self.per_day if self.per_day and self.per_day > 0 else None

    @property
    def until_full(self) -> str:
        """The same in words."""
        days = round(self.days_left or 0)
        if days > _YEARS.days:
            return "more than ten years"
        return "less than a day" if not days else "1 day" if days == 1 else f"{days} days"

    @property
    def is_tight(self) -> bool:
        """Whether the disk is near the point at which no backup begins any more."""
        return self.room.free < 2 * self.room.reserve

    @property
    def says_something(self) -> bool:
        """Whether anybody needs to read it."""
        soon = self.days_left is not None and self.days_left < SOON
        return bool(self.leaving or self.held or soon or self.is_tight or self.used >= WARNED_FROM * self.limit)


def of(backstop: Backstop, now: datetime) -> Outlook:
    """As it is now."""
    policy, used = backstop.settings.retention, backstop.in_use()
    kept = [retaining.judged(each, used) for each in backstop.catalogue.all()]
    held = retention.plan(kept, policy, now, retaining.doubt(backstop.engine)).held
    return Outlook(
        target=backstop.services.target(ENVIRONMENT),
        leaving=() if held else retention.soon(kept, policy, now, AHEAD),
        held=held,
        used=backstop.catalogue.used(),
        limit=backstop.settings.backups.warn_at,
        room=files.room(backstop.settings.folder),
        per_day=growth(sizes(backstop.journal.recent(500, kinds=KINDS)), now),
    )


def sizes(views: Sequence[OperationView]) -> list[tuple[datetime, int]]:
    """How large the folder was after each backup, newest first. Pure."""
    return [(each.finished_at, int(each.result["folder"]["bytes"])) for each in views if each.finished_at and each.result.get("folder")]


def growth(found: Sequence[tuple[datetime, int]], now: datetime) -> float | None:
    """Bytes a day between the oldest and the newest of what was measured lately; None where that is too short a time. Pure."""
    lately = [each for each in found if each[0] > now - MEASURED]
    if not lately or lately[0][0] - lately[-1][0] < SHORTEST:
        return None
    return (lately[0][1] - lately[-1][1]) / ((lately[0][0] - lately[-1][0]) / timedelta(days=1))
