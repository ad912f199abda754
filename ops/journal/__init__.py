"""Durable operations: a journal in the bot's own database.

An operation is a list of steps. Each is written down as started before its effect and as done after it, so that after a crash
"started but not done" is exactly the case in which nobody knows whether the effect happened, and the step's own rule says
what to do then. Its lock is a row per environment, and goes in the same transaction as its end.
"""

from ops.journal.journal import Journal
from ops.journal.operation import Operation
from ops.journal.words import Busy, Cancelled, Halted, Interrupted, Kind, LostLease, OperationView, Status, StepView, Stopping

__all__ = [
    "Busy",
    "Cancelled",
    "Halted",
    "Interrupted",
    "Journal",
    "Kind",
    "LostLease",
    "Operation",
    "OperationView",
    "Status",
    "StepView",
    "Stopping",
]
