"""What the team has decided: what is kept, when production may change, when things happen, and how coming back is proven."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from ops import freezes, schedules
from ops.people import Role
from ops.purposes import Purpose
from ops.settings.values import Section, byte_size, known_zone, several


class Backups(Section):
    """Where backups lie, and how much room they may take."""

    folder: Path = Path("backups")
    warn_at: Annotated[int, BeforeValidator(byte_size)] = 500 * 1000**2
    """Bytes; a bare number in the file is megabytes. A warning comes from 80 % of it on."""


class Days(Section):
    """For how many days a full backup of each purpose stays; routine ones go by count."""

    automated: int = Field(30, ge=1)
    pre_deployment: int = Field(90, ge=1)
    pre_migration: int = Field(90, ge=1)
    critical: int = Field(365, ge=1)
    pre_release: int = Field(365, ge=1)
    post_incident: int = Field(365, ge=1)
    pre_infrastructure: int = Field(90, ge=1)
    safety: int = Field(30, ge=1)

    def of(self, purpose: Purpose | None) -> int | None:
        """Days, or None where only the count decides."""
        days: int | None = getattr(self, purpose.name.lower(), None) if purpose else None
        return days


class Retention(Section):
    """What is kept, by count and by age."""

    quick: int = Field(10, ge=1)
    full: int = Field(5, ge=1)
    trash_hours: int = Field(24, ge=1)
    days: Days = Days()


class Freeze(Section):
    """A time in which nothing is deployed: every week from a day and time to another, or once from a date to another."""

    start: Annotated[str, AfterValidator(freezes.known)] = Field(alias="from")
    end: Annotated[str, AfterValidator(freezes.known)] = Field(alias="until")
    zone: Annotated[str, AfterValidator(known_zone)] | None = None
    """The team's zone unless it is set."""
    why: str = ""

    @model_validator(mode="after")
    def _of_one_sort(self) -> Self:
        """Both ends weekly, or both dated."""
        freezes.require_pair(self.start, self.end)
        return self


class Gate(Section):
    """When production may change."""

    warn_after_hours: float = Field(1, gt=0)
    """An older backup is said and one confirmation asked."""
    max_age_hours: float | None = Field(None, gt=0)
    """An older one does not count at all."""
    reason_when_amber: bool = False
    """Whether passing an amber gate asks for a reason too."""
    staging_first: bool = False
    """Whether the functions go to the staging deployment before production."""
    override: frozenset[Role] = frozenset({Role.ENG_LEAD, Role.CTO})
    """Who may pass a closed gate, with a reason that is told."""
    freeze: tuple[Freeze, ...] = ()


class Schedule(Section):
    """When things happen; days by name, times in the team's zone unless they end in UTC."""

    backup: Annotated[tuple[Annotated[str, AfterValidator(schedules.of_backups)], ...], BeforeValidator(several), Field(min_length=1)] = (
        "00:00 utc",
    )
    health: Annotated[str, AfterValidator(schedules.of_days)] = "09:00"
    retention: Annotated[str, AfterValidator(schedules.of_days)] = "09:05"
    weekly: Annotated[str, AfterValidator(schedules.of_weeks)] = "mon 09:00"
    monthly: Annotated[str, AfterValidator(schedules.of_months)] = "1st mon 09:00"


class SpotCheck(Section):
    """Rows that a backup must have: how many of a table match, and how many of them are drawn and named in the report."""

    table: str
    where: dict[str, str | int | float | bool] = Field(default_factory=dict)
    """Fields and what they hold."""
    within_days: float | None = Field(None, gt=0)
    """Only rows that were created in so many days before the backup."""
    at_least: int = Field(1, ge=0)
    sample: int = Field(0, ge=0, le=100)

    @property
    def words(self) -> str:
        """What it counts."""
        matching = " and ".join(f"{name} = {wanted}" for name, wanted in self.where.items())
        lately = f" of the last {self.within_days:g} days" if self.within_days is not None else ""
        return f"{self.table}{f' with {matching}' if matching else ''}{lately}"


class Verification(Section):
    """The weekly restore to staging."""

    choose: Literal["need", "random"] = "need"
    put_back: bool = True
    """Whether staging's own data come back afterwards, and after a drill or a rehearsal of a restore; else the backup's stay there."""


class Drill(Section):
    """What coming back is measured against."""

    rto_minutes: int = Field(30, ge=1)
    """Within how long production must be back."""
    rpo_hours: int = Field(24, ge=1)
    """How much data, in hours, may be lost."""
