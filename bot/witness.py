"""Heads of the activity log as they stand in Slack: whoever can write to the database cannot change those.

The daily health posts name the last line and the beginning of its hash. Read back from the channel, they show a log that was cut
or written anew, which the database alone cannot.
"""

from __future__ import annotations

import asyncio
import logging
import re
from typing import Any

from bot.channels import Channels
from bot.poster import EVENT
from bot.slack import Slack, SlackAway, SlackSaidNo

log = logging.getLogger(__name__)

Head = tuple[int, str]
"""A line's number, and the beginning of its hash."""

LIMIT = 8.0  # seconds that asking may take
_MESSAGES = 200  # of the channel, the newest
_HEAD = re.compile(r"\*Log head:\* line (\d+), `([0-9a-f]{16})`")


class Witness:
    """Reads them, from any thread."""

    def __init__(self, slack: Slack, channel: str) -> None:
        self._slack, self._channel, self._channels = slack, channel, Channels(slack)
        self._loop = asyncio.get_running_loop()

    def __call__(self) -> list[Head] | None:
        """The heads that were posted lately; None where Slack did not say."""
        asking = asyncio.run_coroutine_threadsafe(self._read(), self._loop)
        try:
            return asking.result(LIMIT)
        except (TimeoutError, SlackAway, SlackSaidNo) as error:
            asking.cancel()
            log.info("the posted heads of the log could not be read: %s", error or "no answer in time")
            return None

    async def _read(self) -> list[Head]:
        """From the channel's history."""
        channel = await self._channels.id_of(self._channel)
        answer = await self._slack.read("conversations.history", channel=channel, limit=_MESSAGES, include_all_metadata="true", patience=0)
        return [head for message in answer["messages"] for head in heads(message)]


def heads(message: dict[str, Any]) -> list[Head]:
    """Those that a message of ours names; anybody else's counts for nothing. Pure."""
    metadata = message.get("metadata") or {}
    if metadata.get("event_type") != EVENT or not message.get("bot_id"):
        return []
    texts = [
        each.get("text", "") for block in message.get("blocks") or () for each in block.get("elements") or () if isinstance(each, dict)
    ]
    return [(int(line), digest) for text in texts if isinstance(text, str) for line, digest in _HEAD.findall(text)]
