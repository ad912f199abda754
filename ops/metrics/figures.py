"""What is reckoned from operations, releases and approvals. Pure.

A rate or a median of nothing is None: unknown, not zero.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median, quantiles
from typing import NamedTuple

from ops.manifest import Backup
from ops.outlook import growth
from ops.schedules import age

ENDED = ("succeeded", "failed", "halted")
"""What counts: a refusal, or what somebody cancelled, is no failure."""
BACKUPS = ("quick backup", "full backup")
BRINGS_BACK = ("restore", "quick rollback", "full rollback", "staging restore", "salvage", "verification", "drill")
PRODUCTION_BACK = ("restore", "quick rollback", "full rollback")
UNDONE = timedelta(days=1)  # within which a rollback counts against the deploy before it


class Done(NamedTuple):
    """An operation, as far as it is reckoned with; a tuple, as there may be ten thousand."""

    id: str
    kind: str
    status: str
    created_at: datetime
    finished_at: datetime | None
    automated: bool = False
    size: int | None = None  # of a full backup's archive, in bytes
    folder: int | None = None  # of the backup folder after it
    snapshot: datetime | None = None  # of when a full backup's data are
    of: str | None = None  # the label of the deployment that a full backup is of, where it names one

    @property
    def seconds(self) -> float | None:
        """How long it took."""
        return (self.finished_at - self.created_at).total_seconds() if self.finished_at else None


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How many ended, and well."""

    good: int = 0
    bad: int = 0

    @property
    def of(self) -> int:
        """All of them."""
        return self.good + self.bad

    @property
    def rate(self) -> float | None:
        """The share that ended well."""
        return self.good / self.of if self.of else None


@dataclass(frozen=True, kw_only=True)
class Span:
    """How long something took, in seconds."""

    middle: float
    slow: float  # nineteen of twenty were faster
    count: int


@dataclass(frozen=True, kw_only=True)
class Recovery:
    """One time that data were brought back, by step, in seconds."""

    id: str
    kind: str
    at: datetime
    steps: tuple[tuple[str, float], ...]


@dataclass(frozen=True, kw_only=True)
class Release:
    """A deploy or a rollback of production."""

    kind: str
    commit: str
    previous: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Figures:
    """All of it, over some days."""

    since: datetime
    until: datetime
    backups: dict[str, Counts]  # by kind, and "automated"
    took: dict[str, Span]  # by kind
    sizes: tuple[tuple[datetime, int], ...]  # of the full backups' archives, in bytes, the oldest first
    spans: tuple[tuple[datetime, float], ...]  # how long the full backups took, in seconds
    per_day: float | None  # bytes by which the folder grew
    brought_back: Counts  # restores, rollbacks, salvages, verifications and drills
    lose_now: timedelta | None
    lose_most: timedelta | None  # the longest time between two snapshots
    back: float | None  # seconds, in the middle
    back_by_step: tuple[tuple[str, float], ...]
    verified: float | None  # the share of the full backups that were restored and proven
    never_restored: Backup | None  # the oldest
    copies: int
    signed_after: Span | None
    deploys: Counts
    per_week: float
    changes_undone: float | None  # the share of deploys that failed, or were rolled back within a day
    restored_after: Span | None  # how long production's rollbacks and restores took

    @property
    def days(self) -> int:
        """Over how many days."""
        return max(1, round((self.until - self.since) / timedelta(days=1)))


def reckon(  # noqa: PLR0913 # what is reckoned from, all named
    *,
    done: Sequence[Done],
    recoveries: Sequence[Recovery],
    releases: Sequence[Release],
    signed: Sequence[float],
    backups: Sequence[Backup],
    since: datetime,
    until: datetime,
    label: str,
    earlier: datetime | None = None,
) -> Figures:
    """Everything; what a backup of another deployment than production's guards is not production.

    Args:
        done: the operations of the time, the oldest first.
        recoveries: the last ones, the newest first.
        releases: of production, the oldest first.
        signed: seconds from asking to deciding, of each approval.
        backups: the catalogue's, the newest first.
        label: of production's deployment.
        since: of what time.
        until: to when.
        earlier: of when the data were of the last full backup from before that time, if there was one.
    """
    full = [each for each in done if each.kind == "full backup" and each.status == "succeeded" and each.of in {None, label}]
    kept = [each for each in backups if each.type == "full" and not each.problem and each.is_of(label)]
    good = next((each for each in kept if each.good), None)
    at = good.moment if good else None
    weeks = max((until - since) / timedelta(days=7), 1 / 7)
    took = _seconds(done)
    ran = counts([each for each in done if each.kind == "deploy"])
    return Figures(
        since=since,
        until=until,
        backups={
            **{kind: counts([each for each in done if each.kind == kind]) for kind in BACKUPS},
            "automated": counts([each for each in done if each.automated]),
        },
        took={kind: found for kind in (*BACKUPS, "deploy") if (found := span(took[kind]))},
        sizes=tuple((each.created_at, each.size) for each in full if each.size is not None),
        spans=tuple((each.created_at, each.seconds) for each in full if each.seconds is not None),
        per_day=growth([(each.created_at, each.folder) for each in reversed(done) if each.folder is not None], until),
        brought_back=counts([each for each in done if each.kind in BRINGS_BACK]),
        lose_now=age(at, until) if at else None,
        lose_most=widest([*([earlier] if earlier else []), *(each.snapshot or each.created_at for each in full)], until),
        back=median([sum(seconds for _, seconds in each.steps) for each in recoveries]) if recoveries else None,
        back_by_step=by_step(recoveries),
        verified=sum(each.facts.restored_at is not None for each in kept) / len(kept) if kept else None,
        never_restored=min((each for each in kept if each.facts.restored_at is None), key=lambda each: each.timestamp, default=None),
        copies=1 if good else 0,
        signed_after=span(signed),
        deploys=ran,
        per_week=ran.good / weeks,
        changes_undone=undone(releases, ran),
        restored_after=span([seconds for kind in PRODUCTION_BACK for seconds in took[kind]]),
    )


def counts(done: Sequence[Done]) -> Counts:
    """How many ended well, and how many did not."""
    ended = [each.status for each in done if each.status in ENDED]
    good = sum(status == "succeeded" for status in ended)
    return Counts(good=good, bad=len(ended) - good)


def span(seconds: Sequence[float]) -> Span | None:
    """The middle, and what nineteen of twenty stayed under."""
    if not seconds:
        return None
    slow = quantiles(seconds, n=20, method="inclusive")[-1] if len(seconds) > 1 else seconds[0]
    return Span(middle=median(seconds), slow=slow, count=len(seconds))


def _seconds(done: Sequence[Done]) -> dict[str, list[float]]:
    """How long those that succeeded took, by kind."""
    found: dict[str, list[float]] = defaultdict(list)
    for each in done:
        if each.status == "succeeded" and each.finished_at is not None:
            found[each.kind].append((each.finished_at - each.created_at).total_seconds())
    return found


def widest(snapshots: Sequence[datetime], until: datetime) -> timedelta | None:
    """The most that could have been lost at any moment between the first snapshot and now."""
    if not snapshots:
        return None
    ordered = sorted([*snapshots, until])
    return max((later - earlier for earlier, later in pairwise(ordered)), default=timedelta())


def by_step(recoveries: Sequence[Recovery]) -> tuple[tuple[str, float], ...]:
    """How long each step takes in the middle, the longest first; of the newest recovery's kind, as others have other steps."""
    if not recoveries:
        return ()
    alike = [dict(each.steps) for each in recoveries if each.kind == recoveries[0].kind]
    names = dict.fromkeys(name for each in alike for name in each)
    found = [(name, median([each[name] for each in alike if name in each])) for name in names]
    return tuple(sorted(found, key=lambda each: -each[1]))


def undone(releases: Sequence[Release], deploys: Counts) -> float | None:
    """The share of deploys that did not reach their goal, or whose commit was rolled back within a day."""
    if not deploys.of:
        return None
    went = [each for each in releases if each.kind == "deploy"]
    back = [each for each in releases if each.kind != "deploy"]
    regretted = sum(any(each.commit == away.previous and timedelta() <= away.at - each.at <= UNDONE for away in back) for each in went)
    return min(1.0, (deploys.bad + regretted) / deploys.of)
