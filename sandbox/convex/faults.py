"""Faults that a test, or the person at the page, switches on. A wrong name is an error, not a fault that never shows."""

from __future__ import annotations

from typing import Any

KINDS: dict[str, str] = {
    "export": "fail hang conflict cancel slow[:SECONDS] forget:TABLE",
    "download": "truncate 404 500 slow[:SECONDS] corrupt",
    "import": "fail:MESSAGE parse:MESSAGE hang cancel slow[:SECONDS]",
    "import_busy": "true",
    "push": "race internal schema:MESSAGE env:NAME slow[:SECONDS]",
    "ws": "refuse drop",
    "name": "ANOTHER-NAME",
    "http": "[{path, status, code, message, times, delay}]",
}
"""Where something can go wrong, and how."""

_FREE = {"import_busy", "name", "http"}
_SLOW = 5.0


class Faults(dict[str, Any]):
    """What goes wrong at the moment: ``faults["export"] = "fail"``; ``del`` or None makes it right again."""

    def __setitem__(self, place: str, fault: Any) -> None:
        if fault is None:
            self.pop(place, None)
            return
        if place not in KINDS or (place not in _FREE and _word(fault) not in _words(place)):
            raise ValueError(f"no fault {place}={fault!r}; there are: {KINDS}")
        super().__setitem__(place, fault)

    def word(self, place: str) -> str:
        """The fault without its argument; an empty string when all is well."""
        return _word(self.get(place, ""))

    def argument(self, place: str, word: str) -> str | None:
        """What follows the colon, if this is the fault that is on."""
        return str(self[place]).partition(":")[2] if self.word(place) == word else None

    def delay(self, place: str) -> float:
        """Seconds to wait: more than none only if the fault is ``slow``."""
        seconds = self.argument(place, "slow")
        return 0.0 if seconds is None else float(seconds or _SLOW)


def _word(fault: object) -> str:
    return str(fault).partition(":")[0]


def _words(place: str) -> set[str]:
    return {kind.partition("[")[0].partition(":")[0] for kind in KINDS[place].split()}
