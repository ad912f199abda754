"""Which steps of a recovery a night like tonight would need: what else a verification or a drill does is no part of the time.

Neither are the people: how long they take to see it and to decide is measured by a drill's phases, and shown as such.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

PREPARED = "prepared "
"""What a drill's steps begin with that fill staging before its disaster."""

_ASIDE = frozenset(
    {
        "staging",
        "verifier",
        "staging saved",
        "staging put back",
        "staging as it was",
        "staging opened",
        "staging functions",
        "staging functions first",
        "disaster",
        "detected",
        "decided",
        "report",
    }
)
"""Staging kept and put back, the verifier's own test, the disaster that is made, and what people say."""


class Timed(Protocol):
    """A step with its moments."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def started_at(self) -> datetime:
        """When it began."""

    @property
    def finished_at(self) -> datetime | None:
        """When it was done."""


def spans(steps: Iterable[Timed]) -> tuple[tuple[str, float], ...]:
    """The steps that bring back, each with its seconds. Pure."""
    found = ((each.name, each.started_at, each.finished_at) for each in steps if brings_back(each.name))
    return tuple((name, (finished - started).total_seconds()) for name, started, finished in found if finished is not None)


def brings_back(step: str) -> bool:
    """Whether a step is needed to bring production back. Pure."""
    return step not in _ASIDE and not step.startswith(PREPARED)
