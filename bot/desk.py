"""What a listener works with: ops, the settings, and a way to say something in a channel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.homes import Homes
    from bot.posts import Posts
    from bot.requests import Request
    from bot.settings import BotSettings
    from bot.witness import Posted
    from ops.backstop import Backstop
    from ops.database import Writes


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Handed to every ``handle``; all of it may be used from any thread."""

    backstop: Backstop
    settings: BotSettings
    writes: Writes
    posts: Posts
    homes: Homes
    members: Callable[[], Mapping[str, frozenset[str] | None]]  # who is in each user group now; None where Slack did not say
    witness: Callable[[datetime | None], Posted | None]  # heads of the log, posted since then; None where Slack did not say
    draw: Callable[[Request, Mapping[str, Any]], None]  # into the window that a look was asked for in, before its answer comes
    log_in_doubt: Event = field(default_factory=Event)  # somebody found that the log was changed: the schedule verifies it at once

    def say(self, key: str, channel: str, message: Mapping[str, Any], *, thread_of: str | None = None) -> None:
        """Post a message, or bring the one under this key up to date; it is a row first, so an outage only delays it."""
        self.posts.say(key, channel, message, thread_of=thread_of)

    def once(self, key: str, channel: str, message: Mapping[str, Any], *, thread_of: str | None = None) -> None:
        """Post a message, unless something was posted under this key: for words that would differ with the time of day."""
        if self.posts.wanted_at(key) is None:
            self.say(key, channel, message, thread_of=thread_of)
