"""A channel's name as its id: asked once, then remembered."""

from __future__ import annotations

import re
import time
from typing import Any

from bot.slack import Slack, SlackSaidNo

PAGES = 50  # of a thousand channels: a limit, should Slack's cursor never end
UNKNOWN_FOR = 30.0  # seconds before a name that was not found is looked for again

_ID = re.compile(r"[CGD][A-Z0-9]{6,}")


class Channels:
    """The names that the settings use."""

    def __init__(self, slack: Slack) -> None:
        self._slack = slack
        self._ids: dict[str, str] = {}
        self._missed: dict[str, float] = {}

    async def id_of(self, channel: str) -> str:
        """The id of ``#name``; an id is its own.

        Raises:
            SlackSaidNo: ``channel_not_found``.
        """
        if _ID.fullmatch(channel):
            return channel
        name = channel.lstrip("#")
        if name not in self._ids:
            await self._look_for(name)
        return self._ids[name]

    async def _look_for(self, name: str) -> None:
        """Read the channels until it is there; private ones are listed where the bot was invited."""
        if time.monotonic() - self._missed.get(name, -UNKNOWN_FOR) < UNKNOWN_FOR:
            raise SlackSaidNo("channel_not_found", "conversations.list", name)
        cursor = ""
        for _ in range(PAGES):
            page = await self._page(cursor)
            self._ids.update({channel["name"]: channel["id"] for channel in page["channels"]})
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if name in self._ids or not cursor:
                break
        if name not in self._ids:
            self._missed[name] = time.monotonic()
            raise SlackSaidNo("channel_not_found", "conversations.list", name)

    async def _page(self, cursor: str) -> dict[str, Any]:
        """A thousand channels."""
        more = {"cursor": cursor} if cursor else {}
        try:
            return await self._list("public_channel,private_channel", more)
        except SlackSaidNo as no:
            if no.code != "missing_scope":
                raise
            return await self._list("public_channel", more)

    async def _list(self, types: str, more: dict[str, Any]) -> dict[str, Any]:
        """One call."""
        return await self._slack.read("conversations.list", types=types, exclude_archived="true", limit=1000, **more)
