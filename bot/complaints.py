"""Tell one person that a channel cannot be posted to: whoever asked for what was to be posted there."""

from __future__ import annotations

import asyncio
import logging

from bot.delivery import Delivery
from bot.slack import SlackAway, SlackSaidNo
from bot.views import errors
from ops.journal import Journal

log = logging.getLogger(__name__)


class Complaints:
    """The way from a post that has no place to a person who can help."""

    def __init__(self, journal: Journal, delivery: Delivery) -> None:
        self._journal = journal
        self._delivery = delivery

    async def __call__(self, key: str, channel: str, code: str) -> None:
        """Tell who asked for the operation of this post, if a person of Slack's did."""
        view = await asyncio.to_thread(self._journal.get, key)
        if view is None or not view.requested_by.startswith(("U", "W")):
            return
        try:
            await self._delivery.direct(view.requested_by, errors.unplaced(channel, code))
        except (SlackAway, SlackSaidNo) as error:
            log.warning("nobody could be told that %s cannot be posted to: %s", channel, error)
