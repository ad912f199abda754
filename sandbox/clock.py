"""The sandbox's clock: the page moves it ahead, never back, and a sandbox that is started again goes on from there.

The real bot runs under libfaketime, so that its own words, its database and its schedule read the same time. The library is loaded
into the bot itself: Debian's ``faketime`` would stand between us and it as a process of its own, and pass no signal on.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.now import Now

NEEDED = "Moving the clock needs faketime on this machine (apt-get install faketime); start the sandbox again after that."

_NINE = time(9, 1)  # the default schedule's posts are due at 09:00
_MONDAY = 0
_LOADED = ("LD_PRELOAD", "DYLD_INSERT_LIBRARIES", "DYLD_FORCE_FLAT_NAMESPACE")
_TRIAL = f"""
import json, os, threading, time
time.sleep(0.01)
threading.Event().wait(0.01)
print(json.dumps([time.time(), {{name: os.environ.get(name) for name in {_LOADED}}}]))
"""
# Waiting goes by the monotonic clock. Were it moved, python's locks would wait until a time that only libfaketime knows.
_HOW = {"FAKETIME_DONT_FAKE_MONOTONIC": "1", "PYTHONPATH": str(Path(__file__).resolve().parent / "moved")}
_TRIED = 10**6  # seconds ahead in which faketime has to prove itself
_PATIENCE = 20.0  # seconds


def target(now: datetime, move: str) -> datetime:
    """Where a move leads: always later than ``now``, in its zone.

    Raises:
        KeyError: there is no such move.
    """
    return MOVES[move][1](now)


def _an_hour(now: datetime) -> datetime:
    return (now.astimezone(UTC) + timedelta(hours=1)).astimezone(now.tzinfo)


def _tomorrow(now: datetime) -> datetime:
    return _at_nine(now, 1)


def _monday(now: datetime) -> datetime:
    return next(each for each in _mornings(now) if each.weekday() == _MONDAY)


def _first_monday(now: datetime) -> datetime:
    return next(each for each in _mornings(now) if each.weekday() == _MONDAY and each.day <= 7)


def _mornings(now: datetime) -> list[datetime]:
    """Those of the next weeks that are still to come; between two first Mondays lie 35 days at most."""
    return [each for each in (_at_nine(now, days) for days in range(36)) if each.astimezone(UTC) > now.astimezone(UTC)]


def _at_nine(now: datetime, days: int) -> datetime:
    return datetime.combine(now.date() + timedelta(days=days), _NINE, now.tzinfo)


MOVES: Mapping[str, tuple[str, Callable[[datetime], datetime]]] = {
    "hour": ("An hour later", _an_hour),
    "tomorrow": ("Tomorrow 09:01", _tomorrow),
    "monday": ("Monday 09:01", _monday),
    "first monday": ("First Monday of a month, 09:01", _first_monday),
}
"""What the page offers, with what it says on the button."""


class Clock(Now):
    """What time it is in one sandbox.

    Args:
        folder: where it is kept how far ahead it is.
        zone: the team's.
    """

    def __init__(self, folder: Path, zone: ZoneInfo) -> None:
        self._kept, self.zone, self._loaded = folder / "clock.json", zone, _loaded()
        self._wanted = _read(self._kept)
        self.ahead = self._wanted if self._loaded else 0

    @property
    def can_move(self) -> bool:
        """Whether this machine has what it takes."""
        return bool(self._loaded)

    @property
    def lost(self) -> str:
        """What is wrong where it was ahead once and cannot be any more; else empty."""
        gone = timedelta(seconds=self._wanted - self.ahead)
        return f"The sandbox's clock was {gone} ahead, and is not now: what was done then lies in the future. {NEEDED}" if gone else ""

    def here(self) -> datetime:
        """The team's time."""
        return self.moment().astimezone(self.zone)

    def check(self, move: str) -> None:
        """Say whether it can be moved so.

        Raises:
            KeyError: there is no such move.
            RuntimeError: the machine lacks what it takes.
        """
        MOVES[move]
        if not self.can_move:
            raise RuntimeError(NEEDED)

    def move(self, move: str) -> datetime:
        """Go there; the time that it then is."""
        self.check(move)
        gained = target(self.here(), move).timestamp() - self.seconds()
        self._wanted = self.ahead = self.ahead + math.ceil(gained)
        unfinished = self._kept.with_suffix(".new")
        unfinished.write_text(json.dumps({"ahead": self.ahead}), "utf-8")
        unfinished.replace(self._kept)
        return self.here()

    @property
    def environ(self) -> dict[str, str]:
        """What has a process live by it."""
        return {**self._loaded, **_HOW, "FAKETIME": f"+{self.ahead}"} if self.ahead else {}

    @property
    def shown(self) -> dict[str, Any]:
        """As the page draws it."""
        here = self.here()
        moves = [{"move": move, "label": label, "at": target(here, move).isoformat()} for move, (label, _) in MOVES.items()]
        return {
            "at": here.isoformat(timespec="seconds"),
            "zone": self.zone.key,
            "ahead": self.ahead,
            "moves": moves if self.can_move else [],
            "needs": "" if self.can_move else NEEDED,
        }


def _read(kept: Path) -> int:
    """How far ahead it was; a file that was cut off says nothing."""
    try:
        return max(0, int(json.loads(kept.read_text("utf-8"))["ahead"]))
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def _loaded() -> dict[str, str]:
    """The variables that load libfaketime, as the program sets them; none where it is missing or cannot move this python."""
    words = ["faketime", "-f", f"+{_TRIED}", sys.executable, "-c", _TRIAL]
    environ = {"PATH": os.environ.get("PATH", os.defpath), **_HOW}
    try:
        done = subprocess.run(words, env=environ, capture_output=True, text=True, timeout=_PATIENCE, check=True)
        seen, variables = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return {}
    is_moved = seen > datetime.now(UTC).timestamp() + _TRIED / 2
    return {name: value for name, value in variables.items() if value} if is_moved else {}
