"""Drills: a disaster is made in staging, people find it and decide, the bot restores and proves, and every phase is timed (B15).

At stake: knowing what tonight would be like. Only staging is touched, and only once it has proved that it is staging.
"""

from __future__ import annotations

from ops.drill.breaking import BrokenOff, broken, broken_off
from ops.drill.report import Drilled, drilled, history, markdown, place
from ops.drill.scenarios import SCENARIOS, Scenario, find
from ops.drill.workflow import BLOCKER, DECIDED, DETECTED, KIND, ask, begin, kind, say, waits_for

__all__ = [
    "BLOCKER",
    "DECIDED",
    "DETECTED",
    "KIND",
    "SCENARIOS",
    "BrokenOff",
    "Drilled",
    "Scenario",
    "ask",
    "begin",
    "broken",
    "broken_off",
    "drilled",
    "find",
    "history",
    "kind",
    "markdown",
    "place",
    "say",
    "waits_for",
]
