"""What the CLI has said so far, line by line, and what that tells of how far it is. No clock of its own."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_CREATING = "Creating snapshot export"
_CREATED = re.compile(r"Created snapshot export at timestamp (\d+)")
_DOWNLOADING = "Downloading snapshot export"
_LOST = re.compile(r"^(WebSocket (closed|error)|Attempting reconnect|Failed to authenticate)")
_BACK = "WebSocket reconnected"
_REFUSED = re.compile(r"Unexpected server response: (\d+)")
_STEADY = 10.0  # seconds without trouble after which a new connection counts as sound


@dataclass
class Heard:
    """One run's lines: written by the threads that read its streams, read by the one that looks after it."""

    line: str = ""  # the last one
    requested: float | None = None  # when it went to ask for the export: it does so right after saying so
    snapshot: int | None = None  # start of the export in nanoseconds; known once the server completed it
    downloading: bool = False
    refused: str = ""  # the status with which the websocket was refused
    lost: float | None = field(default=None)  # since when the websocket is in trouble
    back: float | None = field(default=None)  # when it was connected anew since

    def hear(self, line: str, now: float) -> None:
        """Take in a line of either stream."""
        if not line.strip():
            return
        self.line = line
        if self.requested is None and _CREATING in line:
            self.requested = now
        elif found := _CREATED.search(line):
            self.snapshot = int(found[1])
        self.downloading = self.downloading or _DOWNLOADING in line
        self._hear_websocket(line, now)

    def down(self, now: float) -> float:
        """For how many seconds the websocket has been in trouble without a steady connection between."""
        if self.back is not None and now - self.back > _STEADY:
            self.lost = self.back = None
        return 0.0 if self.lost is None else now - self.lost

    @property
    def phase(self) -> str:
        """How far it is, in a few words."""
        if self.downloading:
            return "downloading"
        return "starting" if self.requested is None else "Convex writes the snapshot"

    def _hear_websocket(self, line: str, now: float) -> None:
        if _LOST.match(line):
            self.down(now)  # a trouble after a steady time is a new one
            self.lost, self.back = now if self.lost is None else self.lost, None
        elif line.startswith(_BACK):
            self.back = now
        if found := _REFUSED.search(line):
            self.refused = found[1]
