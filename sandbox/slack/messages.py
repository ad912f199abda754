"""Messages as Slack keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.slack.people import APP, BOT, BOT_ID, TEAM

CARRIED = ("text", "blocks", "attachments", "metadata", "thread_ts", "parse", "link_names", "files")
"""What of an app's call becomes part of the message."""

_INWARD = ("parse", "link_names")  # not part of what Slack answers


@dataclass
class Message:
    """One message; ``body`` is what the API says of it."""

    channel: str
    body: dict[str, Any]
    to: str = ""  # the only person who sees it
    history: list[dict[str, Any]] = field(default_factory=list)  # earlier bodies, oldest first
    pinned_by: str = ""

    @property
    def ts(self) -> str:
        """Its time, which is its id."""
        return str(self.body["ts"])

    @property
    def thread(self) -> str:
        """The message that it replies to; "" if it is none's reply."""
        thread = str(self.body.get("thread_ts") or "")
        return "" if thread == self.ts else thread

    @property
    def from_bot(self) -> bool:
        """Whether the app under test posted it."""
        return bool(self.body.get("bot_id"))

    def described(self, *, metadata: bool = False) -> dict[str, Any]:
        """As the API answers it."""
        hidden = _INWARD if metadata else (*_INWARD, "metadata")
        return {name: value for name, value in self.body.items() if name not in hidden}

    def change(self, body: dict[str, Any]) -> None:
        """Replace what it says; what it said is kept."""
        self.history.append(self.body)
        self.body = body

    def stored(self) -> dict[str, Any]:
        """As the file keeps it."""
        return {"channel": self.channel, "body": self.body, "history": self.history, "pinned_by": self.pinned_by}


def by_bot(ts: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    """The body of a message that the app posts."""
    carried = {name: payload[name] for name in CARRIED if payload.get(name) not in (None, "", [])}
    return {"type": "message", "user": BOT, "bot_id": BOT_ID, "app_id": APP, "team": TEAM, "ts": ts, "text": "", **carried}


def by_person(ts: str, user: str, text: str) -> dict[str, Any]:
    """The body of what somebody writes."""
    return {"type": "message", "user": user, "team": TEAM, "ts": ts, "text": text}
