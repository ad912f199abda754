"""Readiness in one line (X8): what would be lost if production died now, and how long it would be away; what is unknown says so.

Every figure is measured: the loss from the newest good snapshot's own moment, the time from the steps of restores that were really done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from ops.backstop import Backstop
from ops.choosing import newest_good
from ops.journal import OperationView, Status
from ops.manifest import Backup
from ops.recoveries import spans
from ops.schedules import age
from ops.words import elapsed

KINDS = ("restore", "staging restore", "full rollback", "verification", "drill")
"""Operations that brought data back: each is a measurement."""

LAST = 4  # of them


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One time that data were brought back."""

    operation_id: str
    kind: str
    at: datetime
    seconds: float  # of the steps that bring back
    backup: str
    size: int | None  # bytes of its archive

    def today(self, size: int | None) -> float:
        """How long it would have taken with so many bytes: longer where that is more, never shorter."""
        return self.seconds * max(1.0, size / self.size) if size and self.size else self.seconds


@dataclass(frozen=True, kw_only=True)
class Readiness:
    """How production would come back."""

    backup: Backup | None  # the newest good full one
    lose: timedelta | None  # None: there is no backup, or its age is unknown
    measured: tuple[Measured, ...]
    back: float | None  # seconds
    copies: int

    @property
    def snapshot(self) -> datetime | None:
        """Of when the data would be."""
        return self.backup.moment if self.backup else None

    @property
    def without_files(self) -> bool:
        """Whether that backup is known to be without stored files: whatever there is of them would be lost."""
        return self.backup is not None and self.backup.files is False

    @property
    def span(self) -> tuple[float, float] | None:
        """The fastest and the slowest of what was measured, in seconds, with as much as there is today."""
        seconds = [each.today(self.backup.size if self.backup else None) for each in self.measured]
        return (min(seconds), max(seconds)) if seconds else None

    @property
    def sentence(self) -> str:
        """The line."""
        if self.lose is not None:
            files = " and any stored files, which the backup is without" if self.without_files else ""
            lose = f"lose at most {elapsed(self.lose)}{files}"
        elif self.backup is not None:
            lose = "lose an unknown time, since the newest good full backup is dated ahead of this machine's clock"
        else:
            lose = "all data are lost, since there is no good full backup"
        took = elapsed(timedelta(seconds=self.back)) if self.back is not None else ""
        back = f"back in about {took} once decided" if took else "back in an unknown time (nothing was restored yet)"
        copies = f"{self.copies} {'copy' if self.copies == 1 else 'copies'}"
        return f"If production died now: {lose}, {back}, {copies}, variables unknown"

    @property
    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "sentence": self.sentence,
            "backup": self.backup.id if self.backup else None,
            "loseSeconds": self.lose.total_seconds() if self.lose is not None else None,
            "backSeconds": self.back,
            "losesStoredFiles": self.without_files,
            "measured": [{"operation": each.operation_id, "kind": each.kind, "seconds": each.seconds} for each in self.measured],
            "copies": self.copies,
            "variables": None,
        }


def of(backstop: Backstop, now: datetime) -> Readiness:
    """As it is now."""
    backups = backstop.catalogue.all()
    sizes = {each.id: each.size for each in backups}
    last = [view for view in backstop.journal.recent(30, kinds=KINDS) if view.status is Status.SUCCEEDED and view.finished_at]
    newest = newest_good(backups, "full", backstop.settings.convex.production.name)
    return judge(newest, [_measured(view, sizes.get(view.params["bound"]["backup"])) for view in last[:LAST]], now)


def judge(newest: Backup | None, measured: Sequence[Measured], now: datetime) -> Readiness:
    """What follows from the newest good full backup and from what was measured. Pure."""
    at = newest.moment if newest else None
    return Readiness(
        backup=newest,
        lose=age(at, now) if at else None,
        measured=tuple(measured),
        back=median([each.today(newest.size) for each in measured]) if measured and newest else None,
        copies=1 if newest else 0,
    )


def _measured(view: OperationView, size: int | None) -> Measured:
    """An operation as a measurement."""
    seconds = sum(took for _, took in spans(view.steps))
    return Measured(
        operation_id=view.id, kind=view.kind, at=view.created_at, seconds=seconds, backup=view.params["bound"]["backup"], size=size
    )
