"""How bad something is: that decides who hears of it, and when."""

from __future__ import annotations

import enum


class Severity(enum.StrEnum):
    """Of an alert."""

    P0 = "P0"  # the promises of backups do not hold: everybody, at any time
    P1 = "P1"  # somebody has to see to it: by day
    TEST = "test"  # nothing is wrong: the weekly test of the alerts
