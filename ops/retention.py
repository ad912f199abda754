"""Say which backups stay, and why; everything here is pure: no clock, no disk.

At stake: the one backup that somebody needs next month. So a backup leaves only when no rule keeps it, and what is not
understood stays. Counts never take a full backup whose age rule still holds; a clock that stepped and a table that lost
rows for no known reason take nothing at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Literal

from ops.errors import Refused
from ops.purposes import Purpose
from ops.reasons import Reason, Rule
from ops.schedules import is_ahead
from ops.settings import Retention

__all__ = ["ClockStepped", "Kept", "Leaving", "Plan", "Reason", "Rule", "keep", "plan", "soon"]

COUNTED = frozenset({Purpose.ROUTINE, Purpose.AUTOMATED})
"""Full backups that go by count; the others go by age alone."""


class ClockStepped(Refused):
    """The clock is behind the newest backup, so no age can be believed."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What retention needs to know of one backup."""

    id: str
    type: Literal["quick", "full"]
    timestamp: datetime  # aware
    purpose: Purpose | None  # None: unknown
    pinned: bool = False  # also: its facts are unknown and nobody released it
    released: bool = False  # a person said that it may go, though its purpose is unknown
    good: bool = False  # it passed L2 and has not failed since
    unreadable: bool = False
    restore_verified: bool = False
    in_use: bool = False  # by an operation, or an undo still offered
    warnings: tuple[str, ...] = ()  # falls of a table's rows that nobody has explained
    size: int | None = None  # bytes

    @property
    def counted(self) -> bool:
        """Whether it takes part in a count: every quick one, and full ones that are routine or automated (or released)."""
        return self.type == "quick" or self.purpose in COUNTED or (self.purpose is None and self.released)


@dataclass(frozen=True, kw_only=True)
class Leaving:
    """A backup that no rule keeps."""

    id: str
    reason: Reason

    @property
    def why(self) -> str:
        """The reason as a clause."""
        return self.reason.text


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What retention would do, shown before it is done."""

    kept: Mapping[str, Sequence[Reason]]
    leaving: tuple[Leaving, ...]  # oldest first
    held: str | None = None  # why nothing may leave now


def keep(backups: Sequence[Kept], policy: Retention, now: datetime) -> dict[str, list[Reason]]:
    """Say which backups stay, and why.

    Args:
        backups: the whole catalogue, any order; times aware.
        policy: counts (backups) and ages (days).
        now: aware. Ages count from the newest good backup if that is older than ``now``, so that a
            stopped schedule never ages the last backups away.

    Returns:
        An entry for each backup that stays; what is missing may go. Never empty while a good backup exists.
        At a later ``now`` without new backups it has no entry that it had not before. All stay while a fall of
        a table's rows is unexplained, on whichever full backup it was seen: the next one, taken after the loss,
        compares equal, and the count would then take those from before it.

    Raises:
        ClockStepped: ``now`` is more than 5 minutes before the newest backup.
    """
    _believe(backups, now)
    return _keep(backups, policy, _Today.of(backups, now), _unexplained(backups))


def plan(backups: Sequence[Kept], policy: Retention, now: datetime, doubt: str | None = None) -> Plan:
    """Say what stays and what leaves, each with its reasons; nothing leaves while retention is held, or while there is a doubt."""
    try:
        _believe(backups, now)
    except ClockStepped as stepped:
        doubt = str(stepped)
    if doubt:
        return Plan(kept={backup.id: [Reason(rule=Rule.HELD)] for backup in backups}, leaving=(), held=doubt)
    return _plan(backups, policy, _Today.of(backups, now))


def soon(backups: Sequence[Kept], policy: Retention, now: datetime, within: timedelta) -> tuple[Leaving, ...]:
    """Say what leaves until then by age alone, if good backups go on being taken and nobody pins one."""
    if plan(backups, policy, now).held or _Today.of(backups, now).stopped:  # ages stand still while no good backup comes
        return ()
    return _plan(backups, policy, _Today(at=now + within)).leaving


@dataclass(frozen=True, kw_only=True)
class _Today:
    """The instant that ages are measured from."""

    at: datetime
    stopped: bool = False  # it is the newest good backup, not the clock

    @classmethod
    def of(cls, backups: Iterable[Kept], now: datetime) -> _Today:
        """The clock, or the newest good backup if that is older."""
        newest = max((backup.timestamp for backup in backups if backup.good), default=now)
        return cls(at=min(now, newest), stopped=now - newest >= timedelta(days=1))

    def age(self, backup: Kept) -> timedelta:
        """How old a backup is."""
        return self.at - backup.timestamp


def _believe(backups: Iterable[Kept], now: datetime) -> None:
    """Refuse to work by a clock that is behind what is already there."""
    newest = max(backups, key=_order, default=None)
    if newest and is_ahead(newest.timestamp, now):
        raise ClockStepped(
            f"The clock says {now:%Y-%m-%d %H:%M:%S} UTC, but {newest.id} was taken later, at {newest.timestamp:%Y-%m-%d %H:%M:%S} UTC.",
            "No backup leaves until the clock is right. If the clock is right, delete that backup.",
        )


def _unexplained(backups: Iterable[Kept]) -> str | None:
    """Why retention is held back: the newest fall of a table's rows that nobody has explained."""
    fallen = [backup for backup in backups if backup.type == "full" and backup.warnings]
    if not fallen:
        return None
    newest = max(fallen, key=_order)
    return f"{newest.id} has fewer rows than the backup before it ({'; '.join(newest.warnings)}), and nobody has said why."


def _plan(backups: Sequence[Kept], policy: Retention, today: _Today) -> Plan:
    """The plan for an instant."""
    held = _unexplained(backups)
    kept = _keep(backups, policy, today, held)
    places = _places(backups)
    gone = [backup for backup in sorted(backups, key=_order) if backup.id not in kept]
    return Plan(kept=kept, leaving=tuple(Leaving(id=b.id, reason=_why_not(b, policy, today, places)) for b in gone), held=held)


def _keep(backups: Sequence[Kept], policy: Retention, today: _Today, held: str | None) -> dict[str, list[Reason]]:
    """The union of all rules."""
    places = _places(backups)
    last = _lasts(backups)
    kept: dict[str, list[Reason]] = {}
    for backup in sorted(backups, key=_order):
        reasons = [*_own(backup), *_by_age(backup, policy, today), *_by_count(backup, policy, places), *last.get(backup.id, ())]
        if held:
            reasons.append(Reason(rule=Rule.HELD))
        if reasons:
            kept.setdefault(backup.id, []).extend(reasons)
    return kept


def _own(backup: Kept) -> Iterator[Reason]:
    """Reasons that lie in the backup itself."""
    if backup.pinned:
        yield Reason(rule=Rule.PINNED)
    if backup.in_use:
        yield Reason(rule=Rule.IN_USE)
    if backup.unreadable:
        yield Reason(rule=Rule.UNREADABLE)
    if backup.type == "full" and backup.purpose is None and not backup.released:
        yield Reason(rule=Rule.UNKNOWN)


def _by_age(backup: Kept, policy: Retention, today: _Today) -> Iterator[Reason]:
    """The purpose's age, which full backups alone have."""
    days = policy.days.of(backup.purpose) if backup.type == "full" else None
    if days is not None and today.age(backup) <= timedelta(days=days):
        yield _aged(Rule.YOUNG, backup, days, today)


def _by_count(backup: Kept, policy: Retention, places: Mapping[str, int]) -> Iterator[Reason]:
    """The newest good ones; one that is not good takes no place, and stays as long as it is newer than the last of them."""
    limit = _limit(backup, policy)
    if backup.counted and places[backup.id] <= limit:
        rule = Rule.AMONG_NEWEST if backup.good else Rule.NOT_COUNTED
        yield Reason(rule=rule, type=backup.type, place=places[backup.id], limit=limit)


def _places(backups: Iterable[Kept]) -> dict[str, int]:
    """For each counted backup its place among the good ones: 1 is the newest; one that is not good has the place it would take."""
    counted = sorted((backup for backup in backups if backup.counted), key=lambda b: (b.type, _order(b)), reverse=True)
    places: dict[str, int] = {}
    for _, group in groupby(counted, key=lambda backup: backup.type):
        good = 0
        for backup in group:
            places[backup.id] = good + 1
            good += backup.good
    return places


def _lasts(backups: Sequence[Kept]) -> dict[str, list[Reason]]:
    """The last good one and the last restore-verified one of each type."""
    found: dict[str, list[Reason]] = {}
    for kind in ("quick", "full"):
        good = [backup for backup in backups if backup.type == kind and backup.good]
        restored = [backup for backup in backups if backup.type == kind and backup.restore_verified]
        for rule, those in ((Rule.LAST_GOOD, good), (Rule.LAST_RESTORED, restored)):
            if those:
                found.setdefault(max(those, key=_order).id, []).append(Reason(rule=rule, type=kind))
    return found


def _why_not(backup: Kept, policy: Retention, today: _Today, places: Mapping[str, int]) -> Reason:
    """Why no rule keeps it: its age where it has an age rule, else its place."""
    days = policy.days.of(backup.purpose) if backup.type == "full" else None
    if days is not None:
        return _aged(Rule.TOO_OLD, backup, days, today)
    rule = Rule.BEYOND_NEWEST if backup.good else Rule.NOT_GOOD
    return Reason(rule=rule, type=backup.type, place=places[backup.id], limit=_limit(backup, policy))


def _aged(rule: Rule, backup: Kept, days: int, today: _Today) -> Reason:
    """A reason with the age in it, rounded towards its rule: no text says "30 days old; 30 days stay" of one that leaves."""
    age = today.age(backup)
    whole = age.days if rule is Rule.YOUNG else -(-age // timedelta(days=1))
    return Reason(rule=rule, purpose=backup.purpose, age=whole, limit=days, stopped=today.stopped)


def _limit(backup: Kept, policy: Retention) -> int:
    """How many of its type go by count."""
    return policy.quick if backup.type == "quick" else policy.full


def _order(backup: Kept) -> tuple[datetime, str]:
    """Oldest first; the id decides between equal times."""
    return backup.timestamp, backup.id
