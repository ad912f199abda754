"""Tell people that a channel cannot be posted to: whoever asked for what belongs there, and somebody who can mend it.

Each hears it once, as a direct message that is a row like any other post; again in another month, if it is so then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime

from bot.posts import Posts
from bot.views import errors
from ops.journal import Journal
from ops.settings import Roles

Members = Mapping[str, frozenset[str] | None]
"""Who is in each user group; None where Slack did not say."""


class Complaints:
    """The way from a post that has no place to a person who can help."""

    def __init__(self, journal: Journal, posts: Posts, roles: Roles, members: Callable[[], Awaitable[Members]]) -> None:
        self._journal, self._posts, self._roles, self._members = journal, posts, roles, members

    async def __call__(self, key: str, channel: str, code: str) -> None:
        """Tell them."""
        told = admin(self._roles) or admin(self._roles, await self._members())
        await asyncio.to_thread(self._tell, told, key, channel, code)

    def _tell(self, told: str | None, key: str, channel: str, code: str) -> None:
        """A row for each."""
        view = self._journal.get(key)
        for person in dict.fromkeys((told, view.requested_by if view else None)):
            if person is not None and person.startswith(("U", "W")):
                named = f"unplaced-{channel}-{code}-{person}-{datetime.now(UTC):%Y-%m}"
                self._posts.say(named, person, errors.unplaced(channel, code))


def admin(roles: Roles, members: Members | None = None) -> str | None:
    """Somebody who can mend it: one of those who run things, else of those who lead, also by a user group of theirs. Pure."""
    everybody = (
        person
        for role in (roles.devops, roles.cto, roles.eng_lead)
        for each in sorted(role)
        for person in (sorted((members or {}).get(each) or ()) if each.startswith("S") else (each,))
    )
    return next(everybody, None)
