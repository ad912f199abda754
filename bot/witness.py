"""Heads of the activity log as they stand in Slack: whoever can write to the database cannot change those.

The daily health posts name the last line and the beginning of its hash. Read back from the channel, they show a log that was cut
or written anew, which the database alone cannot. So they are looked for in the channel, by day and however much is said there:
where they stand according to the database, only the database says.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from bot.channels import Channels
from bot.poster import EVENT
from bot.slack import Slack, SlackAway, SlackSaidNo
from ops import activity
from ops.activity import Line

log = logging.getLogger(__name__)

Head = tuple[int, str]
"""A line's number, and the beginning of its hash."""

BACK = timedelta(days=14)  # that is read back
LIMIT = 30.0  # seconds that asking may take
_PAGE = 200  # messages, as Slack advises
_PAGES = 50  # ten thousand messages: a limit, should the channel be busier than anybody reads
_HEAD = re.compile(r"\*Log head:\* line (\d+), `([0-9a-f]{16})`")


@dataclass(frozen=True, kw_only=True)
class Posted:
    """What stands in Slack."""

    heads: tuple[Head, ...]
    since: datetime  # from when on every message was read, and counts
    former: tuple[Head, ...] = ()  # from before that: what they show, somebody has said why
    is_all: bool = True  # False where more was said since then than is read at once


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What a look at the log gave."""

    problems: tuple[str, ...]  # a sentence each
    posted: Posted | None  # None where Slack did not say
    since: Line | None  # from which on the log counts; None: all of it
    given_up: tuple[str, ...] = ()  # what is otherwise before that line, as far as Slack still shows it

    @property
    def known(self) -> tuple[str, ...] | None:
        """The problems: none only where all that was posted was read, else that is not known."""
        return self.problems if self.problems or (self.posted is not None and self.posted.is_all) else None


class Witness:
    """Reads them, from any thread."""

    def __init__(self, slack: Slack, channel: str) -> None:
        self._slack, self._channel, self._channels = slack, channel, Channels(slack)
        self._loop = asyncio.get_running_loop()

    def __call__(self, after: datetime | None) -> Posted | None:
        """The heads that were posted lately, those from before then apart; None where Slack did not say."""
        begin = datetime.now(UTC) - BACK
        asking = asyncio.run_coroutine_threadsafe(self._read(begin, max(begin, after or begin)), self._loop)
        try:
            return asking.result(LIMIT)
        except (TimeoutError, SlackAway, SlackSaidNo) as error:
            asking.cancel()
            log.info("the posted heads of the log could not be read: %s", error or "no answer in time")
            return None

    async def _read(self, begin: datetime, since: datetime) -> Posted:
        """From the channel's history, page after page back to the beginning; what is older than ``since`` is former."""
        channel, cursor, read = await self._channels.id_of(self._channel), "", since
        found: list[Head] = []
        former: list[Head] = []
        for _ in range(_PAGES):
            page = await self._page(channel, begin, cursor)
            for message in page["messages"]:
                read = datetime.fromtimestamp(float(message["ts"]), UTC)
                (found if read >= since else former).extend(heads(message))
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return Posted(heads=tuple(found), former=tuple(former), since=since)
        return Posted(heads=tuple(found), former=tuple(former), since=max(read, since), is_all=read <= since)

    async def _page(self, channel: str, since: datetime, cursor: str) -> dict[str, Any]:
        """Some of its messages, the newest first."""
        oldest, more = f"{since.timestamp():.6f}", {"cursor": cursor} if cursor else {}
        params: dict[str, Any] = {"channel": channel, "oldest": oldest, "limit": _PAGE, "include_all_metadata": "true", **more}
        return await self._slack.read("conversations.history", **params)


def look(engine: Engine, witness: Callable[[datetime | None], Posted | None]) -> Looked:
    """Whether the log is as it was written, and as was posted, since it counts."""
    since = activity.reference(engine)
    posted = witness(since.at if since else None)
    problems = (*activity.verify(engine, since), *activity.against(engine, posted.heads if posted else ()))
    given_up = activity.against(engine, posted.former if posted else ())
    return Looked(problems=problems, posted=posted, since=since, given_up=tuple(given_up))


def heads(message: dict[str, Any]) -> list[Head]:
    """Those that a message of ours names; anybody else's counts for nothing. Pure."""
    metadata = message.get("metadata") or {}
    if metadata.get("event_type") != EVENT or not message.get("bot_id"):
        return []
    texts = [
        each.get("text", "") for block in message.get("blocks") or () for each in block.get("elements") or () if isinstance(each, dict)
    ]
    return [(int(line), digest) for text in texts if isinstance(text, str) for line, digest in _HEAD.findall(text)]
