"""A channel's name as its id: asked once, then remembered for as long as Slack takes posts there."""

from __future__ import annotations

import logging
import re
import time
from typing import Any

from bot.slack import Slack, SlackSaidNo

log = logging.getLogger(__name__)

PAGES = 50  # of a thousand channels: a limit, should Slack's cursor never end
UNKNOWN_FOR = 30.0  # seconds before a name that was not found is looked for again

_ID = re.compile(r"[CGD][A-Z0-9]{6,}|[UW][A-Z0-9]{2,}")  # a person's stands for the direct messages with them


class Channels:
    """The names that the settings use."""

    def __init__(self, slack: Slack) -> None:
        self._slack = slack
        self._ids: dict[str, str] = {}
        self._refused: dict[str, str] = {}
        self._missed: dict[str, float] = {}

    async def id_of(self, channel: str) -> str:
        """The id of ``#name``; an id is its own, and so is a name that is not listed: Slack itself judges that when it is posted to."""
        if _ID.fullmatch(channel):
            return channel
        name = channel.lstrip("#")
        if name not in self._ids and time.monotonic() - self._missed.get(name, -UNKNOWN_FOR) >= UNKNOWN_FOR:
            await self._look_for(name)
        return self._ids.get(name) or self._refused.get(name, f"#{name}")

    def refused(self, channel: str) -> None:
        """Slack takes nothing there: perhaps the name is another channel's by now. Where it is nobody's, it was only renamed."""
        name = channel.lstrip("#")
        if name in self._ids:
            self._refused[name] = self._ids.pop(name)

    async def _look_for(self, name: str) -> None:
        """Read the channels until it is there; private ones are listed where the bot was invited."""
        cursor = ""
        for _ in range(PAGES):
            page = await self._page(cursor)
            self._ids.update({channel["name"]: channel["id"] for channel in page.get("channels") or () if "name" in channel})
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if name in self._ids:
                return
            if not cursor:
                break
        self._missed[name] = time.monotonic()

    async def _page(self, cursor: str) -> dict[str, Any]:
        """A thousand channels; none where we may not list them."""
        more: dict[str, Any] = {"cursor": cursor} if cursor else {}
        for types in ("public_channel,private_channel", "public_channel"):
            try:
                return await self._slack.read("conversations.list", types=types, exclude_archived="true", limit=1000, **more)
            except SlackSaidNo as no:
                log.info("channels cannot be listed: %s", no)
        return {}
