"""When something is due: every day, every week, or on a weekday's n-th turn in a month; in a zone, so both changes of its clock are in it.

Written ``09:00``, ``mon 09:00``, ``1st mon 09:00`` or ``last fri 09:00``; ``UTC`` after it takes the place of the team's zone. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TURNS = ("1st", "2nd", "3rd", "4th")
_LAST = "last"
_FIFTH = re.compile(rf"5th (?:{'|'.join(_DAYS)}) .*")
_SHAPE = re.compile(rf"(?:(?:({'|'.join((*_TURNS, _LAST))}) )?({'|'.join(_DAYS)}) )?([01]\d|2[0-3]):([0-5]\d)( utc)?")
_CRON = re.compile(r"(?!\d{1,2}:|\d(?:st|nd|rd|th) )[\d*]\S*(?: \S+)+")
_NO_CRON = "; cron's digits are not read, as day 0 is Sunday to some programs and Monday to others: write the day's name"
_NO_FIFTH = "; not every month has a fifth: write last for its last one"
APART = timedelta(minutes=5)  # that the clocks of two machines may be
_WEEK = timedelta(days=7)
_FAR = 40  # days back in which the last time of a monthly schedule lies


def known(text: str) -> str:
    """A schedule as it is kept.

    Raises:
        ValueError: it is none.
    """
    lowered = " ".join(text.lower().split())
    if not _SHAPE.fullmatch(lowered):
        why = _NO_CRON if _CRON.fullmatch(lowered) else _NO_FIFTH if _FIFTH.fullmatch(lowered) else ""
        raise ValueError(f'a time such as "09:00", "mon 09:00" or "1st mon 09:00" belongs here, with UTC after it if that is meant{why}')
    return lowered


def half_a_day_later(text: str) -> str:
    """A time of every day, twelve hours on."""
    _, _, hour, minute, utc = _parts(text)
    return f"{(hour + 12) % 24:02}:{minute:02}{' utc' if utc else ''}"


def of_backups(text: str) -> str:
    """Of every day, or of a day each week, as it is kept.

    Raises:
        ValueError: it is neither.
    """
    return _with_parts({0, 1}, text, 'a time such as "00:00 utc" or "mon 00:00 utc" belongs here: once a month is too seldom for a backup')


def of_days(text: str) -> str:
    """Of every day, as it is kept.

    Raises:
        ValueError: it is not.
    """
    return _with_parts({0}, text, 'a time such as "09:00" belongs here: it is to come every day')


def of_weeks(text: str) -> str:
    """Of a day each week, as it is kept.

    Raises:
        ValueError: it comes more often, or more seldom.
    """
    return _with_parts({1}, text, 'a day and a time such as "mon 09:00" belong here: it is to come once a week')


def of_months(text: str) -> str:
    """Of a day each month, as it is kept.

    Raises:
        ValueError: it comes more often.
    """
    return _with_parts({2}, text, 'a day of the month such as "1st mon 09:00" belongs here: it is to come once a month')


def _with_parts(counts: Collection[int], text: str, otherwise: str) -> str:
    """A schedule as it is kept, if it has so many parts before its time: a day, and which of them in the month."""
    found = known(text)
    turn, day, *_ = _parts(found)
    if (turn is not None) + (day is not None) not in counts:
        raise ValueError(otherwise)
    return found


def within(span: timedelta, at: datetime | None, now: datetime) -> bool:
    """Whether something was done so lately; what lies as little ahead counts too, as clocks differ and step back. Pure."""
    return at is not None and abs(now - at) < span


def is_ahead(at: datetime, now: datetime) -> bool:
    """Whether something was done so far ahead of now that one of the two clocks is wrong, and nobody knows how long ago it was."""
    return at - now > APART


def age(at: datetime, now: datetime) -> timedelta | None:
    """How long ago something was; None where the clocks do not agree on it."""
    return None if is_ahead(at, now) else max(now - at, timedelta())


def latest(text: str, zone: ZoneInfo, now: datetime) -> datetime:
    """The last moment at which it was due, in its zone.

    Args:
        text: a schedule, as ``known`` keeps it.
        zone: the team's.
        now: aware.
    """
    turn, day, hour, minute, utc = _parts(text)
    here = ZoneInfo("UTC") if utc else zone
    today = now.astimezone(here).date()
    for back in range(_FAR):
        that = today - timedelta(days=back)
        if (day and _DAYS[that.weekday()] != day) or (turn and not _is_turn(turn, that)):
            continue
        moment = datetime(that.year, that.month, that.day, hour, minute, tzinfo=here)
        if moment.astimezone(UTC) <= now.astimezone(UTC):
            return moment
    raise AssertionError(f"{text!r} was never due")  # every schedule is, within forty days


def _is_turn(turn: str, at: date) -> bool:
    """Whether a day is its weekday's first, second, … or last in its month."""
    return (at + _WEEK).month != at.month if turn == _LAST else (at.day - 1) // 7 == _TURNS.index(turn)


def _parts(text: str) -> tuple[str | None, str | None, int, int, bool]:
    """Turn, day, hour, minute, whether UTC is meant."""
    found = _SHAPE.fullmatch(text)
    if found is None:
        raise ValueError(text)
    return found[1], found[2], int(found[3]), int(found[4]), found[5] is not None
