"""Deploy: bring a commit to production through the gate.

At stake: production's code and functions. The gate asks for a backup of what is there, so that the way back exists before
the first change; what fails after the push halts, with what is where now.
"""

from __future__ import annotations

from ops.deploy.planning import KIND, Choice, found, plan, require_passable, typed
from ops.deploy.proposal import ENVIRONMENT, Proposal, look, read_gate
from ops.deploy.workflow import kind

__all__ = ["ENVIRONMENT", "KIND", "Choice", "Proposal", "found", "kind", "look", "plan", "read_gate", "require_passable", "typed"]
