"""The journal's words: outcomes, views of operations, and what ends one."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ops.errors import OpsError, Refused

if TYPE_CHECKING:
    from ops.journal.operation import Operation


LEFT = "left"
"""In an operation's result: who ended it as it was, half-way, and which operation took over."""

DECIDE = "A person must decide how it goes on: `/ops status` shows what can be decided."
"""What to do about an operation that is halted, in Slack and, as ``for_terminal`` puts it, at a terminal."""


class Interrupted(enum.Enum):
    """What to do with a step that a dead process had started and not finished."""

    REDO = "redo"  # the step is safe to repeat
    HALT = "halt"  # only a person can tell


class Status(enum.StrEnum):
    """How an operation stands."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    REFUSED = "refused"  # no step began
    FAILED = "failed"  # it missed its goal; production is as before, unless a person ended it half-way: see LEFT
    CANCELLED = "cancelled"
    HALTED = "halted"  # production may be half changed; the lock stays until a person decides


@dataclass(frozen=True, kw_only=True)
class StepView:
    """One step as it stands."""

    name: str
    state: str  # started, done, failed, interrupted
    started_at: datetime
    finished_at: datetime | None = None
    error: str | None = None


@dataclass(frozen=True, kw_only=True)
class OperationView:
    """One operation as it stands."""

    id: str
    kind: str
    environment: str | None
    requested_by: str
    params: dict[str, Any]
    status: Status
    error: str | None
    remedy: str | None
    created_at: datetime
    finished_at: datetime | None
    steps: tuple[StepView, ...]
    cancelled_by: str | None = None  # who asked it to stop, if somebody did
    progress: dict[str, Any] = field(default_factory=dict)
    result: dict[str, Any] = field(default_factory=dict)
    halted_at: datetime | None = None  # since when a person is waited for; None where nobody is

    @property
    def left(self) -> Mapping[str, Any] | None:
        """Who ended it half-way (``by``), and the operation that took over (``successor``), if one did; None where nobody had to."""
        found: Mapping[str, Any] | None = self.result.get(LEFT)
        return found


def _silent(_view: OperationView) -> str | None:
    """Nothing to log."""
    return None


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What the journal knows of a kind of operation."""

    name: str
    workflow: Callable[[Operation], None]
    version: int
    cancellable: bool = False
    sentence: Callable[[OperationView], str | None] = _silent
    begins: Callable[[Mapping[str, Any]], str] | None = None  # the log's line at the start, from the parameters


class Busy(Refused):
    """Another operation holds the environment."""

    def __init__(self, message: str, remedy: str, holder: OperationView, *, cancellable: bool = False) -> None:
        super().__init__(message, remedy)
        self.holder = holder
        self.cancellable = cancellable  # whether the other may still be cancelled


class Cancelled(OpsError):
    """Somebody cancelled the operation."""


class Halted(OpsError):
    """Only a person can say how to go on."""


class Stopping(BaseException):
    """This process is going down; the step stays started, for the next one."""


class LostLease(BaseException):
    """Another process has taken the operation over: write nothing more."""
