"""When this machine's clock leapt ahead while Backstop ran: it was put right, is wrong now, or the machine stood still.

Which of these it was cannot be told from here. So what seems to have been missed over a leap is told once the new time has lasted, and
not at all where the clock is set back before that.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ops.schedules import APART

LASTING = 3600.0  # seconds after which a new time is taken for the right one


def _steady() -> float:
    """Seconds that no setting of the clock changes; those of a machine that sleeps count where the system tells them."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


@dataclass(frozen=True)
class _Leap:
    """The time that nobody lived through, and when that was found."""

    begin: datetime
    end: datetime
    found: float


class Leaps:
    """Compares the clock with seconds that pass steadily, at each look.

    Args:
        now: aware.
        steady: seconds from anywhere on.
    """

    def __init__(self, now: datetime, steady: Callable[[], float] = _steady) -> None:
        self._now, self._steady = now, steady
        self._at = steady()
        self._found: list[_Leap] = []

    def look(self, now: datetime) -> None:
        """Take note of a leap since the last look; a step back takes back those that it leads before."""
        at = self._steady()
        self._found = [each for each in self._found if now >= each.end - APART]
        if now - self._now - timedelta(seconds=at - self._at) > APART:
            self._found.append(_Leap(self._now, now, at))
        self._now, self._at = now, at

    @property
    def is_new(self) -> bool:
        """Whether the clock leapt lately, so that it may be set back."""
        return any(self._steady() - each.found < LASTING for each in self._found)

    def over(self, moment: datetime) -> bool:
        """Whether the clock leapt over a moment."""
        return any(each.begin < moment <= each.end for each in self._found)
