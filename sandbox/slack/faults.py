"""Faults that a test, or the person at the page, switches on. A wrong name is an error, not a fault that never shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

KINDS: dict[str, str] = {
    "down": "True: the Web API answers 503, sockets close, new ones are refused",
    "refuse_token": "True: invalid_auth",
    "ratelimit": "{method, seconds, times}: 429 with Retry-After",
    "slow": "{method, seconds[, times]}: the answer waits",
    "error": "{method, code, times}: an error code of Slack's",
    "lost_answer": "{method, times}: it is done, and the connection is cut before the answer",
    "no_ack_route": "True: acknowledgements do not arrive, the person sees operation_timeout",
}
"""What can go wrong. A method is one of the Web API's or ``*``; for ratelimit also ``response_url``. times: how often, if it is said."""

_FLAGS = {"down", "refuse_token", "no_ack_route"}
_FOR_EVER = 1_000_000_000


class Faults(dict[str, Any]):
    """What goes wrong at the moment: ``faults["down"] = True``; ``del`` or None makes it right again."""

    def __init__(self, changed: Callable[[], None] = lambda: None) -> None:
        super().__init__()
        self._changed = changed

    def __setitem__(self, name: str, fault: Any) -> None:
        if name not in KINDS or (fault and (fault is True) != (name in _FLAGS)):
            raise ValueError(f"no fault {name}={fault!r}; there are: {KINDS}")
        if fault:
            super().__setitem__(name, fault if fault is True else {"times": _FOR_EVER if name == "slow" else 1, **fault})
        else:
            self.pop(name, None)
        self._changed()

    def take(self, name: str, method: str) -> dict[str, Any] | None:
        """The fault, if it is on for this method; one of its times is then used up."""
        fault = self.get(name)
        if fault is None or fault.get("method", "*") not in {method, "*"}:
            return None
        fault["times"] -= 1
        if fault["times"] <= 0:
            del self[name]
        return dict(fault)
