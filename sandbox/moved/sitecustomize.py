"""Read by python as it starts, where the clock was moved (see ``sandbox.clock``): sleep in a way that libfaketime understands.

It takes the offset away from the moment until which ``clock_nanosleep`` sleeps, also where the monotonic clock was not moved at all;
what it makes of it lies before the machine was started, and is refused (0.9.10).
"""

from __future__ import annotations

import select
import time


def _sleep(seconds: float) -> None:
    """For a span, whatever the time is."""
    select.select([], [], [], seconds)


vars(time)["sleep"] = _sleep
