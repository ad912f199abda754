"""Triggers: the right to open one window, for three seconds."""

from __future__ import annotations

import secrets
import time

from sandbox.slack.refusals import Refusal

LIFE = 3.0  # seconds


class Triggers:
    """Those that were given out, with whom for and when."""

    def __init__(self) -> None:
        self._given: dict[str, tuple[str, float]] = {}
        self._used: set[str] = set()

    def new(self, user: str) -> str:
        """A trigger of this person's."""
        now = time.monotonic()
        trigger = f"{time.time_ns() // 1000}.1000000000.{secrets.token_hex(16)}"
        self._given[trigger] = (user, now)
        return trigger

    def use(self, trigger: str) -> str:
        """Spend a trigger; the person it is of."""
        if trigger not in self._given:
            raise Refusal("invalid_trigger_id")
        user, given = self._given[trigger]
        if trigger in self._used:
            raise Refusal("exchanged_trigger_id")
        if time.monotonic() - given > LIFE:
            raise Refusal("expired_trigger_id")
        self._used.add(trigger)
        return user
