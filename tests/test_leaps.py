"""A machine's clock against seconds that pass steadily: what it leapt over, and for how long that is not taken for certain."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.leaps import LASTING, Leaps

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
DAY = timedelta(days=1)


class Clocks:
    """Both of them."""

    def __init__(self) -> None:
        self.wall, self.seconds = NOON, 0.0
        self.leaps = Leaps(NOON, lambda: self.seconds)

    def passes(self, seconds: float, step: timedelta = timedelta()) -> Leaps:
        """So much time, and a step of the wall's clock."""
        self.seconds += seconds
        self.wall += timedelta(seconds=seconds) + step
        self.leaps.look(self.wall)
        return self.leaps


def test_time_that_passes_is_no_leap_however_long_a_look_took() -> None:
    found = Clocks().passes(30 * 3600, timedelta(minutes=4))
    assert (found.is_new, found.over(NOON + DAY)) == (False, False)


def test_what_a_clock_leapt_over_is_known_and_is_certain_once_the_new_time_has_lasted() -> None:
    clocks = Clocks()
    found = clocks.passes(15, DAY)
    assert (found.is_new, found.over(NOON + DAY / 2), found.over(NOON - DAY), found.over(NOON + 2 * DAY)) == (True, True, False, False)
    assert clocks.passes(LASTING).is_new is False
    assert found.over(NOON + DAY / 2)


def test_a_step_back_takes_the_leap_back() -> None:
    clocks = Clocks()
    clocks.passes(15, DAY)
    found = clocks.passes(15, -DAY)
    assert (found.is_new, found.over(NOON + DAY / 2)) == (False, False)
