"""The automated backups as the schedule looks after them: begun when they are due, written down where they never came (B2)."""

from __future__ import annotations

from datetime import datetime

from bot.leaps import Leaps
from ops import automated, missed, schedules
from ops.alerts import looking
from ops.automated import Missing
from ops.backstop import Backstop


class Automated:
    """What one process knows of them.

    Args:
        backstop: of the environment that backups are taken of.
        spoke: when Backstop last said anything before this process; None where it never did.
        began: this process.
    """

    def __init__(self, backstop: Backstop, spoke: datetime | None, began: datetime) -> None:
        self._backstop, self._spoke, self._began = backstop, spoke, began
        self._leaps = Leaps(began)
        self._passed: datetime | None = None  # until when it is known what came
        self.late: Missing | None = None
        """What cannot begin, where people should know."""

    def begin(self, since: datetime, now: datetime) -> None:
        """Begin the one that is due; ``since``: from when on something can be."""
        self._leaps.look(now)
        self.late = None
        late = automated.begin(self._backstop, since, now)
        self.late = None if self._leaps.is_new else late  # by a clock that leapt it is due for hours already

    def note(self, since: datetime, now: datetime) -> None:
        """Write down those that never came, once the next one is due; what was due before anything was done is nobody's."""
        end = automated.last(self._backstop, now)
        first = self._passed is None or schedules.is_ahead(self._passed, now)
        begin = max(since, self._before(since) if first or self._passed is None else self._passed)
        if end <= begin or self._leaps.is_new:
            return
        told = looking.not_begun(self._backstop.engine, now) if first else None
        missed.note(self._backstop, begin, end, self._why, told)
        self._passed = end

    def _before(self, since: datetime) -> datetime:
        """From when on a process before this one may have left something: nobody was told of what it had not tried for long."""
        return self._spoke - automated.PATIENCE if self._spoke else since

    def _why(self, moment: datetime) -> str:
        """Why nothing was begun at a moment that has passed."""
        if self._leaps.over(moment):
            return "the clock of this machine leapt over that time, or the machine stood still."
        if self._spoke and moment <= self._spoke:
            return "it had not begun when Backstop stopped."
        return "no bot ran then." if moment < self._began else "it could not begin until the next one was due."
