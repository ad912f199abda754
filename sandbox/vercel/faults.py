"""Faults that a test, or the person at the page, switches on. A wrong name is an error, not a fault that never shows."""

from __future__ import annotations

from typing import Any

KINDS = {
    "build": "fail hang slow:SECONDS",
    "alias": "never",
    "rollback": "plan fail lost",
    "promote": "fail lost",
    "routes": "lost conflict",
    "http": "[{path, status, times, code, cut, delay}]",
}
"""Where something can go wrong, and how. ``lost``: it is done, and the answer never arrives."""


class Faults(dict[str, Any]):
    """What goes wrong at the moment; None makes it right again."""

    def __setitem__(self, place: str, fault: Any) -> None:
        if fault is None:
            self.pop(place, None)
            return
        words = {word.partition(":")[0] for word in KINDS.get(place, "").split()}
        if place not in KINDS or (place != "http" and str(fault).partition(":")[0] not in words):
            raise ValueError(f"no fault {place}={fault!r}; there are: {KINDS}")
        super().__setitem__(place, fault)

    def matching(self, path: str) -> dict[str, Any] | None:
        """The HTTP fault for a path, counted down."""
        for fault in self.get("http", ()):
            if path.startswith(fault["path"]) and fault.get("times", 1) > 0:
                fault["times"] = fault.get("times", 1) - 1
                return dict(fault)
        return None
