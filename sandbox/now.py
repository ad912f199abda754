"""What time it is in the sandbox: all that stands in for the outside asks here, so that the page can move the clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class Now:
    """This machine's time, and so many seconds more."""

    ahead = 0

    def seconds(self) -> float:
        """Since 1970."""
        return time.time() + self.ahead

    def nanoseconds(self) -> int:
        """The same, exact."""
        return time.time_ns() + self.ahead * 10**9

    def moment(self) -> datetime:
        """The same as a date, aware."""
        return datetime.fromtimestamp(self.seconds(), UTC)
