"""One file per operation: what a person sent is stored, acknowledged and handed over.

Importing this package fills the registry: a listener that is not imported here does not exist.
"""

from bot.listeners import (
    alerts,
    approvals,
    backup,
    branches,
    checklist,
    deploy,
    drill,
    halted,
    holds,
    home,
    keeping,
    looking,
    metrics,
    operations,
    posting,
    restore,
    rollback,
)

__all__ = [
    "alerts",
    "approvals",
    "backup",
    "branches",
    "checklist",
    "deploy",
    "drill",
    "halted",
    "holds",
    "home",
    "keeping",
    "looking",
    "metrics",
    "operations",
    "posting",
    "restore",
    "rollback",
]
