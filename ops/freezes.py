"""Times in which nothing is deployed: every week, or once; in a zone, so both changes of its clock are in it. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEKLY = re.compile(rf"({'|'.join(_DAYS)}) ([01]\d|2[0-3]):([0-5]\d)")
_DATED = "%Y-%m-%d %H:%M"
_WEEK = 7 * 24 * 60  # minutes


class Times(Protocol):
    """A freeze as the settings have it."""

    @property
    def start(self) -> str:
        """When it begins."""

    @property
    def end(self) -> str:
        """When it ends."""

    @property
    def zone(self) -> str | None:
        """Whose clock; the team's if none is set."""

    @property
    def why(self) -> str:
        """What it is for."""


@dataclass(frozen=True, kw_only=True)
class Window:
    """A freeze that is on now."""

    until: str  # as people read it
    why: str

    @property
    def sentence(self) -> str:
        """What the gate says."""
        return f"Deploys are frozen until {self.until}{f': {self.why}' if self.why else ''}."


def known(text: str) -> str:
    """A time of either sort, as it is kept.

    Raises:
        ValueError: it is none.
    """
    lowered = text.strip().lower()
    if _WEEKLY.fullmatch(lowered):
        return lowered
    try:
        datetime.strptime(lowered, _DATED)  # noqa: DTZ007 # a wall clock's time; the zone is beside it
    except ValueError:
        raise ValueError('a day and time such as "fri 16:00", or a date and time such as "2026-12-24 00:00", belongs here') from None
    return lowered


def require_pair(start: str, end: str) -> None:
    """Refuse a window whose ends are of two sorts, or that ends before it begins.

    Raises:
        ValueError: with what would be right.
    """
    weekly = [bool(_WEEKLY.fullmatch(each)) for each in (start, end)]
    if weekly[0] != weekly[1]:
        raise ValueError("both ends are days of the week, or both are dates")
    if start == end or (not weekly[0] and end < start):
        raise ValueError("a freeze ends after it begins")


def frozen(windows: Sequence[Times], zone: str, now: datetime) -> Window | None:
    """The first freeze that is on at this moment."""
    for each in windows:
        local = now.astimezone(ZoneInfo(each.zone or zone))
        if _is_on(each, local):
            return Window(until=_spoken(each, zone), why=each.why)
    return None


def _is_on(window: Times, local: datetime) -> bool:
    """Whether a wall clock's time lies in it."""
    if not _WEEKLY.fullmatch(window.start):
        return window.start <= f"{local:{_DATED}}" < window.end
    begin, end, at = _minute(window.start), _minute(window.end), local.weekday() * 1440 + local.hour * 60 + local.minute
    return (at - begin) % _WEEK < (end - begin) % _WEEK


def _minute(weekly: str) -> int:
    """The minute of the week."""
    day, hour, minute = _WEEKLY.fullmatch(weekly).groups()  # type: ignore[union-attr] # `known` has looked
    return _DAYS.index(day) * 1440 + int(timedelta(hours=int(hour), minutes=int(minute)).total_seconds()) // 60


def _spoken(window: Times, zone: str) -> str:
    """Its end as people read it."""
    end = window.end.capitalize() if _WEEKLY.fullmatch(window.end) else window.end
    return f"{end} ({window.zone or zone})"
