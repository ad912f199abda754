"""What the server says of our export while the CLI waits for it over its websocket: that is how a blocked one is found out."""

from __future__ import annotations

import time
from dataclasses import dataclass

from ops.services.convex.door import Door
from ops.services.convex.heard import Heard
from ops.services.convex.latest import Latest
from ops.services.convex.trouble import AGAIN, ConvexFailed, Unreachable


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long we bear what may yet come right, in seconds."""

    between_looks: float = 2.0  # at the server
    longest_pause: float = 15.0  # between two tries where the server does not tell its exports
    websocket: float = 60.0  # of trouble without a steady connection: a restart of the server takes less
    ended: float = 30.0  # from the server's "ended" to the CLI's, which tries a lost connection again every 24 s at the latest
    answer: float = 3.0  # for a refusal of our request: after that an export under way is our own


@dataclass(kw_only=True)
class Server:
    """What the server says of our export while the CLI waits for it over its websocket."""

    patience: Patience
    door: Door
    before: Latest | None
    asked: float = 0.0
    ended: float | None = None  # since when it says that ours has ended
    silent: Unreachable | None = None  # it did not answer when it was last asked

    def require_websocket(self, heard: Heard, now: float, label: str) -> None:
        """Find out that the CLI waits in vain: it would wait for ever."""
        if heard.requested is None or heard.snapshot is not None:
            return
        if now - max(self.asked, heard.requested) > self.patience.between_looks:
            self.ask()
            self.asked = time.monotonic()
        missed = self.ended is not None and now - self.ended > self.patience.ended
        if missed or heard.down(now) > self.patience.websocket:
            raise self.silent or _blocked(label, heard.refused)

    def ask(self) -> None:
        """Ask how our export is."""
        try:
            newest, self.silent = self.door.look(), None
        except Unreachable as failure:
            newest, self.silent = None, failure
        ours = newest is not None and self.before is not None and newest.id != self.before.id
        self.ended = (self.ended or time.monotonic()) if ours and newest and not newest.under_way else None


def _blocked(label: str, refused: str) -> ConvexFailed:
    """The CLI hears nothing of its export."""
    how = f"its websocket was refused with status {refused}" if refused else "its websocket does not hold"
    return ConvexFailed(
        f"The CLI cannot follow the export of {label}: {how}, while plain requests pass.",
        f"Let websockets to the deployment (`/api/…/sync`) pass every proxy and firewall between. {AGAIN}",
    )
