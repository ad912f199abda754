"""Restore: bring a deployment's data back from a full backup; the code stays as it is (B11).

At stake: every row. So nothing begins before the archive was read whole and a backup of what is there now is taken; what was
written since is kept by table; and it is over only when every table is proven to be the backup's, row by row.
"""

from __future__ import annotations

from ops.restore.assessing import Assessment, look, moment, offered
from ops.restore.planning import KINDS, PRODUCTION, STAGING, UNKNOWN_SECONDS, found, plan, steps
from ops.restore.workflow import kinds

__all__ = [
    "KINDS",
    "PRODUCTION",
    "STAGING",
    "UNKNOWN_SECONDS",
    "Assessment",
    "found",
    "kinds",
    "look",
    "moment",
    "offered",
    "plan",
    "steps",
]
