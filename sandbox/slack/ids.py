"""Ids and times as Slack makes them."""

from __future__ import annotations

import secrets
import string
import time

from sandbox.now import Now

_LETTERS = string.ascii_uppercase + string.digits


def new(prefix: str) -> str:
    """An id such as ``V7GQ2M4KD9A``."""
    return prefix + "".join(secrets.choice(_LETTERS) for _ in range(10))


class Clock:
    """Message times: microseconds, and none twice."""

    def __init__(self, now: Now) -> None:
        self.now, self._last = now, 0

    def ts(self) -> str:
        """The time of a new message."""
        self._last = max(self.now.nanoseconds() // 1000, self._last + 1)
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"

    def not_before(self, ts: str) -> None:
        """What is made from now on is later than this."""
        self._last = max(self._last, int(ts.replace(".", "")))


def view_hash() -> str:
    """A view's hash, another one after each change."""
    return f"{int(time.time())}.{secrets.token_urlsafe(6)}"
