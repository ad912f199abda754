"""Rollback: return production to a backup; its code, or its code and its data.

At stake: everything. So nothing begins before the backup is proven readable and a new one of what is there now is taken, and
nothing that was begun is repeated without a look.
"""

from __future__ import annotations

from ops.rollback.planning import KINDS, found, kind_of, plan, seconds, steps
from ops.rollback.preview import Preview, look
from ops.rollback.workflow import kinds

__all__ = ["KINDS", "Preview", "found", "kind_of", "kinds", "look", "plan", "seconds", "steps"]
